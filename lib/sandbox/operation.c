#include "sandbox/operation.h"

#include "base/cleanup.h"
#include "data/json.h"
#include "sandbox/document.h"
#include "sandbox/guise.h"
#include "sandbox/operation_step.h"
#include "sandbox/stack.h"
#include "sandbox/template.h"

#include <string.h>

/* AWS takes about this long between the last resource and the stack's own event. */
#define SETTLE_S 2

/*
 * One phase. `begin` lays out its steps. Where a step failed, a phase that `gives_up` ends at once
 * and is undone; the others go on with what does not need it. `ignores_failure`: as if all was
 * well.
 */
struct phase {
	const char *name;
	const char *status;
	const char *done_status; /* NULL: `next` follows */
	const char *next;
	const char *failed_status;
	const char *undo; /* NULL: failed_status is the end */
	bool gives_up;
	bool ignores_failure;
	const char *operation_type; /* NULL: that of the phase before goes on */
	void (*begin)(json_t *stack, json_t *operation);
};

static void begin_delete(json_t *stack, json_t *operation);
static void begin_cleanup(json_t *stack, json_t *operation);
static void begin_undo(json_t *stack, json_t *operation);

/* AWS CloudFormation User Guide, "Stack status codes". The first phase brings its own steps. */
static const struct phase phases[] = {
	{ .name = "create",
	  .operation_type = "CREATE_STACK",
	  .status = "CREATE_IN_PROGRESS",
	  .done_status = "CREATE_COMPLETE",
	  .failed_status = "CREATE_FAILED",
	  .undo = "rollback",
	  .gives_up = true },
	{ .name = "rollback",
	  .operation_type = "ROLLBACK",
	  .status = "ROLLBACK_IN_PROGRESS",
	  .done_status = "ROLLBACK_COMPLETE",
	  .failed_status = "ROLLBACK_FAILED",
	  .begin = begin_delete },
	{ .name = "update",
	  .operation_type = "UPDATE_STACK",
	  .status = "UPDATE_IN_PROGRESS",
	  .next = "cleanup",
	  .failed_status = "UPDATE_FAILED",
	  .undo = "update-rollback",
	  .gives_up = true },
	{ .name = "cleanup",
	  .status = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
	  .done_status = "UPDATE_COMPLETE",
	  .ignores_failure = true,
	  .begin = begin_cleanup },
	{ .name = "update-rollback",
	  .operation_type = "ROLLBACK",
	  .status = "UPDATE_ROLLBACK_IN_PROGRESS",
	  .next = "rollback-cleanup",
	  .failed_status = "UPDATE_ROLLBACK_FAILED",
	  .gives_up = true,
	  .begin = begin_undo },
	{ .name = "rollback-cleanup",
	  .status = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
	  .done_status = "UPDATE_ROLLBACK_COMPLETE",
	  .ignores_failure = true,
	  .begin = begin_cleanup },
	{ .name = "delete",
	  .operation_type = "DELETE_STACK",
	  .status = "DELETE_IN_PROGRESS",
	  .done_status = "DELETE_COMPLETE",
	  .failed_status = "DELETE_FAILED",
	  .begin = begin_delete },
};

static const struct phase *find_phase(const char *name)
{
	size_t i = 0;

	while (strcmp(phases[i].name, name) != 0)
		i++;
	return &phases[i];
}

/* ---- laying out the steps of a phase ---- */

/* Those among `resources` that depend on `logical_id`: they go first when things are deleted. */
static json_t *dependents_of(const json_t *resources, const char *logical_id)
{
	json_t *list = json_array(), *resource, *dependency;
	size_t i, j;

	json_array_foreach(resources, i, resource)
	{
		json_array_foreach(json_object_get(resource, "DependsOn"), j, dependency)
		{
			if (strcmp(json_string_value(dependency), logical_id) == 0)
				(void)json_array_append(
					list, json_object_get(resource, "LogicalResourceId"));
		}
	}
	return list;
}

static void add_deletions(json_t *operation, const json_t *resources)
{
	json_t *resource;
	size_t i;

	json_array_foreach(resources, i, resource)
		step_add(operation, "DELETE", resource,
			 dependents_of(resources, json_text(resource, "LogicalResourceId")));
}

static void begin_delete(json_t *stack, json_t *operation)
{
	json_auto_t *there = json_array();
	const char *logical_id;
	json_t *resource;

	json_object_foreach(json_object_get(stack, "Resources"), logical_id, resource)
	{
		if (json_text(resource, "PhysicalResourceId"))
			(void)json_array_append(there, resource);
	}
	add_deletions(operation, there);
}

static void begin_cleanup(json_t *stack, json_t *operation)
{
	(void)stack;
	add_deletions(operation, json_object_get(operation, "Garbage"));
}

/* What was updated goes back to what it was; what was made is garbage. */
static void begin_undo(json_t *stack, json_t *operation)
{
	json_auto_t *done = json_incref(json_object_get(operation, "Undone"));
	const json_t *before = json_object_get(json_object_get(operation, "Before"), "Resources");
	json_t *garbage = json_array(), *step;
	size_t i;

	(void)stack;
	(void)json_object_set_new(operation, "Garbage", garbage);
	json_array_foreach(done, i, step)
	{
		json_t *resource = json_object_get(step, "Resource");
		json_t *old = json_object_get(before, json_text(step, "LogicalId"));

		if (!step_has_begun(step))
			continue;
		if (!step_is_in_state(step, "begun") &&
		    (step_has_action(step, "CREATE") || json_text(resource, "Replaces")))
			(void)json_array_append(garbage, resource);
		if (step_has_action(step, "UPDATE") && old)
			step_add(operation, "UPDATE", old, json_array());
	}
	(void)json_object_del(operation, "Undone");
}

/* ---- phases ---- */

/* An automatic rollback is an operation of its own (API reference, DescribeEvents). */
static void name_operation(json_t *operation, const char *type)
{
	CLEANUP(str_release) struct str id = STR_INIT;

	sandbox_random_uuid(&id);
	document_set_text(operation, "OperationId", id.buf);
	document_set_text(operation, "OperationType", type);
}

static void enter_phase(struct sandbox *sandbox, json_t *stack, const struct phase *phase,
			const char *reason, int64_t at_ms)
{
	json_t *operation = json_object_get(stack, "Operation");

	if (phase->operation_type)
		name_operation(operation, phase->operation_type);
	document_set_text(operation, "Phase", phase->name);
	document_set_time(operation, "At", at_ms);
	(void)json_object_set_new(operation, "GivesUp", json_boolean(phase->gives_up));
	(void)json_object_set_new(operation, "Failed", json_object());
	if (phase->begin) {
		(void)json_object_set(operation, "Undone", step_list(operation));
		(void)json_object_set_new(operation, "Steps", json_array());
		phase->begin(stack, operation);
		(void)json_object_del(operation, "Undone");
	}
	stack_set_status(sandbox, stack, phase->status, reason, json_text(operation, "Token"),
			 at_ms);
}

static void end_operation(struct sandbox *sandbox, json_t *stack, const char *status,
			  const char *reason, int64_t at_ms)
{
	json_auto_t *operation = json_incref(json_object_get(stack, "Operation"));

	status = guise_end(sandbox, stack, status);
	/* What was left half-way can be taken up again. */
	if (strstr(status, "_FAILED"))
		(void)json_object_set(stack, "Broken", operation);
	if (strcmp(status, "DELETE_COMPLETE") == 0) {
		document_set_time(stack, "DeletionTime", at_ms);
		(void)json_object_set_new(stack, "Outputs", json_array());
	}
	stack_set_status(sandbox, stack, status, reason, json_text(operation, "Token"), at_ms);
	(void)json_object_del(stack, "Operation");
}

/* The stack is again what it was before the update. */
static void restore(json_t *stack, const json_t *operation)
{
	json_t *before = json_object_get(operation, "Before");
	const char *key;
	json_t *value;

	json_object_foreach(before, key, value)
	{
		if (strcmp(key, "Resources") != 0)
			(void)json_object_set(stack, key, value);
	}
}

/* "The following resource(s) failed to create: [A, B]. " */
static void describe_failures(const json_t *operation, struct str *out)
{
	const char *verb;
	json_t *names;

	json_object_foreach(json_object_get(operation, "Failed"), verb, names)
	{
		str_addf(out, "The following resource(s) failed to %s: ", verb);
		template_list_names(names, out);
		str_adds(out, ". ");
	}
}

static void fail_phase(struct sandbox *sandbox, json_t *stack, const struct phase *phase,
		       int64_t at_ms)
{
	json_t *operation = json_object_get(stack, "Operation");
	const char *on_failure = json_text(operation, "OnFailure");
	CLEANUP(str_release) struct str reason = STR_INIT;
	bool is_create = strcmp(phase->name, "create") == 0;

	describe_failures(operation, &reason);
	if (!phase->undo || strcmp(on_failure, "DO_NOTHING") == 0) {
		end_operation(sandbox, stack, phase->failed_status, reason.buf, at_ms);
		return;
	}
	if (is_create)
		str_addf(&reason, "%s requested by user.",
			 strcmp(on_failure, "DELETE") == 0 ? "Delete" : "Rollback");
	else
		restore(stack, operation);
	enter_phase(
		sandbox, stack,
		find_phase(is_create && strcmp(on_failure, "DELETE") == 0 ? "delete" : phase->undo),
		reason.buf, at_ms);
}

/* What the operation promised is true from here on. */
static void take_on_outputs(json_t *stack, const json_t *operation)
{
	json_t *outputs = json_object_get(operation, "Outputs");

	if (outputs)
		(void)json_object_set(stack, "Outputs", outputs);
}

static void finish_phase(struct sandbox *sandbox, json_t *stack, int64_t at_ms)
{
	json_t *operation = json_object_get(stack, "Operation");
	const struct phase *phase = find_phase(json_text(operation, "Phase"));

	if (json_object_size(json_object_get(operation, "Failed")) && !phase->ignores_failure) {
		fail_phase(sandbox, stack, phase, at_ms);
		return;
	}
	if (strcmp(phase->name, "create") == 0 || strcmp(phase->name, "update") == 0)
		take_on_outputs(stack, operation);
	if (phase->next)
		enter_phase(sandbox, stack, find_phase(phase->next), NULL, at_ms);
	else
		end_operation(sandbox, stack, phase->done_status, NULL, at_ms);
}

/* ---- time ---- */

void operation_advance(struct sandbox *sandbox, json_t *stack, int64_t now_ms)
{
	json_t *operation;

	while ((operation = json_object_get(stack, "Operation"))) {
		int64_t at_ms;
		json_t *step =
			json_text(operation, "GivenUp") ? NULL : step_next(operation, &at_ms);

		if (!step) {
			at_ms = step_end_of_all(operation);
			if (at_ms == STEP_NEVER)
				return;
			at_ms += sandbox_duration_ms(sandbox, SETTLE_S);
		}
		if (at_ms > now_ms)
			return;
		if (step) {
			step_move(sandbox, stack, step, at_ms);
		} else {
			(void)json_object_del(operation, "GivenUp");
			finish_phase(sandbox, stack, at_ms);
		}
		sandbox->is_changed = true;
	}
}

/* ---- beginnings ---- */

static const char *const kept_members[] = { "Resources",       "TemplateBody", "Parameters",
					    "Hidden",	       "Capabilities", "Tags",
					    "Description",     "Outputs",      "RoleARN",
					    "NotificationARNs" };

static json_t *start(json_t *stack, const struct operation_request *request)
{
	json_t *operation = json_pack("{s:s, s:[], s:[], s:{}}", "OnFailure",
				      request->on_failure ? request->on_failure : "ROLLBACK",
				      "Steps", "Garbage", "Before");
	json_t *before = json_object_get(operation, "Before");

	(void)json_object_del(stack, "Broken");
	document_set_text(operation, "Token", request->token);
	for (size_t i = 0; i < sizeof(kept_members) / sizeof(kept_members[0]); i++) {
		json_t *value = json_object_get(stack, kept_members[i]);

		if (value)
			(void)json_object_set_new(before, kept_members[i], json_deep_copy(value));
	}
	(void)json_object_set_new(stack, "Operation", operation);
	return operation;
}

static void add_planned_steps(json_t *stack, json_t *operation, const json_t *plan)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(plan, "Order"), i, item)
	{
		const char *logical_id = json_string_value(item);
		json_t *resource = json_object_get(json_object_get(plan, "Resources"), logical_id);
		const char *action = json_text(resource, "Action");
		json_t *old = json_object_get(json_object_get(stack, "Resources"), logical_id);

		if (strcmp(action, "NONE") == 0)
			continue;
		step_add(operation, action, resource,
			 json_deep_copy(json_object_get(resource, "DependsOn")));
		if (json_text(resource, "Replaces"))
			(void)json_array_append_new(json_object_get(operation, "Garbage"),
						    json_deep_copy(old));
	}
	json_array_foreach(json_object_get(plan, "Removed"), i, item)
	{
		const json_t *old = json_object_get(json_object_get(stack, "Resources"),
						    json_string_value(item));

		(void)json_array_append_new(json_object_get(operation, "Garbage"),
					    json_deep_copy(old));
	}
	(void)json_object_set(operation, "Outputs", json_object_get(plan, "Outputs"));
}

static void begin(struct sandbox *sandbox, json_t *stack, const struct operation_request *request,
		  const char *phase, int64_t now_ms)
{
	json_t *operation = start(stack, request);

	guise_begin(sandbox, stack);
	if (request->plan) {
		add_planned_steps(stack, operation, request->plan);
		(void)json_object_update(sandbox_map(sandbox, "Counters"),
					 json_object_get(request->plan, "Counters"));
	}
	if (request->after)
		(void)json_object_update(stack, document_loosen(request->after));
	enter_phase(sandbox, stack, find_phase(phase), request->reason, now_ms);
}

void operation_create(struct sandbox *sandbox, json_t *stack,
		      const struct operation_request *request, int64_t now_ms)
{
	begin(sandbox, stack, request, "create", now_ms);
}

void operation_update(struct sandbox *sandbox, json_t *stack,
		      const struct operation_request *request, int64_t now_ms)
{
	document_set_time(stack, "LastUpdatedTime", now_ms);
	begin(sandbox, stack, request, "update", now_ms);
}

void operation_delete(struct sandbox *sandbox, json_t *stack,
		      const struct operation_request *request, int64_t now_ms)
{
	begin(sandbox, stack, request, "delete", now_ms);
}

bool operation_cancel(struct sandbox *sandbox, json_t *stack, const char *token, int64_t now_ms)
{
	json_t *operation = json_object_get(stack, "Operation");

	if (!operation || strcmp(json_text(operation, "Phase"), "update") != 0)
		return false;
	document_set_text(operation, "Token", token);
	step_cancel_others(sandbox, stack, now_ms);
	restore(stack, operation);
	enter_phase(sandbox, stack, find_phase("update-rollback"), "User Initiated", now_ms);
	sandbox->is_changed = true;
	return true;
}

/* Takes up what the last operation left; one without steps where nobody knows what that was. */
static json_t *take_up(json_t *stack, const char *token)
{
	json_t *operation = json_incref(json_object_get(stack, "Broken"));

	if (!operation)
		operation = json_pack("{s:s, s:[], s:[], s:{}}", "OnFailure", "ROLLBACK", "Steps",
				      "Garbage", "Before");
	(void)json_object_del(stack, "Broken");
	(void)json_object_del(operation, "Token");
	(void)json_object_del(operation, "GivenUp");
	document_set_text(operation, "Token", token);
	(void)json_object_set_new(stack, "Operation", operation);
	return operation;
}

static bool is_named(const json_t *names, const char *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach(names, i, item)
	{
		if (strcmp(json_string_value(item), name) == 0)
			return true;
	}
	return false;
}

void operation_continue_rollback(struct sandbox *sandbox, json_t *stack, const char *token,
				 const json_t *skip, int64_t now_ms)
{
	json_t *operation = take_up(stack, token), *step;
	size_t i;

	json_array_foreach(step_list(operation), i, step)
	{
		if (step_is_in_state(step, "done"))
			continue;
		if (is_named(skip, json_text(step, "LogicalId"))) {
			document_set_text(step, "State", "done");
			document_set_time(step, "EndsAt", now_ms);
			step_tell(sandbox, stack, step, "COMPLETE", "Skipped", now_ms);
		} else {
			document_set_text(step, "State", "waiting");
			(void)json_object_del(step, "Reason");
		}
	}
	name_operation(operation, "CONTINUE_ROLLBACK");
	document_set_text(operation, "Phase", "update-rollback");
	document_set_time(operation, "At", now_ms);
	(void)json_object_set_new(operation, "GivesUp", json_true());
	(void)json_object_set_new(operation, "Failed", json_object());
	stack_set_status(sandbox, stack, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated", token,
			 now_ms);
}

void operation_roll_back(struct sandbox *sandbox, json_t *stack, const char *token, int64_t now_ms)
{
	bool is_create = stack_has_status(stack, "CREATE_FAILED");
	const json_t *operation = take_up(stack, token);

	if (!is_create)
		restore(stack, operation);
	enter_phase(sandbox, stack, find_phase(is_create ? "rollback" : "update-rollback"),
		    "User Initiated", now_ms);
	sandbox->is_changed = true;
}
