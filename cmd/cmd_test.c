#include "cmd/commands.h"
#include "cmd/stage.h"

static int test_run(struct app *app, const void *args, char **operands, struct error *err)
{
	(void)operands;
	return stage_run(app, args, STAGE_TEST, err);
}

const struct cmd cmd_test = {
	.name = "test",
	.group = "Pipeline",
	.summary = "build the images and run the tests",
	.details = "Runs the steps of the test stage: by convention, build the release image with "
		   "newer base images, build everything, run service 'test'. Exit status 6 where "
		   "the tests fail.",
	.operands = "",
	.opts = stage_opts,
	.args_size = sizeof(struct stage_args),
	.run = test_run,
};
