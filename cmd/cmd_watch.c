#include "base/cleanup.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "deploy/deploy.h"

static const struct opt opts[] = { OPT_END };

static int watch_run(struct app *app, const void *args, char **operands, struct error *err)
{
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;
	const struct config *config;
	struct aws_client *client;
	const char *name = operands[0];

	(void)args;
	if (app_config(app, &config, err) < 0 || app_aws(app, &client, err) < 0)
		return -1;
	if (!name)
		name = config_text(config, CONFIG_STACK_NAME);
	if (deploy_watch(client, app->report, name, &stack, err) < 0)
		return -1;
	report_result(app->report, "stack %s is %s", stack.name.buf, stack.status.buf);
	return 0;
}

const struct cmd cmd_watch = {
	.name = "watch",
	.group = "Pipeline",
	.summary = "follow the operation that runs on the stack",
	.details = "Re-attaches to a deployment whose watching was interrupted, or to anybody\n"
		   "else's. Exit status as of deploy; with nothing running, that of the last "
		   "operation.",
	.operands = "[STACK]",
	.max_operands = 1,
	.opts = opts,
	.run = watch_run,
};
