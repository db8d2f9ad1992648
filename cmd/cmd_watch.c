#include "base/cleanup.h"
#include "cmd/commands.h"
#include "cmd/record.h"
#include "deploy/hidden.h"
#include "stack/deploy.h"

struct watch_args {
	unsigned timeout_min;
};

static const struct opt opts[] = {
	OPT(struct watch_args, timeout_min, 0, "timeout", "MINUTES",
	    "end the watching, not the operation, after MINUTES"),
	OPT_END,
};

/* The last run, where it left a deployment behind whose end it has not seen; else NULL. */
static const struct records_item *find_unseen(const struct records *records)
{
	const struct record *record = records->count ? &records->items[0].record : NULL;

	if (!record || !*record_fact(record, FACT_STACK_ARN) ||
	    !record->stages[STAGE_DEPLOY].started_ms || record_has_done(record, STAGE_DEPLOY))
		return NULL;
	return &records->items[0];
}

static int watch(struct app *app, struct watch_request *request, struct error *err)
{
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;

	if (deploy_watch(request, &stack, err) < 0)
		return -1;
	report_result(app->report, "stack %s is %s", stack.name.buf, stack.status.buf);
	return 0;
}

/* By ARN, so that a stack which was made anew under the name is not taken for it. */
static int watch_last(struct app *app, struct watch_request *request, struct error *err)
{
	CLEANUP(records_release) struct records records = RECORDS_INIT;
	const struct records_item *item;
	const struct config *config;
	int result;

	if (app_config(app, &config, err) < 0 ||
	    record_list(app, record_environment(app), 1, &records, err) < 0)
		return -1;
	item = find_unseen(&records);
	request->stack_name = item ? record_fact(&item->record, FACT_STACK_ARN)
				   : config_text(config, CONFIG_STACK_NAME);
	result = watch(app, request, err);
	if (item)
		record_settle(app, item, err);
	return result;
}

static int watch_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct watch_args *args = args_;
	struct watch_request request = {
		.report = app->report,
		.stack_name = operands[0],
		.timeout_ms = (int64_t)args->timeout_min * 60000,
	};
	CLEANUP(strv_wipe) struct strv hidden = STRV_INIT;
	const struct config *config;

	if (app_config(app, &config, err) < 0 || app_aws(app, &request.client, err) < 0)
		return -1;
	request.verify = config_text(config, CONFIG_ECS_VERIFY);
	hidden_add_project(config, &hidden);
	request.hidden = &hidden;
	return operands[0] ? watch(app, &request, err) : watch_last(app, &request, err);
}

const struct cmd cmd_watch = {
	.name = "watch",
	.group = "Pipeline",
	.summary = "follow the operation that runs on the stack",
	.details = "Re-attaches to a deployment whose watching was interrupted, or to anybody "
		   "else's. Without a name, it is the stack of the last run whose deployment went "
		   "out of sight (its record then says how it ended), else the project's. Exit "
		   "status as of deploy; with nothing running, that of the last operation.",
	.operands = "[STACK]",
	.max_operands = 1,
	.opts = opts,
	.args_size = sizeof(struct watch_args),
	.run = watch_run,
};
