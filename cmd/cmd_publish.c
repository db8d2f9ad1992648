#include "cmd/commands.h"
#include "cmd/stage.h"

static int publish_run(struct app *app, const void *args, char **operands, struct error *err)
{
	(void)operands;
	return stage_run(app, args, STAGE_PUBLISH, err);
}

const struct cmd cmd_publish = {
	.name = "publish",
	.group = "Pipeline",
	.summary = "push the image that was built, under its tags",
	.details =
		"The image goes to the repository that ECR names, with the credential in memory\n"
		"only; the digest in the registry is compared with what was pushed. An image that\n"
		"is there already is not pushed again.",
	.operands = "",
	.opts = stage_opts,
	.args_size = sizeof(struct stage_args),
	.run = publish_run,
};
