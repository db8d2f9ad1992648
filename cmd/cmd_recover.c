#include "base/cleanup.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "stack/recover.h"

struct recover_args {
	struct strv skip;
	unsigned timeout_min;
	bool dry_run;
};

static const struct opt opts[] = {
	OPT(struct recover_args, skip, 0, "skip", "RESOURCE",
	    "leave RESOURCE as it is; may be given several times"),
	OPT(struct recover_args, timeout_min, 0, "timeout", "MINUTES",
	    "end the watching, not the operation, after MINUTES"),
	OPT_DRY_RUN(struct recover_args),
	OPT_END,
};

static int recover_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;
	const struct recover_args *args = args_;
	struct recover_request request = {
		.report = app->report,
		.stack_name = operands[0],
		.skip = &args->skip,
		.dry_run = args->dry_run,
		.timeout_ms = (int64_t)args->timeout_min * 60000,
	};
	const struct config *config;

	if (app_config(app, &config, err) < 0 || app_aws(app, &request.client, err) < 0)
		return -1;
	if (!request.stack_name)
		request.stack_name = config_text(config, CONFIG_STACK_NAME);
	return deploy_recover(&request, &stack, err);
}

const struct cmd cmd_recover = {
	.name = "recover",
	.group = "Pipeline",
	.summary = "bring a stack whose rollback failed back to its old version",
	.details = "Shows which resources failed and why, continues the rollback and follows it to "
		   "its end. What cannot be rolled back is left as it is with --skip, by name "
		   "only: CloudFormation then takes it for rolled back, so mend it before the next "
		   "deployment. A resource of a nested stack is NESTEDSTACKNAME.RESOURCE. A stack "
		   "that failed with its rollback switched off is rolled back too. Nothing to "
		   "recover is success.",
	.operands = "[STACK]",
	.max_operands = 1,
	.opts = opts,
	.args_size = sizeof(struct recover_args),
	.run = recover_run,
};
