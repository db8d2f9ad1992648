#include "sandbox/stack.h"

#include "base/cleanup.h"
#include "data/json.h"
#include "sandbox/document.h"
#include "sandbox/guise.h"
#include "sandbox/operation.h"
#include "sandbox/rollout.h"

#include <string.h>

json_t *stack_find(struct sandbox *sandbox, const char *name_or_arn)
{
	bool is_arn = strncmp(name_or_arn, "arn:", 4) == 0;
	json_t *stack;
	size_t i;

	json_array_foreach(sandbox_list(sandbox, "Stacks"), i, stack)
	{
		if (is_arn && strcmp(json_text(stack, "StackId"), name_or_arn) == 0)
			return stack;
		if (!is_arn && strcmp(json_text(stack, "StackName"), name_or_arn) == 0 &&
		    !stack_has_status(stack, "DELETE_COMPLETE"))
			return stack;
	}
	return NULL;
}

json_t *stack_new(struct sandbox *sandbox, const char *name, int64_t now_ms)
{
	CLEANUP(str_release) struct str id = STR_INIT;
	json_t *stack;

	str_addf(&id, "arn:aws:cloudformation:%s:%s:stack/%s/", sandbox_region(sandbox),
		 sandbox_account(sandbox), name);
	sandbox_random_uuid(&id);
	stack = json_pack("{s:s, s:s, s:s, s:I, s:{}, s:{}, s:[], s:[]}", "StackName", name,
			  "StackId", id.buf, "StackStatus", "REVIEW_IN_PROGRESS", "CreationTime",
			  (json_int_t)now_ms, "Resources", "Parameters", "Events", "Outputs");
	(void)json_array_append_new(sandbox_list(sandbox, "Stacks"), stack);
	sandbox->is_changed = true;
	return stack;
}

void stack_forget(struct sandbox *sandbox, const json_t *stack)
{
	json_t *stacks = sandbox_list(sandbox, "Stacks");

	for (size_t i = 0; i < json_array_size(stacks); i++) {
		if (json_array_get(stacks, i) == stack) {
			(void)json_array_remove(stacks, i);
			sandbox->is_changed = true;
			return;
		}
	}
}

bool stack_has_status(const json_t *stack, const char *status)
{
	return strcmp(json_text(stack, "StackStatus"), status) == 0;
}

bool stack_is_busy(const json_t *stack)
{
	const char *status = json_text(stack, "StackStatus");
	const char *tail = strstr(status, "_IN_PROGRESS");

	return tail && !tail[strlen("_IN_PROGRESS")] && strcmp(status, "REVIEW_IN_PROGRESS") != 0;
}

/* Event ids as CloudFormation makes them: a UUID for the stack, LOGICAL-STATUS-TIME for others. */
static void make_event_id(const struct stack_event *event, size_t number, struct str *out)
{
	if (event->logical_id) {
		str_addf(out, "%s-%s-", event->logical_id, event->status);
		clock_format_rfc3339(event->at_ms, out);
		str_addf(out, "-%zu", number);
	} else {
		sandbox_random_uuid(out);
	}
}

void stack_add_event(struct sandbox *sandbox, json_t *stack, const struct stack_event *event)
{
	json_t *events = json_object_get(stack, "Events");
	CLEANUP(str_release) struct str id = STR_INIT;
	json_t *entry = json_object();
	const json_t *operation = json_object_get(stack, "Operation");

	make_event_id(event, json_array_size(events), &id);
	document_set_text(entry, "EventId", id.buf);
	document_set_text(entry, "LogicalResourceId",
			  event->logical_id ? event->logical_id : json_text(stack, "StackName"));
	document_set_text(entry, "PhysicalResourceId",
			  event->logical_id ? event->physical_id : json_text(stack, "StackId"));
	document_set_text(entry, "ResourceType",
			  event->logical_id ? event->type : "AWS::CloudFormation::Stack");
	document_set_text(entry, "ResourceStatus", event->status);
	document_set_text(entry, "ResourceStatusReason", event->reason);
	document_set_text(entry, "ClientRequestToken", event->token);
	document_set_text(entry, "OperationId", json_text(operation, "OperationId"));
	document_set_text(entry, "OperationType", json_text(operation, "OperationType"));
	if (event->properties) {
		CLEANUP(str_release) struct str text = STR_INIT;

		json_write(event->properties, &text);
		document_set_text(entry, "ResourceProperties", text.buf);
	}
	document_set_time(entry, "Timestamp", event->at_ms);
	(void)json_array_append_new(events, entry);
	sandbox->is_changed = true;
}

void stack_set_status(struct sandbox *sandbox, json_t *stack, const char *status,
		      const char *reason, const char *token, int64_t at_ms)
{
	const struct stack_event event = {
		.status = status, .reason = reason, .token = token, .at_ms = at_ms
	};

	document_set_text(stack, "StackStatus", status);
	(void)json_object_del(stack, "StackStatusReason");
	document_set_text(stack, "StackStatusReason", reason);
	stack_add_event(sandbox, stack, &event);
}

void stack_advance_all(struct sandbox *sandbox, int64_t now_ms)
{
	json_t *stack;
	size_t i;

	json_array_foreach(sandbox_list(sandbox, "Stacks"), i, stack)
	{
		guise_advance(sandbox, stack, now_ms);
		operation_advance(sandbox, stack, now_ms);
	}
	rollout_advance_all(sandbox, now_ms);
}
