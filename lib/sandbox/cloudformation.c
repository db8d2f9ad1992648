/*
 * CloudFormation, API version 2010-05-15: changing stacks, and the table of all operations. Looking
 * at them is in sandbox/stack_view.c, change sets are in sandbox/change_set.c.
 */
#include "base/cleanup.h"
#include "data/json.h"
#include "sandbox/call.h"
#include "sandbox/change_set.h"
#include "sandbox/deployment.h"
#include "sandbox/document.h"
#include "sandbox/intrinsic.h"
#include "sandbox/operation.h"
#include "sandbox/stack.h"
#include "sandbox/stack_view.h"
#include "sandbox/template.h"

#include <string.h>

static const char *const described[] = { "Description", NULL };

/* ---- templates ---- */

static json_t *get_template(struct call *call, struct error *err)
{
	const json_t *stack = stack_view_need(call, err);

	if (!stack)
		return NULL;
	return json_pack("{s:s, s:[s, s]}", "TemplateBody",
			 json_text(stack, "TemplateBody") ? json_text(stack, "TemplateBody") : "",
			 "StagesAvailable", "Original", "Processed");
}

/* A template that the call carries, or that of the stack that it names. */
static json_t *template_of_call(struct call *call, struct error *err)
{
	const char *name = call_optional(call, "StackName");
	const json_t *stack = name ? stack_view_need(call, err) : NULL;
	const char *text;

	if (name && !stack)
		return NULL;
	text = stack && json_text(stack, "TemplateBody")
		       ? json_text(stack, "TemplateBody")
		       : deployment_template_text(call, NULL, err);
	return text ? template_read(text, strlen(text), err) : NULL;
}

static json_t *describe_parameters(const json_t *template, bool is_summary)
{
	json_t *list = json_array(), *parameter;
	const char *name;

	json_object_foreach(json_object_get(template, "Parameters"), name, parameter)
	{
		CLEANUP(str_release) struct str value = STR_INIT;
		json_t *entry = json_pack("{s:s, s:b}", "ParameterKey", name, "NoEcho",
					  template_hides(template, name));

		if (template_scalar(json_object_get(parameter, "Default"), &value))
			(void)json_object_set_new(entry, "DefaultValue", json_string(value.buf));
		document_copy(parameter, entry, described);
		if (is_summary)
			(void)json_object_set(entry, "ParameterType",
					      json_object_get(parameter, "Type"));
		(void)json_array_append_new(list, entry);
	}
	return list;
}

static json_t *summarize(struct call *call, bool is_summary, struct error *err)
{
	json_auto_t *template = template_of_call(call, err);
	json_auto_t *types = NULL;
	json_t *capabilities, *result;

	if (!template)
		return NULL;
	capabilities = template_capabilities(template, &types);
	result = json_pack("{s:o}", "Parameters", describe_parameters(template, is_summary));
	document_copy(template, result, described);
	if (json_array_size(types)) {
		CLEANUP(str_release) struct str names = STR_INIT;

		template_list_names(types, &names);
		(void)json_object_set_new(
			result, "CapabilitiesReason",
			json_sprintf("The following resource(s) require capabilities: %s",
				     names.buf));
	}
	(void)json_object_set_new(result, "Capabilities", capabilities);
	return result;
}

static json_t *validate_template(struct call *call, struct error *err)
{
	return summarize(call, false, err);
}

static json_t *get_template_summary(struct call *call, struct error *err)
{
	json_auto_t *template = template_of_call(call, err);
	json_t *result = template ? summarize(call, true, err) : NULL, *types, *resource;
	const char *name;

	if (!result)
		return NULL;
	types = json_array();
	json_object_foreach(json_object_get(template, "Resources"), name, resource)(void)
		json_array_append(types, json_object_get(resource, "Type"));
	(void)json_object_set_new(result, "ResourceTypes", types);
	(void)json_object_set_new(result, "Version", json_string("2010-09-09"));
	return result;
}

/* ---- changing stacks ---- */

static const char *on_failure(const struct call *call)
{
	const char *disable = call_optional(call, "DisableRollback");

	if (disable && strcmp(disable, "true") == 0)
		return "DO_NOTHING";
	return call_optional(call, "OnFailure");
}

static json_t *create_stack(struct call *call, struct error *err)
{
	CLEANUP(deployment_release) struct deployment deployment = { .template = NULL };
	const char *name = call_text(call, "StackName", err);
	struct operation_request request = { .token = call_optional(call, "ClientRequestToken"),
					     .reason = "User Initiated",
					     .on_failure = on_failure(call) };
	json_t *stack;

	if (!name || deployment_check_name(name, "stackName", err) < 0)
		return NULL;
	if (stack_find(call->sandbox, name)) {
		(void)refuse(err, "AlreadyExistsException", "Stack [%s] already exists", name);
		return NULL;
	}
	stack = stack_new(call->sandbox, name, call->now_ms);
	if (deployment_read(call, stack, &deployment, err) < 0) {
		stack_forget(call->sandbox, stack);
		return NULL;
	}
	request.plan = deployment.plan;
	request.after = deployment.after;
	operation_create(call->sandbox, stack, &request, call->now_ms);
	return json_pack("{s:O}", "StackId", json_object_get(stack, "StackId"));
}

static json_t *update_stack(struct call *call, struct error *err)
{
	CLEANUP(deployment_release) struct deployment deployment = { .template = NULL };
	struct operation_request request = { .token = call_optional(call, "ClientRequestToken"),
					     .reason = "User Initiated",
					     .on_failure = on_failure(call) };
	json_t *stack = stack_view_need(call, err);

	if (!stack || deployment_check_updatable(stack, err) < 0 ||
	    deployment_read(call, stack, &deployment, err) < 0)
		return NULL;
	if (deployment.is_empty) {
		(void)refuse(err, "ValidationError", "No updates are to be performed.");
		return NULL;
	}
	request.plan = deployment.plan;
	request.after = deployment.after;
	operation_update(call->sandbox, stack, &request, call->now_ms);
	change_set_drop_others(call->sandbox, json_text(stack, "StackId"), NULL);
	return json_pack("{s:O}", "StackId", json_object_get(stack, "StackId"));
}

static json_t *delete_stack(struct call *call, struct error *err)
{
	const char *name = call_text(call, "StackName", err);
	const struct operation_request request = {
		.token = call_optional(call, "ClientRequestToken"), .reason = "User Initiated"
	};
	json_t *stack = name ? stack_find(call->sandbox, name) : NULL;

	if (!name)
		return NULL;
	if (!stack || stack_has_status(stack, "DELETE_COMPLETE") ||
	    stack_has_status(stack, "DELETE_IN_PROGRESS"))
		return json_object();
	if (stack_is_busy(stack) && !stack_has_status(stack, "CREATE_IN_PROGRESS")) {
		(void)refuse(err, "ValidationError",
			     "Stack [%s] cannot be deleted while in status %s", name,
			     json_text(stack, "StackStatus"));
		return NULL;
	}
	if (json_is_true(json_object_get(stack, "EnableTerminationProtection"))) {
		(void)refuse(err, "ValidationError",
			     "Stack [%s] cannot be deleted while TerminationProtection is enabled",
			     name);
		return NULL;
	}
	change_set_drop_others(call->sandbox, json_text(stack, "StackId"), NULL);
	operation_delete(call->sandbox, stack, &request, call->now_ms);
	return json_object();
}

static json_t *refuse_rollback(const json_t *stack, struct error *err)
{
	(void)refuse(err, "ValidationError", "Stack:%s is in %s state and can not be rolled back.",
		     json_text(stack, "StackId"), json_text(stack, "StackStatus"));
	return NULL;
}

/* Only what failed may be skipped. */
static int check_skipped(const json_t *stack, const json_t *skip, struct error *err)
{
	const json_t *resources = json_object_get(stack, "Resources"), *name;
	size_t i;

	json_array_foreach(skip, i, name)
	{
		const json_t *resource = json_object_get(resources, json_string_value(name));
		const char *status = json_text(resource, "ResourceStatus");

		if (!status || strcmp(status, "UPDATE_FAILED") != 0)
			return refuse(err, "ValidationError",
				      "Resource %s cannot be skipped: it is not in UPDATE_FAILED",
				      json_string_value(name));
	}
	return 0;
}

static json_t *continue_rollback(struct call *call, struct error *err)
{
	json_t *stack = stack_view_need(call, err);
	const json_t *skip = call_list(call, "ResourcesToSkip");

	if (!stack || check_skipped(stack, skip, err) < 0)
		return NULL;
	if (!stack_has_status(stack, "UPDATE_ROLLBACK_FAILED"))
		return refuse_rollback(stack, err);
	operation_continue_rollback(call->sandbox, stack, call_optional(call, "ClientRequestToken"),
				    skip, call->now_ms);
	return json_object();
}

static json_t *rollback_stack(struct call *call, struct error *err)
{
	json_t *stack = stack_view_need(call, err);

	if (!stack)
		return NULL;
	if (!stack_has_status(stack, "UPDATE_FAILED") && !stack_has_status(stack, "CREATE_FAILED"))
		return refuse_rollback(stack, err);
	operation_roll_back(call->sandbox, stack, call_optional(call, "ClientRequestToken"),
			    call->now_ms);
	return json_pack("{s:O}", "StackId", json_object_get(stack, "StackId"));
}

static json_t *update_protection(struct call *call, struct error *err)
{
	json_t *stack = stack_view_need(call, err);
	const char *wanted = call_text(call, "EnableTerminationProtection", err);

	if (!stack || !wanted)
		return NULL;
	(void)json_object_set_new(stack, "EnableTerminationProtection",
				  json_boolean(strcmp(wanted, "true") == 0));
	call->sandbox->is_changed = true;
	return json_pack("{s:O}", "StackId", json_object_get(stack, "StackId"));
}

static json_t *cancel_update_stack(struct call *call, struct error *err)
{
	json_t *stack = stack_view_need(call, err);

	if (!stack)
		return NULL;
	if (!operation_cancel(call->sandbox, stack, call_optional(call, "ClientRequestToken"),
			      call->now_ms)) {
		(void)refuse(err, "ValidationError",
			     "CancelUpdateStack cannot be called from current stack status");
		return NULL;
	}
	return json_object();
}

static const struct operation operations[] = {
	{ "CancelUpdateStack", cancel_update_stack, false },
	{ "ContinueUpdateRollback", continue_rollback, false },
	{ "CreateChangeSet", change_set_create, false },
	{ "CreateStack", create_stack, false },
	{ "DeleteChangeSet", change_set_delete, false },
	{ "DeleteStack", delete_stack, false },
	{ "DescribeChangeSet", change_set_describe, false },
	{ "DescribeEvents", stack_view_operation_events, false },
	{ "DescribeStackEvents", stack_view_events, false },
	{ "DescribeStackResource", stack_view_resource, false },
	{ "DescribeStackResources", stack_view_resources, false },
	{ "DescribeStacks", stack_view_stacks, false },
	{ "ExecuteChangeSet", change_set_execute, false },
	{ "GetTemplate", get_template, false },
	{ "GetTemplateSummary", get_template_summary, false },
	{ "ListChangeSets", change_set_list, false },
	{ "ListExports", stack_view_exports, false },
	{ "ListStackResources", stack_view_list_resources, false },
	{ "ListStacks", stack_view_list, false },
	{ "RollbackStack", rollback_stack, false },
	{ "UpdateStack", update_stack, false },
	{ "UpdateTerminationProtection", update_protection, false },
	{ "ValidateTemplate", validate_template, false },
};

const struct service service_cloudformation = {
	.signing_name = "cloudformation",
	.protocol = PROTOCOL_QUERY,
	.version = "2010-05-15",
	.xml_namespace = "http://cloudformation.amazonaws.com/doc/2010-05-15/",
	.operations = operations,
	.operation_count = sizeof(operations) / sizeof(operations[0]),
};
