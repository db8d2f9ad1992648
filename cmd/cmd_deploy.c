#include "cmd/commands.h"
#include "cmd/stage.h"

static const struct opt opts[] = { OPT_END };

static int deploy_run(struct app *app, const void *args, char **operands, struct error *err)
{
	const struct stage_args none = { .allow_dirty = true };

	(void)args;
	(void)operands;
	return stage_run(app, &none, STAGE_DEPLOY, err);
}

const struct cmd cmd_deploy = {
	.name = "deploy",
	.group = "Pipeline",
	.summary = "bring the stack to the template and parameter file",
	.details = "Creates or updates the stack through a change set, follows its events and "
		   "reports\n"
		   "the verdict. An empty change set is success and is deleted. Exit status 9: "
		   "nothing\n"
		   "was executed; 10: rolled back, the old version runs; 11: the stack needs a "
		   "person;\n"
		   "12: outcome unknown, the operation may still run; 13: another operation runs.",
	.operands = "",
	.opts = opts,
	.run = deploy_run,
};
