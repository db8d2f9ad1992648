#include "sandbox/operation_step.h"

#include "base/cleanup.h"
#include "data/json.h"
#include "sandbox/document.h"
#include "sandbox/effect.h"
#include "sandbox/resource_type.h"
#include "sandbox/stack.h"

#include <string.h>

/* How far into a creation the physical id is known: a quarter. */
#define INITIATED_PART 4

/* ---- small helpers on documents ---- */

bool step_is_in_state(const json_t *step, const char *state)
{
	return strcmp(json_text(step, "State"), state) == 0;
}

bool step_has_action(const json_t *step, const char *action)
{
	return strcmp(json_text(step, "Action"), action) == 0;
}

json_t *step_list(const json_t *operation)
{
	return json_object_get(operation, "Steps");
}

void step_add(json_t *operation, const char *action, json_t *resource, json_t *needs)
{
	const char *logical_id = json_text(resource, "LogicalResourceId");

	(void)json_array_append_new(step_list(operation),
				    json_pack("{s:s, s:s, s:s, s:o, s:O}", "LogicalId", logical_id,
					      "Action", action, "State", "waiting", "Needs", needs,
					      "Resource", resource));
}

/* The step for a resource that is not the one asked about, or NULL. */
json_t *step_find(const json_t *operation, const char *logical_id)
{
	json_t *step;
	size_t i;

	json_array_foreach(step_list(operation), i, step)
	{
		if (strcmp(json_text(step, "LogicalId"), logical_id) == 0)
			return step;
	}
	return NULL;
}

/* Whether a step touched its resource before the phase came to its end. */
bool step_has_begun(const json_t *step)
{
	return !step_is_in_state(step, "waiting") && !step_is_in_state(step, "skipped");
}

/* ---- steps ---- */

/* The stack's own record of a resource; made when it is first told of. */
static void record_status(json_t *stack, const json_t *step, const char *status, const char *reason,
			  int64_t at_ms)
{
	json_t *resources = json_object_get(stack, "Resources");
	const char *logical_id = json_text(step, "LogicalId");
	json_t *there = json_object_get(resources, logical_id);

	if (!there) {
		there = json_deep_copy(json_object_get(step, "Resource"));
		(void)json_object_set_new(resources, logical_id, there);
		(void)json_object_del(there, "PhysicalResourceId");
	}
	document_set_text(there, "ResourceStatus", status);
	document_set_time(there, "Timestamp", at_ms);
	(void)json_object_del(there, "ResourceStatusReason");
	document_set_text(there, "ResourceStatusReason", reason);
}

/* The physical id that an event shows: none before a creation is initiated, the old one before a
 * replacement is.
 */
static const char *shown_id(const json_t *step)
{
	const json_t *resource = json_object_get(step, "Resource");
	const char *replaces = json_text(resource, "Replaces");

	if (!step_is_in_state(step, "begun") || step_has_action(step, "DELETE"))
		return json_text(resource, "PhysicalResourceId");
	if (step_has_action(step, "CREATE"))
		return "";
	return replaces ? replaces : json_text(resource, "PhysicalResourceId");
}

void step_tell(struct sandbox *sandbox, json_t *stack, const json_t *step, const char *ending,
	       const char *reason, int64_t at_ms)
{
	const json_t *resource = json_object_get(step, "Resource");
	const json_t *operation = json_object_get(stack, "Operation");
	CLEANUP(str_release) struct str status = STR_INIT;
	struct stack_event event = {
		.logical_id = json_text(step, "LogicalId"),
		.physical_id = shown_id(step),
		.type = json_text(resource, "Type"),
		.reason = reason,
		.properties = json_object_get(resource, "Properties"),
		.token = json_text(operation, "Token"),
		.at_ms = at_ms,
	};

	str_addf(&status, "%s_%s", json_text(step, "Action"), ending);
	event.status = status.buf;
	stack_add_event(sandbox, stack, &event);
	/* While garbage is cleared away the live resource keeps its own status. */
	if (!strstr(json_text(operation, "Phase"), "cleanup"))
		record_status(stack, step, status.buf, reason, at_ms);
}

/* The resource is now what the step made of it. */
static void make_resource(struct sandbox *sandbox, json_t *stack, const json_t *step, int64_t at_ms)
{
	json_t *resource = json_object_get(step, "Resource");
	json_t *there =
		json_object_get(json_object_get(stack, "Resources"), json_text(step, "LogicalId"));

	(void)json_object_update(there, resource);
	(void)json_object_del(there, "Replaces");
	effect_made(sandbox, resource, at_ms);
}

/* What was replaced goes; the resource that took its place stays. */
static void remove_resource(struct sandbox *sandbox, json_t *stack, const json_t *step,
			    int64_t at_ms)
{
	json_t *resources = json_object_get(stack, "Resources");
	const json_t *resource = json_object_get(step, "Resource");
	const char *logical_id = json_text(step, "LogicalId");
	const char *id = json_text(resource, "PhysicalResourceId");
	const char *live = json_text(json_object_get(resources, logical_id), "PhysicalResourceId");

	effect_removed(sandbox, resource, at_ms);
	if (!live || strcmp(live, id) == 0)
		(void)json_object_del(resources, logical_id);
}

static const char failure_reason[] =
	"Resource handler returned message: \"Invalid request\" (RequestToken: sandbox, "
	"HandlerErrorCode: InvalidRequest)";

static unsigned usual_seconds(const json_t *step)
{
	const json_t *resource = json_object_get(step, "Resource");
	const struct resource_type *type = resource_type_find(json_text(resource, "Type"));

	if (!type)
		return 1;
	if (step_has_action(step, "DELETE"))
		return type->delete_s;
	if (step_has_action(step, "CREATE") || json_text(resource, "Replaces"))
		return type->create_s;
	return type->update_s;
}

/* What the step is to the scenario: undoing an update is a thing of its own. */
static const char *scenario_action(const json_t *stack, const json_t *step)
{
	const json_t *operation = json_object_get(stack, "Operation");

	return strcmp(json_text(operation, "Phase"), "update-rollback") == 0
		       ? "ROLLBACK"
		       : json_text(step, "Action");
}

/* Asks the scenario how it will end, and when. */
static void plan_end(struct sandbox *sandbox, const json_t *stack, json_t *step, int64_t at_ms)
{
	const json_t *resource = json_object_get(step, "Resource");
	const struct scenario_subject subject = { json_text(stack, "StackName"),
						  json_text(step, "LogicalId"),
						  json_text(resource, "Type"),
						  scenario_action(stack, step) };
	const struct effect_request request = { subject.stack, subject.logical_id, subject.action,
						resource, usual_seconds(step) };
	struct outcome outcome = scenario_next_outcome(&sandbox->scenario, &subject);
	CLEANUP(forecast_release) struct forecast forecast = FORECAST_INIT;
	unsigned seconds = request.usual_s;

	effect_begin(sandbox, &request, at_ms, &forecast);
	if (outcome.kind == OUTCOME_FAIL)
		document_set_text(step, "Reason", outcome.reason ? outcome.reason : failure_reason);
	else if (outcome.kind == OUTCOME_USUAL && forecast.fails)
		document_set_text(step, "Reason", forecast.reason.buf);
	if (outcome.seconds)
		seconds = outcome.seconds;
	else if (outcome.kind == OUTCOME_USUAL && forecast.is_known)
		seconds = forecast.seconds;
	document_set_time(step, "EndsAt",
			  outcome.kind == OUTCOME_STUCK
				  ? STEP_NEVER
				  : at_ms + sandbox_duration_ms(sandbox, seconds));
	/* A service is there at once, and takes its time to be well. */
	if (outcome.kind == OUTCOME_USUAL && seconds > request.usual_s)
		seconds = request.usual_s;
	document_set_time(step, "NextAt",
			  step_has_action(step, "DELETE")
				  ? document_time(step, "EndsAt")
				  : at_ms + sandbox_duration_ms(sandbox, seconds) / INITIATED_PART);
}

static void begin_step(struct sandbox *sandbox, json_t *stack, json_t *step, int64_t at_ms)
{
	const char *replaces = json_text(json_object_get(step, "Resource"), "Replaces");

	document_set_text(step, "State", "begun");
	plan_end(sandbox, stack, step, at_ms);
	step_tell(sandbox, stack, step, "IN_PROGRESS",
		  replaces && step_has_action(step, "UPDATE")
			  ? "Requested update requires the creation of a new physical resource; "
			    "hence creating one."
			  : NULL,
		  at_ms);
}

/* The physical id is known. An update in place has no such moment of its own. */
static void initiate_step(struct sandbox *sandbox, json_t *stack, json_t *step, int64_t at_ms)
{
	json_t *resource = json_object_get(step, "Resource");
	json_t *there;

	document_set_text(step, "State", "initiated");
	document_set_time(step, "NextAt", document_time(step, "EndsAt"));
	if (step_has_action(step, "UPDATE") && !json_text(resource, "Replaces"))
		return;
	there = json_object_get(json_object_get(stack, "Resources"), json_text(step, "LogicalId"));
	if (there)
		(void)json_object_set(there, "PhysicalResourceId",
				      json_object_get(resource, "PhysicalResourceId"));
	step_tell(sandbox, stack, step, "IN_PROGRESS", "Resource creation Initiated", at_ms);
}

static void remember_failure(json_t *operation, const json_t *step)
{
	json_t *failed = json_object_get(operation, "Failed");
	const char *verb = step_has_action(step, "CREATE")   ? "create"
			   : step_has_action(step, "UPDATE") ? "update"
							     : "delete";

	if (!json_object_get(failed, verb))
		(void)json_object_set_new(failed, verb, json_array());
	(void)json_array_append(json_object_get(failed, verb), json_object_get(step, "LogicalId"));
}

/* The others that are under way are broken off, and the rest is not begun. */
void step_cancel_others(struct sandbox *sandbox, json_t *stack, int64_t at_ms)
{
	json_t *operation = json_object_get(stack, "Operation"), *step;
	size_t i;

	json_array_foreach(step_list(operation), i, step)
	{
		if (step_is_in_state(step, "waiting")) {
			document_set_text(step, "State", "skipped");
		} else if (step_is_in_state(step, "begun") || step_is_in_state(step, "initiated")) {
			bool was_begun = step_is_in_state(step, "begun");
			bool is_create = step_has_action(step, "CREATE");

			step_tell(sandbox, stack, step, "FAILED",
				  is_create ? "Resource creation cancelled"
					    : "Resource update cancelled",
				  at_ms);
			remember_failure(operation, step);
			document_set_text(step, "State", was_begun ? "begun" : "failed");
			document_set_time(step, "EndsAt", at_ms);
			document_set_time(step, "NextAt", STEP_NEVER);
		}
	}
}

static void fail_step(struct sandbox *sandbox, json_t *stack, json_t *step, int64_t at_ms)
{
	json_t *operation = json_object_get(stack, "Operation");

	step_tell(sandbox, stack, step, "FAILED", json_text(step, "Reason"), at_ms);
	document_set_text(step, "State", "failed");
	remember_failure(operation, step);
	if (!json_is_true(json_object_get(operation, "GivesUp")))
		return;
	step_cancel_others(sandbox, stack, at_ms);
	document_set_text(operation, "GivenUp", "yes");
}

static bool is_retained(const json_t *step)
{
	const char *policy = json_text(json_object_get(step, "Resource"), "DeletionPolicy");

	return step_has_action(step, "DELETE") && policy && strncmp(policy, "Retain", 6) == 0;
}

static void end_step(struct sandbox *sandbox, json_t *stack, json_t *step, int64_t at_ms)
{
	bool is_delete = step_has_action(step, "DELETE");

	if (json_text(step, "Reason")) {
		fail_step(sandbox, stack, step, at_ms);
		return;
	}
	document_set_text(step, "State", "done");
	if (!is_delete)
		make_resource(sandbox, stack, step, at_ms);
	step_tell(sandbox, stack, step, "COMPLETE", NULL, at_ms);
	if (is_delete)
		remove_resource(sandbox, stack, step, at_ms);
}

static void skip_retained(struct sandbox *sandbox, json_t *stack, json_t *step, int64_t at_ms)
{
	document_set_text(step, "State", "done");
	document_set_time(step, "EndsAt", at_ms);
	step_tell(sandbox, stack, step, "SKIPPED", NULL, at_ms);
}

/* One thing happens to one step: it begins, is initiated, or ends. */
void step_move(struct sandbox *sandbox, json_t *stack, json_t *step, int64_t at_ms)
{
	if (step_is_in_state(step, "waiting") && is_retained(step))
		skip_retained(sandbox, stack, step, at_ms);
	else if (step_is_in_state(step, "waiting"))
		begin_step(sandbox, stack, step, at_ms);
	else if (step_is_in_state(step, "begun") && !step_has_action(step, "DELETE"))
		initiate_step(sandbox, stack, step, at_ms);
	else
		end_step(sandbox, stack, step, at_ms);
}

/* ---- time ---- */

/*
 * When something happens to a step next; STEP_NEVER where nothing will. A waiting step is due when
 * the last of those it needs has ended well; where one of them failed, it is passed over.
 */
static int64_t next_time(const json_t *operation, json_t *step)
{
	int64_t at_ms = document_time(operation, "At");
	const json_t *need;
	size_t i;

	if (step_is_in_state(step, "begun") || step_is_in_state(step, "initiated"))
		return document_time(step, "NextAt");
	if (!step_is_in_state(step, "waiting"))
		return STEP_NEVER;
	json_array_foreach(json_object_get(step, "Needs"), i, need)
	{
		const json_t *other = step_find(operation, json_string_value(need));

		if (!other || step_is_in_state(other, "done")) {
			if (other && document_time(other, "EndsAt") > at_ms)
				at_ms = document_time(other, "EndsAt");
			continue;
		}
		if (step_is_in_state(other, "failed") || step_is_in_state(other, "skipped"))
			document_set_text(step, "State", "skipped");
		return STEP_NEVER;
	}
	return at_ms;
}

/* The step that moves next, and when; NULL where all is done, given up, or stuck for good. */
json_t *step_next(const json_t *operation, int64_t *ret_at_ms)
{
	json_t *step, *first = NULL;
	size_t i;

	*ret_at_ms = STEP_NEVER;
	json_array_foreach(step_list(operation), i, step)
	{
		int64_t at_ms = next_time(operation, step);

		if (at_ms < *ret_at_ms) {
			*ret_at_ms = at_ms;
			first = step;
		}
	}
	return first;
}

/* When the last step ended; STEP_NEVER while one has not. */
int64_t step_end_of_all(const json_t *operation)
{
	int64_t last_ms = document_time(operation, "At");
	bool has_given_up = json_text(operation, "GivenUp") != NULL;
	const json_t *step;
	size_t i;

	json_array_foreach(step_list(operation), i, step)
	{
		if (step_is_in_state(step, "skipped"))
			continue;
		if (!has_given_up && !step_is_in_state(step, "done") &&
		    !step_is_in_state(step, "failed"))
			return STEP_NEVER;
		if (document_time(step, "EndsAt") > last_ms)
			last_ms = document_time(step, "EndsAt");
	}
	return last_ms;
}
