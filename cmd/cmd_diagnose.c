#include "base/cleanup.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "data/json.h"
#include "deploy/deploy.h"
#include "deploy/diagnose.h"

static const struct opt opts[] = { OPT_END };

static void print_json(const struct app *app, const struct cfn_stack *stack,
		       const struct cause *cause)
{
	const struct failure *root = cause_root(cause);
	json_auto_t *failures = json_array();
	json_auto_t *whole = NULL;
	CLEANUP_FREE char *text = NULL;

	for (size_t i = 0; i < cause->count; i++) {
		const struct failure *item = &cause->items[i];

		(void)json_array_append_new(
			failures, json_pack("{s:s, s:s, s:s, s:s, s:b}", "resource", item->name,
					    "type", item->type, "status", item->status, "reason",
					    item->reason, "is_cause", item == root));
	}
	whole = json_pack("{s:s, s:s, s:O}", "stack", stack->name.buf, "status", stack->status.buf,
			  "failures", failures);
	text = json_dumps(whole, JSON_COMPACT);
	(void)fprintf(app->out, "%s\n", text ? text : "{}");
}

static void print_text(const struct app *app, const struct cfn_stack *stack,
		       const struct cause *cause)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	cause_describe(cause, &text);
	if (text.len)
		report_result(app->report, "stack %s is %s: %s", stack->name.buf, stack->status.buf,
			      text.buf);
	else
		report_result(app->report,
			      "stack %s is %s: its last operation failed in no resource",
			      stack->name.buf, stack->status.buf);
}

static int diagnose_run(struct app *app, const void *args, char **operands, struct error *err)
{
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;
	CLEANUP(cause_release) struct cause cause = CAUSE_INIT;
	const struct config *config;
	struct aws_client *client;
	const char *name = operands[0];

	(void)args;
	if (app_config(app, &config, err) < 0 || app_aws(app, &client, err) < 0)
		return -1;
	if (!name)
		name = config_text(config, CONFIG_STACK_NAME);
	if (cfn_describe_stack(client, name, &stack, err) < 0 ||
	    diagnose(client, stack.id.buf, &cause, err) < 0)
		return error_wrap(err, "stack '%s'", name);
	if (app_wants_json(app))
		print_json(app, &stack, &cause);
	else
		print_text(app, &stack, &cause);
	return 0;
}

const struct cmd cmd_diagnose = {
	.name = "diagnose",
	.group = "Pipeline",
	.summary = "say why the last operation on the stack failed",
	.details = "Reads the events of the stack's newest operation, nested stacks included, and "
		   "names the\n"
		   "first resource that failed and its reason. What was cancelled because of it is "
		   "left out.",
	.operands = "[STACK]",
	.max_operands = 1,
	.opts = opts,
	.run = diagnose_run,
};
