#include "base/cleanup.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "deploy/deploy.h"

struct watch_args {
	unsigned timeout_min;
};

static const struct opt opts[] = {
	OPT(struct watch_args, timeout_min, 0, "timeout", "MINUTES",
	    "end the watching, not the operation, after MINUTES"),
	OPT_END,
};

static int watch_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;
	const struct watch_args *args = args_;
	struct watch_request request = {
		.report = app->report,
		.stack_name = operands[0],
		.timeout_ms = (int64_t)args->timeout_min * 60000,
	};
	const struct config *config;

	if (app_config(app, &config, err) < 0 || app_aws(app, &request.client, err) < 0)
		return -1;
	if (!request.stack_name)
		request.stack_name = config_text(config, CONFIG_STACK_NAME);
	if (deploy_watch(&request, &stack, err) < 0)
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
	.args_size = sizeof(struct watch_args),
	.run = watch_run,
};
