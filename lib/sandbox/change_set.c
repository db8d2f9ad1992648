/*
 * Change sets. As a document in the sandbox's state, ChangeSets: {"ChangeSetName", "ChangeSetId",
 * "StackId", "StackName", "Description", "CreationTime", "ReadyAt", "IsFailed", "StatusReason",
 * "Type", "ClientToken", "Changes", "After", "OnStackFailure", "ExecutedBy": the token, or "",
 * "Fate": of the scenario}.
 */
#include "sandbox/change_set.h"

#include "base/cleanup.h"
#include "data/json.h"
#include "sandbox/deployment.h"
#include "sandbox/document.h"
#include "sandbox/operation.h"
#include "sandbox/page.h"
#include "sandbox/stack.h"
#include "sandbox/template.h"

#include <string.h>

#define READY_AFTER_S 3
#define PAGE_SIZE     100

#define EMPTY_REASON                                                                               \
	"The submitted information didn't contain changes. Submit different information to "       \
	"create a change set."

json_t *change_set_time(int64_t wall_ms)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	clock_format_rfc3339(wall_ms, &text);
	str_cut(&text, text.len - 1);
	str_addf(&text, ".%03dZ", (int)(wall_ms % 1000));
	return json_string(text.buf);
}

/* What the scenario has for it. */
static bool has_fate(const json_t *change_set, const char *outcome)
{
	const char *fate = json_text(change_set, "Fate");

	return fate && strcmp(fate, outcome) == 0;
}

static const char *status_of(const struct call *call, const json_t *change_set)
{
	int64_t made_ms = document_time(change_set, "CreationTime");
	int64_t ready_ms = document_time(change_set, "ReadyAt");

	if (has_fate(change_set, "stuck"))
		return "CREATE_IN_PROGRESS";
	if (call->now_ms < made_ms + (ready_ms - made_ms) / 3)
		return "CREATE_PENDING";
	if (call->now_ms < ready_ms)
		return "CREATE_IN_PROGRESS";
	return json_is_true(json_object_get(change_set, "IsFailed")) ? "FAILED" : "CREATE_COMPLETE";
}

static const char *execution_status_of(const struct call *call, const json_t *change_set)
{
	const json_t *stack = stack_find(call->sandbox, json_text(change_set, "StackId"));
	const char *status = json_text(stack, "StackStatus");

	if (strcmp(status_of(call, change_set), "CREATE_COMPLETE") != 0)
		return "UNAVAILABLE";
	if (has_fate(change_set, "obsolete"))
		return "OBSOLETE";
	if (!json_text(change_set, "ExecutedBy"))
		return "AVAILABLE";
	if (stack && stack_is_busy(stack))
		return "EXECUTE_IN_PROGRESS";
	return status && (strstr(status, "ROLLBACK") || strstr(status, "FAILED"))
		       ? "EXECUTE_FAILED"
		       : "EXECUTE_COMPLETE";
}

void change_set_drop_others(struct sandbox *sandbox, const char *stack_id, const json_t *kept)
{
	json_t *list = sandbox_list(sandbox, "ChangeSets");

	for (size_t i = json_array_size(list); i-- > 0;) {
		const json_t *change_set = json_array_get(list, i);

		if (change_set != kept && strcmp(json_text(change_set, "StackId"), stack_id) == 0)
			(void)json_array_remove(list, i);
	}
	sandbox->is_changed = true;
}

/* By ARN, or by name within the stack `stack_id`. */
static json_t *find(struct sandbox *sandbox, const char *name_or_arn, const char *stack_id)
{
	bool is_arn = strncmp(name_or_arn, "arn:", 4) == 0;
	json_t *change_set;
	size_t i;

	json_array_foreach(sandbox_list(sandbox, "ChangeSets"), i, change_set)
	{
		if (is_arn && strcmp(json_text(change_set, "ChangeSetId"), name_or_arn) == 0)
			return change_set;
		if (!is_arn && stack_id &&
		    strcmp(json_text(change_set, "ChangeSetName"), name_or_arn) == 0 &&
		    strcmp(json_text(change_set, "StackId"), stack_id) == 0)
			return change_set;
	}
	return NULL;
}

/* The change set that the call names, or NULL and an error. */
static json_t *need(struct call *call, struct error *err)
{
	const char *name = call_text(call, "ChangeSetName", err);
	const char *stack_name = call_optional(call, "StackName");
	const json_t *stack = stack_name ? stack_find(call->sandbox, stack_name) : NULL;
	json_t *change_set;

	if (!name)
		return NULL;
	if (strncmp(name, "arn:", 4) != 0 && !stack_name) {
		(void)refuse(err, "ValidationError",
			     "StackName must be specified if ChangeSetName is not specified as an "
			     "ARN.");
		return NULL;
	}
	if (stack_name && !stack) {
		(void)refuse(err, "ValidationError", "Stack [%s] does not exist", stack_name);
		return NULL;
	}
	change_set = find(call->sandbox, name, json_text(stack, "StackId"));
	if (!change_set)
		(void)refuse(err, "ChangeSetNotFound", "ChangeSet [%s] does not exist", name);
	return change_set;
}

/* ---- CreateChangeSet ---- */

/* The stack to change: an existing one, or a new one that is not kept where the call is refused. */
static json_t *stack_for(struct call *call, bool *ret_is_new, struct error *err)
{
	const char *name = call_text(call, "StackName", err);
	const char *type = call_optional(call, "ChangeSetType");
	bool is_create = type && strcmp(type, "CREATE") == 0;
	json_t *stack = name ? stack_find(call->sandbox, name) : NULL;
	bool is_review = stack && stack_has_status(stack, "REVIEW_IN_PROGRESS");

	*ret_is_new = false;
	if (!name)
		return NULL;
	if (is_create && stack && !is_review) {
		(void)refuse(err, "ValidationError",
			     "Stack [%s] already exists and cannot be created again with the "
			     "changeSet [%s].",
			     name, call_optional(call, "ChangeSetName"));
		return NULL;
	}
	if (!is_create && (!stack || is_review)) {
		(void)refuse(err, "ValidationError", "Stack [%s] does not exist", name);
		return NULL;
	}
	if (!is_create)
		return deployment_check_updatable(stack, err) < 0 ? NULL : stack;
	if (stack)
		return stack;
	if (deployment_check_name(name, "stackName", err) < 0)
		return NULL;
	*ret_is_new = true;
	return stack_new(call->sandbox, name, call->now_ms);
}

/*
 * A change set of that name is there already: the same request made again gets the same answer, any
 * other is a clash.
 */
static int check_again(const struct call *call, const json_t *existing, const json_t *after,
		       struct error *err)
{
	static const char *const compared[] = { "TemplateBody", "Parameters" };
	static const char *const said[] = { "Template", "Parameters" };
	const char *token = call_optional(call, "ClientToken");
	const char *first = json_text(existing, "ClientToken");
	const char *name = json_text(existing, "ChangeSetName");

	if ((token || first) && (!token || !first || strcmp(token, first) != 0))
		return refuse(err, "AlreadyExistsException", "ChangeSet %s already exists", name);
	for (size_t i = 0; i < 2; i++) {
		if (!json_equal(json_object_get(json_object_get(existing, "After"), compared[i]),
				json_object_get(after, compared[i])))
			return refuse(err, "AlreadyExistsException",
				      "ChangeSet %s cannot be created due to a mismatch with "
				      "existing attribute %s",
				      name, said[i]);
	}
	return 0;
}

static void apply_scenario(struct call *call, json_t *change_set)
{
	const json_t *entry = scenario_next_change_set(&call->sandbox->scenario,
						       json_text(change_set, "StackName"),
						       json_text(change_set, "ChangeSetName"));

	if (!entry)
		return;
	document_set_text(change_set, "Fate", json_text(entry, "outcome"));
	document_set_text(change_set, "StatusReason", json_text(entry, "reason"));
	if (has_fate(change_set, "fail"))
		(void)json_object_set_new(change_set, "IsFailed", json_true());
}

static json_t *make(struct call *call, const json_t *stack, const struct deployment *deployment)
{
	const char *name = call_optional(call, "ChangeSetName");
	const char *type = call_optional(call, "ChangeSetType");
	static const char *const copied[] = { "Description", "ClientToken", "OnStackFailure" };
	CLEANUP(str_release) struct str id = STR_INIT;
	json_int_t ready_at;
	json_t *change_set;

	str_addf(&id, "arn:aws:cloudformation:%s:%s:changeSet/%s/", sandbox_region(call->sandbox),
		 sandbox_account(call->sandbox), name);
	sandbox_random_uuid(&id);
	ready_at = call->now_ms + sandbox_duration_ms(call->sandbox, READY_AFTER_S);
	change_set = json_pack(
		"{s:s, s:s, s:O, s:O, s:I, s:I, s:s, s:O, s:O, s:b}", "ChangeSetName", name,
		"ChangeSetId", id.buf, "StackId", json_object_get(stack, "StackId"), "StackName",
		json_object_get(stack, "StackName"), "CreationTime", (json_int_t)call->now_ms,
		"ReadyAt", ready_at, "Type", type ? type : "UPDATE", "Changes", deployment->changes,
		"After", deployment->after, "IsFailed", deployment->is_empty);
	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
		document_set_text(change_set, copied[i], call_optional(call, copied[i]));
	if (deployment->is_empty)
		(void)json_object_set_new(change_set, "StatusReason", json_string(EMPTY_REASON));
	apply_scenario(call, change_set);
	(void)json_array_append_new(sandbox_list(call->sandbox, "ChangeSets"), change_set);
	call->sandbox->is_changed = true;
	return change_set;
}

static json_t *create_in(struct call *call, json_t *stack, struct error *err)
{
	CLEANUP(deployment_release) struct deployment deployment = { .template = NULL };
	const char *name = call_text(call, "ChangeSetName", err);
	json_t *change_set;

	if (!name || deployment_check_name(name, "changeSetName", err) < 0 ||
	    deployment_read(call, stack, &deployment, err) < 0)
		return NULL;
	change_set = find(call->sandbox, name, json_text(stack, "StackId"));
	if (change_set && check_again(call, change_set, deployment.after, err) < 0)
		return NULL;
	if (!change_set)
		change_set = make(call, stack, &deployment);
	return json_pack("{s:O, s:O}", "Id", json_object_get(change_set, "ChangeSetId"), "StackId",
			 json_object_get(stack, "StackId"));
}

json_t *change_set_create(struct call *call, struct error *err)
{
	bool is_new;
	json_t *stack = stack_for(call, &is_new, err);
	json_t *result = stack ? create_in(call, stack, err) : NULL;

	if (is_new && stack && !result)
		stack_forget(call->sandbox, stack);
	else if (is_new && result)
		stack_set_status(call->sandbox, stack, "REVIEW_IN_PROGRESS", "User Initiated",
				 call_optional(call, "ClientToken"), call->now_ms);
	return result;
}

/* ---- DescribeChangeSet ---- */

/* Values of properties are shown to those who ask for them. */
static json_t *without_values(const json_t *page)
{
	static const char *const hidden[] = { "Path", "BeforeValue", "AfterValue" };
	json_t *copy = json_deep_copy(page), *change, *detail;
	size_t i, j;

	json_array_foreach(copy, i, change)
	{
		json_t *resource = json_object_get(change, "ResourceChange");

		json_array_foreach(json_object_get(resource, "Details"), j, detail)
		{
			json_t *target = json_object_get(detail, "Target");

			for (size_t k = 0; k < sizeof(hidden) / sizeof(hidden[0]); k++)
				(void)json_object_del(target, hidden[k]);
		}
	}
	return copy;
}

static void describe_status(const struct call *call, const json_t *change_set, json_t *result)
{
	const char *reason = json_text(change_set, "StatusReason");
	const char *status = status_of(call, change_set);

	(void)json_object_set_new(result, "Status", json_string(status));
	(void)json_object_set_new(result, "ExecutionStatus",
				  json_string(execution_status_of(call, change_set)));
	(void)json_object_set_new(result, "CreationTime",
				  change_set_time(document_time(change_set, "CreationTime")));
	if (reason && (strcmp(status, "FAILED") == 0 || has_fate(change_set, "warn")))
		(void)json_object_set_new(result, "StatusReason", json_string(reason));
}

static json_t *shown_changes(const struct call *call, const json_t *change_set)
{
	const char *wanted = call_optional(call, "IncludePropertyValues");
	json_t *changes = json_object_get(change_set, "Changes");

	return wanted && strcmp(wanted, "true") == 0 ? json_incref(changes)
						     : without_values(changes);
}

json_t *change_set_describe(struct call *call, struct error *err)
{
	static const struct page_rule rule = { "Changes", "NextToken", NULL, PAGE_SIZE };
	static const char *const own[] = {
		"ChangeSetName", "ChangeSetId",	   "StackId", "StackName",
		"Description",	 "OnStackFailure", NULL
	};
	static const char *const taken[] = { "Capabilities", "Tags", "NotificationARNs", NULL };
	const json_t *change_set = need(call, err);
	const json_t *after = json_object_get(change_set, "After");
	json_t *result;

	if (!change_set)
		return NULL;
	result = json_object();
	document_copy(change_set, result, own);
	document_copy(after, result, taken);
	describe_status(call, change_set, result);
	(void)json_object_set_new(result, "Parameters", deployment_list_parameters(after));
	if (call->now_ms < document_time(change_set, "ReadyAt"))
		return result;
	return page_put(call, &rule, shown_changes(call, change_set), result);
}

/* The active ones: what was executed is described by its ARN only. */
json_t *change_set_list(struct call *call, struct error *err)
{
	static const struct page_rule rule = { "Summaries", "NextToken", NULL, PAGE_SIZE };
	static const char *const own[] = { "ChangeSetName", "ChangeSetId", "StackId",
					   "StackName",	    "Description", NULL };
	const char *name = call_text(call, "StackName", err);
	const json_t *stack = name ? stack_find(call->sandbox, name) : NULL;
	json_t *summaries, *change_set;
	size_t i;

	if (!name)
		return NULL;
	if (!stack) {
		(void)refuse(err, "ValidationError", "Stack [%s] does not exist", name);
		return NULL;
	}
	summaries = json_array();
	json_array_foreach(sandbox_list(call->sandbox, "ChangeSets"), i, change_set)
	{
		json_t *summary;

		if (!json_equal(json_object_get(change_set, "StackId"),
				json_object_get(stack, "StackId")) ||
		    json_text(change_set, "ExecutedBy"))
			continue;
		summary = json_object();
		document_copy(change_set, summary, own);
		describe_status(call, change_set, summary);
		(void)json_array_append_new(summaries, summary);
	}
	return page_put(call, &rule, summaries, json_object());
}

/* ---- ExecuteChangeSet, DeleteChangeSet ---- */

static int check_executable(const struct call *call, const json_t *change_set, struct error *err)
{
	const char *status = status_of(call, change_set);
	const char *execution = execution_status_of(call, change_set);

	if (strcmp(status, "CREATE_COMPLETE") != 0)
		return refuse(err, "InvalidChangeSetStatus",
			      "ChangeSet [%s] cannot be executed in its current status of [%s]",
			      json_text(change_set, "ChangeSetId"), status);
	if (strcmp(execution, "AVAILABLE") != 0)
		return refuse(err, "InvalidChangeSetStatus",
			      "ChangeSet [%s] cannot be executed in its current execution status "
			      "of [%s]",
			      json_text(change_set, "ChangeSetId"), execution);
	return 0;
}

/* The same token again is the same execution: its first answer got lost. */
static bool was_executed_by(const json_t *change_set, const char *token)
{
	const char *first = json_text(change_set, "ExecutedBy");

	return first && token && strcmp(first, token) == 0;
}

static const char *on_failure_of(const struct call *call, const json_t *change_set)
{
	const char *disable = call_optional(call, "DisableRollback");
	const char *on_failure = json_text(change_set, "OnStackFailure");

	return disable && strcmp(disable, "true") == 0 ? "DO_NOTHING" : on_failure;
}

/* The plan is made anew: the account is where it is now, not where it was then. */
static int execute(struct call *call, json_t *change_set, json_t *stack, struct error *err)
{
	const json_t *after = json_object_get(change_set, "After");
	CLEANUP(deployment_release) struct deployment deployment = { .template = NULL };
	json_auto_t *given = json_array();
	const char *token = call_optional(call, "ClientRequestToken"), *name;
	struct operation_request request = { .token = token,
					     .reason = "User Initiated",
					     .on_failure = on_failure_of(call, change_set) };
	json_t *value;

	json_object_foreach(json_object_get(after, "Parameters"), name, value)(void)
		json_array_append_new(given, json_pack("{s:s, s:O}", "ParameterKey", name,
						       "ParameterValue", value));
	(void)json_object_update(call->input, document_loosen(after));
	(void)json_object_set(call->input, DEPLOYMENT_TEMPLATE,
			      json_object_get(after, "TemplateBody"));
	(void)json_object_set(call->input, "Parameters", given);
	if (deployment_read(call, stack, &deployment, err) < 0)
		return -1;
	request.plan = deployment.plan;
	request.after = deployment.after;
	(void)json_object_set_new(change_set, "ExecutedBy", json_string(token ? token : ""));
	(void)json_object_set(stack, "ChangeSetId", json_object_get(change_set, "ChangeSetId"));
	if (stack_has_status(stack, "REVIEW_IN_PROGRESS"))
		operation_create(call->sandbox, stack, &request, call->now_ms);
	else
		operation_update(call->sandbox, stack, &request, call->now_ms);
	change_set_drop_others(call->sandbox, json_text(stack, "StackId"), change_set);
	return 0;
}

json_t *change_set_execute(struct call *call, struct error *err)
{
	json_t *change_set = need(call, err);
	json_t *stack;

	if (!change_set)
		return NULL;
	if (was_executed_by(change_set, call_optional(call, "ClientRequestToken")))
		return json_object();
	stack = stack_find(call->sandbox, json_text(change_set, "StackId"));
	if (check_executable(call, change_set, err) < 0)
		return NULL;
	if (!stack_has_status(stack, "REVIEW_IN_PROGRESS") &&
	    deployment_check_updatable(stack, err) < 0)
		return NULL;
	return execute(call, change_set, stack, err) < 0 ? NULL : json_object();
}

/* Deleting what is not there any more is a success, as AWS has it. */
json_t *change_set_delete(struct call *call, struct error *err)
{
	CLEANUP(error_release) struct error missing = ERROR_INIT;
	json_t *list = sandbox_list(call->sandbox, "ChangeSets");
	const json_t *change_set = need(call, &missing);

	if (!change_set && !error_has_code(&missing, "ChangeSetNotFound")) {
		(void)refuse(err, missing.code, "%s", missing.msg.buf);
		return NULL;
	}
	if (change_set &&
	    strcmp(execution_status_of(call, change_set), "EXECUTE_IN_PROGRESS") == 0) {
		(void)refuse(err, "InvalidChangeSetStatus",
			     "ChangeSet [%s] cannot be deleted in its current execution status of "
			     "[EXECUTE_IN_PROGRESS]",
			     json_text(change_set, "ChangeSetId"));
		return NULL;
	}
	for (size_t i = 0; change_set && i < json_array_size(list); i++) {
		if (json_array_get(list, i) == change_set) {
			(void)json_array_remove(list, i);
			break;
		}
	}
	call->sandbox->is_changed = true;
	return json_object();
}
