/* Stacks, their events and resources as CloudFormation shows them. */
#include "sandbox/stack_view.h"

#include "base/cleanup.h"
#include "data/json.h"
#include "sandbox/change_set.h"
#include "sandbox/deployment.h"
#include "sandbox/document.h"
#include "sandbox/guise.h"
#include "sandbox/page.h"
#include "sandbox/stack.h"

#include <string.h>

#define PAGE_SIZE 100

/* The service has two texts for one thing: DescribeStacks' and that of all the others. */
static const char not_found_with_id[] = "Stack with id %s does not exist";

json_t *stack_view_need(struct call *call, struct error *err)
{
	const char *name = call_text(call, "StackName", err);
	json_t *stack = name ? stack_find(call->sandbox, name) : NULL;

	if (name && !stack)
		(void)refuse(err, "ValidationError", "Stack [%s] does not exist", name);
	return stack;
}

static void copy_member(const json_t *from, json_t *to, const char *name)
{
	json_t *value = json_object_get(from, name);

	if (value)
		(void)json_object_set(to, name, value);
}

static void copy_time(const json_t *from, json_t *to, const char *name)
{
	const json_t *value = json_object_get(from, name);

	if (value)
		(void)json_object_set_new(to, name, change_set_time(json_integer_value(value)));
}

/* ---- what stacks look like ---- */

static json_t *describe_stack(const json_t *stack)
{
	static const char *const copied[] = {
		"StackId",	"StackName",	     "ChangeSetId", "Description",
		"StackStatus",	"StackStatusReason", "RoleARN",	    "NotificationARNs",
		"Capabilities", "Outputs",	     "Tags"
	};
	json_t *result = json_object();

	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
		copy_member(stack, result, copied[i]);
	copy_time(stack, result, "CreationTime");
	copy_time(stack, result, "LastUpdatedTime");
	copy_time(stack, result, "DeletionTime");
	(void)json_object_set_new(result, "DisableRollback", json_false());
	(void)json_object_set_new(
		result, "EnableTerminationProtection",
		json_boolean(json_is_true(json_object_get(stack, "EnableTerminationProtection"))));
	(void)json_object_set_new(result, "Parameters", deployment_list_parameters(stack));
	(void)json_object_set_new(result, "DriftInformation",
				  json_pack("{s:s}", "StackDriftStatus", "NOT_CHECKED"));
	return result;
}

static json_t *describe_all(struct call *call)
{
	static const struct page_rule rule = { "Stacks", "NextToken", NULL, PAGE_SIZE };
	json_t *list = json_array(), *stack;
	size_t i;

	json_array_foreach(sandbox_list(call->sandbox, "Stacks"), i, stack)
	{
		if (!stack_has_status(stack, "DELETE_COMPLETE"))
			(void)json_array_append_new(list, describe_stack(stack));
	}
	return page_put(call, &rule, list, json_object());
}

json_t *stack_view_stacks(struct call *call, struct error *err)
{
	const char *name = call_optional(call, "StackName"), *stale;
	json_t *stack = name ? stack_find(call->sandbox, name) : NULL, *result;

	if (!name)
		return describe_all(call);
	if (!stack) {
		(void)refuse(err, "ValidationError", not_found_with_id, name);
		return NULL;
	}
	result = describe_stack(stack);
	stale = guise_stale_status(call->sandbox, stack);
	document_set_text(result, "StackStatus", stale);
	return json_pack("{s:[o]}", "Stacks", result);
}

json_t *stack_view_list(struct call *call, struct error *err)
{
	static const struct page_rule rule = { "StackSummaries", "NextToken", NULL, PAGE_SIZE };
	const json_t *wanted = call_list(call, "StackStatusFilter");
	json_t *list = json_array(), *stack;
	size_t i;

	(void)err;
	json_array_foreach(sandbox_list(call->sandbox, "Stacks"), i, stack)
	{
		json_t *summary;
		bool is_wanted = json_array_size(wanted) == 0;

		for (size_t j = 0; j < json_array_size(wanted); j++)
			is_wanted |= json_equal(json_array_get(wanted, j),
						json_object_get(stack, "StackStatus"));
		if (!is_wanted)
			continue;
		summary = json_object();
		copy_member(stack, summary, "StackId");
		copy_member(stack, summary, "StackName");
		copy_member(stack, summary, "StackStatus");
		copy_member(stack, summary, "StackStatusReason");
		copy_time(stack, summary, "CreationTime");
		copy_time(stack, summary, "LastUpdatedTime");
		copy_time(stack, summary, "DeletionTime");
		(void)json_array_append_new(list, summary);
	}
	return page_put(call, &rule, list, json_object());
}

/* ---- events and resources ---- */

/*
 * Newest first. The token is the number of events that are older than the page before: what is
 * added meanwhile does not move the pages.
 */
struct event_page {
	const json_t *events; /* of the stack, oldest first */
	size_t left;	      /* those of them that are yet to be shown */
	size_t size;
	const char *name; /* of the output's member */
};

static struct event_page begin_page(const struct call *call, const json_t *stack, const char *name)
{
	static const struct page_rule rule = { NULL, "NextToken", NULL, PAGE_SIZE };
	const json_t *events = json_object_get(stack, "Events");
	size_t start = page_start(call, "NextToken"), left = json_array_size(events);

	return (struct event_page){ events, start && start < left ? start : left,
				    page_size(call, &rule), name };
}

static json_t *end_page(const struct event_page *page, json_t *list)
{
	json_t *result = json_pack("{s:o}", page->name, list);

	if (page->left)
		(void)json_object_set_new(result, "NextToken", json_sprintf("%zu", page->left));
	return result;
}

json_t *stack_view_events(struct call *call, struct error *err)
{
	const json_t *stack = stack_view_need(call, err);
	struct event_page page = begin_page(call, stack, "StackEvents");
	json_t *list;

	if (!stack)
		return NULL;
	list = json_array();
	while (json_array_size(list) < page.size && page.left > 0) {
		const json_t *from = json_array_get(page.events, --page.left);
		json_t *event = json_copy(document_loosen(from));

		copy_member(stack, event, "StackId");
		copy_member(stack, event, "StackName");
		copy_time(from, event, "Timestamp");
		(void)json_object_del(event, "OperationType");
		(void)json_array_append_new(list, event);
	}
	return end_page(&page, list);
}

static bool has_ending(const char *text, const char *ending)
{
	size_t len = strlen(text), tail = strlen(ending);

	return len >= tail && strcmp(text + len - tail, ending) == 0;
}

/* A stack's own events tell how the operation does, the others are its progress and its errors. */
static json_t *operation_event(const json_t *stack, const json_t *from)
{
	json_t *event = json_copy(document_loosen(from));
	const char *status = json_text(from, "ResourceStatus");
	bool is_stack =
		strcmp(json_text(from, "PhysicalResourceId"), json_text(stack, "StackId")) == 0;
	bool is_failed = has_ending(status, "_FAILED");

	copy_member(stack, event, "StackId");
	copy_time(from, event, "Timestamp");
	document_set_text(event, "EventType",
			  is_stack    ? "STACK_EVENT"
			  : is_failed ? "PROVISIONING_ERROR"
				      : "PROGRESS_EVENT");
	if (is_stack)
		document_set_text(event, "OperationStatus",
				  has_ending(status, "_IN_PROGRESS") ? "IN_PROGRESS"
				  : is_failed			     ? "FAILED"
								     : "SUCCEEDED");
	return event;
}

static bool is_wanted_event(const struct call *call, const json_t *event)
{
	const char *operation = call_optional(call, "OperationId");
	const char *failed = json_text(json_object_get(call->input, "Filters"), "FailedEvents");
	const char *id = json_text(event, "OperationId");

	if (operation && (!id || strcmp(id, operation) != 0))
		return false;
	return !failed || strcmp(failed, "true") != 0 ||
	       has_ending(json_text(event, "ResourceStatus"), "_FAILED");
}

/* The stack of the operation, where that is all the call names. */
static const json_t *stack_of_operation(struct call *call, struct error *err)
{
	const char *operation = call_optional(call, "OperationId");
	const json_t *stack, *event;
	size_t i, j;

	if (call_optional(call, "StackName"))
		return stack_view_need(call, err);
	json_array_foreach(sandbox_list(call->sandbox, "Stacks"), i,
			   stack){ json_array_foreach(json_object_get(stack, "Events"), j, event){
		const char *id = json_text(event, "OperationId");

	if (operation && id && strcmp(id, operation) == 0)
		return stack;
}
}
(void)refuse(err, "ValidationError",
	     "One of ChangeSetName, OperationId or StackName must be specified");
return NULL;
}

/* DescribeEvents. */
json_t *stack_view_operation_events(struct call *call, struct error *err)
{
	const json_t *stack = stack_of_operation(call, err);
	struct event_page page = begin_page(call, stack, "OperationEvents");
	json_t *list;

	if (!stack)
		return NULL;
	list = json_array();
	while (json_array_size(list) < page.size && page.left > 0) {
		const json_t *event = json_array_get(page.events, --page.left);

		if (is_wanted_event(call, event))
			(void)json_array_append_new(list, operation_event(stack, event));
	}
	return end_page(&page, list);
}

static json_t *describe_resource(const json_t *stack, const char *logical_id,
				 const json_t *resource, const char *time_name)
{
	json_t *result = json_object();
	const json_t *time = json_object_get(resource, "Timestamp");

	copy_member(stack, result, "StackId");
	copy_member(stack, result, "StackName");
	(void)json_object_set_new(result, "LogicalResourceId", json_string(logical_id));
	copy_member(resource, result, "PhysicalResourceId");
	(void)json_object_set(result, "ResourceType", json_object_get(resource, "Type"));
	copy_member(resource, result, "ResourceStatus");
	copy_member(resource, result, "ResourceStatusReason");
	(void)json_object_set_new(result, time_name, change_set_time(json_integer_value(time)));
	(void)json_object_set_new(result, "DriftInformation",
				  json_pack("{s:s}", "StackResourceDriftStatus", "NOT_CHECKED"));
	return result;
}

static json_t *describe_resources(const json_t *stack, const char *time_name)
{
	json_t *list = json_array(), *resource;
	const char *name;

	json_object_foreach(json_object_get(stack, "Resources"), name, resource)(void)
		json_array_append_new(list, describe_resource(stack, name, resource, time_name));
	return list;
}

/* The first hundred; there is no next page (API reference, DescribeStackResources). */
json_t *stack_view_resources(struct call *call, struct error *err)
{
	const json_t *stack = stack_view_need(call, err);
	json_t *resources;

	if (!stack)
		return NULL;
	resources = describe_resources(stack, "Timestamp");
	while (json_array_size(resources) > PAGE_SIZE)
		(void)json_array_remove(resources, json_array_size(resources) - 1);
	return json_pack("{s:o}", "StackResources", resources);
}

json_t *stack_view_list_resources(struct call *call, struct error *err)
{
	static const struct page_rule rule = { "StackResourceSummaries", "NextToken", NULL,
					       PAGE_SIZE };
	const json_t *stack = stack_view_need(call, err);

	if (!stack)
		return NULL;
	return page_put(call, &rule, describe_resources(stack, "LastUpdatedTimestamp"),
			json_object());
}

json_t *stack_view_resource(struct call *call, struct error *err)
{
	const json_t *stack = stack_view_need(call, err);
	const char *logical_id = stack ? call_text(call, "LogicalResourceId", err) : NULL;
	const json_t *resource;

	if (!logical_id)
		return NULL;
	resource = json_object_get(json_object_get(stack, "Resources"), logical_id);
	if (!resource) {
		(void)refuse(err, "ValidationError", "Resource %s does not exist for stack %s",
			     logical_id, json_text(stack, "StackName"));
		return NULL;
	}
	return json_pack("{s:o}", "StackResourceDetail",
			 describe_resource(stack, logical_id, resource, "LastUpdatedTimestamp"));
}

json_t *stack_view_exports(struct call *call, struct error *err)
{
	static const struct page_rule rule = { "Exports", "NextToken", NULL, PAGE_SIZE };
	json_t *list = json_array(), *stack, *output;
	size_t i, j;

	(void)err;
	json_array_foreach(sandbox_list(call->sandbox, "Stacks"), i, stack)
	{
		json_array_foreach(json_object_get(stack, "Outputs"), j, output)
		{
			if (json_text(output, "ExportName"))
				(void)json_array_append_new(
					list,
					json_pack("{s:O, s:O, s:O}", "ExportingStackId",
						  json_object_get(stack, "StackId"), "Name",
						  json_object_get(output, "ExportName"), "Value",
						  json_object_get(output, "OutputValue")));
		}
	}
	return page_put(call, &rule, list, json_object());
}
