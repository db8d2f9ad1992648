#include "base/cleanup.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "data/json.h"
#include "deploy/hidden.h"
#include "stack/deploy.h"
#include "stack/diagnose.h"

static const struct opt opts[] = { OPT_END };

static json_t *failures_of(const struct cause *cause)
{
	const struct failure *root = cause_root(cause);
	json_t *failures = json_array();

	for (size_t i = 0; i < cause->count; i++) {
		const struct failure *item = &cause->items[i];

		(void)json_array_append_new(
			failures, json_pack("{s:s, s:s, s:s, s:s, s:b}", "resource", item->name,
					    "type", item->type, "status", item->status, "reason",
					    item->reason, "is_cause", item == root));
	}
	return failures;
}

static json_t *list_of(const struct strv *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++)
		(void)json_array_append_new(array, json_string(list->v[i]));
	return array;
}

/* What was found behind the root cause; null where nothing was looked into. */
static json_t *evidence_of(const struct evidence *evidence)
{
	json_t *logs = json_array();

	for (size_t i = 0; i < evidence->log_count; i++) {
		const struct evidence_log *log = &evidence->logs[i];

		(void)json_array_append_new(logs,
					    json_pack("{s:s, s:s, s:s, s:o}", "source", log->source,
						      "group", log->group, "stream", log->stream,
						      "lines", list_of(&log->lines)));
	}
	if (!evidence->resource.len) {
		json_decref(logs);
		return json_null();
	}
	return json_pack("{s:s, s:s, s:o, s:o, s:s}", "resource", evidence->resource.buf, "summary",
			 evidence->summary.buf, "facts", list_of(&evidence->facts), "logs", logs,
			 "next", evidence->next.buf);
}

static void print_json(const struct app *app, const struct cfn_stack *stack,
		       const struct diagnosis *diagnosis)
{
	json_auto_t *whole =
		json_pack("{s:s, s:s, s:o, s:o}", "stack", stack->name.buf, "status",
			  stack->status.buf, "failures", failures_of(&diagnosis->cause), "evidence",
			  evidence_of(&diagnosis->evidence));
	CLEANUP_FREE char *text = json_dumps(whole, JSON_COMPACT);

	(void)fprintf(app->out, "%s\n", text ? text : "{}");
}

static void print_text(const struct app *app, const struct cfn_stack *stack,
		       const struct diagnosis *diagnosis)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	evidence_tell(&diagnosis->evidence, app->report);
	diagnosis_describe(diagnosis, &text);
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
	CLEANUP(diagnosis_release) struct diagnosis diagnosis = DIAGNOSIS_INIT;
	CLEANUP(strv_wipe) struct strv hidden = STRV_INIT;
	const struct config *config;
	struct aws_client *client;
	const char *name = operands[0];

	(void)args;
	if (app_config(app, &config, err) < 0 || app_aws(app, &client, err) < 0)
		return -1;
	if (!name)
		name = config_text(config, CONFIG_STACK_NAME);
	if (cfn_describe_stack(client, name, &stack, err) < 0 ||
	    diagnose(client, stack.id.buf, &diagnosis, err) < 0)
		return error_wrap(err, "stack '%s'", name);
	hidden_add_project(config, &hidden);
	evidence_hide(&diagnosis.evidence, &hidden);
	if (app_wants_json(app))
		print_json(app, &stack, &diagnosis);
	else
		print_text(app, &stack, &diagnosis);
	return 0;
}

const struct cmd cmd_diagnose = {
	.name = "diagnose",
	.group = "Pipeline",
	.summary = "say why the last operation on the stack failed",
	.details = "Reads the events of the stack's newest operation, nested stacks included, and "
		   "names the first resource that failed and its reason. What was cancelled "
		   "because of it is no cause. For an ECS service its stopped tasks and their "
		   "containers' last log lines are shown, for a custom resource the log of its "
		   "Lambda function and the ECS task that it started. Where nothing failed, a "
		   "service that ECS has rolled back behind an UPDATE_COMPLETE is named.",
	.operands = "[STACK]",
	.max_operands = 1,
	.opts = opts,
	.run = diagnose_run,
};
