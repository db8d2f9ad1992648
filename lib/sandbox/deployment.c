#include "sandbox/deployment.h"

#include "base/cleanup.h"
#include "data/json.h"
#include "sandbox/plan.h"
#include "sandbox/s3.h"
#include "sandbox/stack.h"
#include "sandbox/template.h"

#include <ctype.h>
#include <string.h>

/* Quota "Template body size in a request". */
#define MAX_TEMPLATE_BYTES 51200

/* Quota "Template body size in an S3 object": 1 MB. */
#define MAX_OBJECT_BYTES 1000000

#define MAX_NAME_LEN 128

void deployment_release(struct deployment *deployment)
{
	json_decref(deployment->template);
	json_decref(deployment->plan);
	json_decref(deployment->changes);
	json_decref(deployment->after);
	*deployment = (struct deployment){ .template = NULL };
}

int deployment_check_name(const char *name, const char *member, struct error *err)
{
	size_t len = strlen(name);
	bool is_valid = isalpha((unsigned char)name[0]) && len <= MAX_NAME_LEN;

	for (const char *p = name; *p; p++)
		is_valid = is_valid && (isalnum((unsigned char)*p) || *p == '-');
	if (is_valid)
		return 0;
	return refuse(err, "ValidationError",
		      "1 validation error detected: Value '%s' at '%s' failed to satisfy "
		      "constraint: Member must satisfy regular expression pattern: "
		      "[a-zA-Z][-a-zA-Z0-9]*",
		      name, member);
}

int deployment_check_updatable(const json_t *stack, struct error *err)
{
	static const char *const updatable[] = { "CREATE_COMPLETE",	     "CREATE_FAILED",
						 "UPDATE_COMPLETE",	     "UPDATE_FAILED",
						 "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE",
						 "IMPORT_ROLLBACK_COMPLETE" };

	for (size_t i = 0; i < sizeof(updatable) / sizeof(updatable[0]); i++) {
		if (stack_has_status(stack, updatable[i]))
			return 0;
	}
	return refuse(err, "ValidationError", "Stack:%s is in %s state and can not be updated.",
		      json_text(stack, "StackId"), json_text(stack, "StackStatus"));
}

/* Kept in the call, as if it had come in it. */
static const char *read_template_url(const struct call *call, struct error *err)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	if (s3_read_url(call->sandbox, call_optional(call, "TemplateURL"), &text, err) < 0) {
		error_set_code(err, "ValidationError");
		return NULL;
	}
	if (text.len > MAX_OBJECT_BYTES) {
		(void)refuse(err, "ValidationError", "Template may not exceed %d bytes in size.",
			     MAX_OBJECT_BYTES);
		return NULL;
	}
	(void)json_object_set_new(call->input, DEPLOYMENT_TEMPLATE, json_string(text.buf));
	return call_optional(call, DEPLOYMENT_TEMPLATE);
}

const char *deployment_template_text(const struct call *call, const json_t *stack,
				     struct error *err)
{
	const char *body = call_optional(call, "TemplateBody");
	const char *previous = call_optional(call, "UsePreviousTemplate");

	if (call_optional(call, DEPLOYMENT_TEMPLATE))
		return call_optional(call, DEPLOYMENT_TEMPLATE);
	if (body && strlen(body) > MAX_TEMPLATE_BYTES) {
		(void)refuse(err, "ValidationError",
			     "1 validation error detected: Value '%.200s...' at 'templateBody' "
			     "failed to satisfy constraint: Member must have length less than or "
			     "equal to 51200",
			     body);
		return NULL;
	}
	if (body)
		return body;
	if (call_optional(call, "TemplateURL"))
		return read_template_url(call, err);
	body = json_text(stack, "TemplateBody");
	if (previous && strcmp(previous, "true") == 0 && body)
		return body;
	(void)refuse(err, "ValidationError",
		     "Either Template URL or Template Body must be specified.");
	return NULL;
}

/* Of IAM's two, the stronger one stands in for the weaker. */
static bool is_granted(const json_t *granted, const char *wanted)
{
	const json_t *item;
	size_t i;

	json_array_foreach(granted, i, item)
	{
		const char *name = json_string_value(item) ? json_string_value(item) : "";

		if (strcmp(name, wanted) == 0 || (strcmp(wanted, "CAPABILITY_IAM") == 0 &&
						  strcmp(name, "CAPABILITY_NAMED_IAM") == 0))
			return true;
	}
	return false;
}

static int check_capabilities(const struct call *call, const json_t *template, struct error *err)
{
	json_auto_t *types = NULL;
	json_auto_t *needed = template_capabilities(template, &types);
	json_auto_t *missing = json_array();
	CLEANUP(str_release) struct str text = STR_INIT;
	json_t *item;
	size_t i;

	json_array_foreach(needed, i, item)
	{
		if (!is_granted(call_list(call, "Capabilities"), json_string_value(item)))
			(void)json_array_append(missing, item);
	}
	if (json_array_size(missing) == 0)
		return 0;
	template_list_names(missing, &text);
	return refuse(err, "InsufficientCapabilitiesException", "Requires capabilities : %s",
		      text.buf);
}

/* Macros run in AWS only. */
static int check_transform(const json_t *template, struct error *err)
{
	const json_t *transform = json_object_get(template, "Transform");
	const char *name = json_string_value(json_is_array(transform) ? json_array_get(transform, 0)
								      : transform);

	if (!transform)
		return 0;
	return refuse(err, "ValidationError",
		      "Transform %s failed with: the sandbox does not run macros.",
		      name ? name : "");
}

/* Tags and such: what the call says, or what the stack has where the call is silent. */
static void take_member(const struct call *call, const json_t *stack, const char *name,
			json_t *after)
{
	json_t *given = json_object_get(call->input, name);
	json_t *kept = json_object_get(stack, name);

	if (given && !(json_is_string(given) && !*json_string_value(given)))
		(void)json_object_set(after, name, given);
	else if (kept)
		(void)json_object_set(after, name, kept);
}

/* The names of the parameters with NoEcho. */
static json_t *hidden_parameters(const json_t *template)
{
	json_t *hidden = json_object(), *parameter;
	const char *name;

	json_object_foreach(json_object_get(template, "Parameters"), name, parameter)
	{
		if (template_hides(template, name))
			(void)json_object_set_new(hidden, name, json_true());
	}
	return hidden;
}

static void collect_after(const struct call *call, const json_t *stack, const char *text,
			  struct deployment *deployment)
{
	static const char *const names[] = { "Capabilities", "Tags", "RoleARN",
					     "NotificationARNs" };
	const char *description = json_text(deployment->template, "Description");

	(void)json_object_set_new(deployment->after, "TemplateBody", json_string(text));
	(void)json_object_set_new(deployment->after, "Hidden",
				  hidden_parameters(deployment->template));
	if (description)
		(void)json_object_set_new(deployment->after, "Description",
					  json_string(description));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		take_member(call, stack, names[i], deployment->after);
}

static bool is_same_member(const json_t *stack, const json_t *after, const char *name)
{
	const json_t *a = json_object_get(stack, name), *b = json_object_get(after, name);

	return (!a && !b) || json_equal(a, b) ||
	       (!a && json_is_array(b) && json_array_size(b) == 0);
}

static int make_plan(struct call *call, json_t *stack, struct deployment *deployment,
		     struct error *err)
{
	const char *old_text = json_text(stack, "TemplateBody");
	json_auto_t *old_template =
		old_text ? template_read(old_text, strlen(old_text), err) : NULL;
	struct plan_request request = {
		.stack_name = json_text(stack, "StackName"),
		.stack_id = json_text(stack, "StackId"),
		.resources = json_object_get(stack, "Resources"),
		.template = deployment->template,
		.parameters = json_object_get(deployment->after, "Parameters"),
		.old_template = old_template,
		.old_parameters = json_object_get(stack, "Parameters"),
		.notification_arns = json_object_get(deployment->after, "NotificationARNs"),
	};

	if (old_text && !old_template)
		return -1;
	deployment->plan = plan_make(call->sandbox, &request, err);
	if (!deployment->plan)
		return -1;
	deployment->changes = plan_changes(deployment->plan, &request);
	deployment->is_empty = json_array_size(deployment->changes) == 0 &&
			       json_equal(json_object_get(stack, "Outputs"),
					  json_object_get(deployment->plan, "Outputs")) &&
			       is_same_member(stack, deployment->after, "Tags") &&
			       is_same_member(stack, deployment->after, "Description");
	return 0;
}

int deployment_read(struct call *call, json_t *stack, struct deployment *ret, struct error *err)
{
	CLEANUP(deployment_release) struct deployment deployment = { .after = json_object() };
	const char *text = deployment_template_text(call, stack, err);
	json_t *parameters;

	if (!text)
		return -1;
	deployment.template = template_read(text, strlen(text), err);
	if (!deployment.template)
		return -1;
	parameters = template_parameters(deployment.template, call_list(call, "Parameters"),
					 json_object_get(stack, "Parameters"), err);
	if (!parameters)
		return -1;
	(void)json_object_set_new(deployment.after, "Parameters", parameters);
	collect_after(call, stack, text, &deployment);
	if (check_capabilities(call, deployment.template, err) < 0 ||
	    check_transform(deployment.template, err) < 0 ||
	    make_plan(call, stack, &deployment, err) < 0)
		return -1;
	*ret = deployment;
	deployment = (struct deployment){ .template = NULL };
	return 0;
}

json_t *deployment_list_parameters(const json_t *stack)
{
	const json_t *hidden = json_object_get(stack, "Hidden");
	json_t *list = json_array(), *value;
	const char *name;

	json_object_foreach(json_object_get(stack, "Parameters"), name, value)(void)
		json_array_append_new(
			list, json_pack("{s:s, s:s}", "ParameterKey", name, "ParameterValue",
					json_object_get(hidden, name) ? "****"
								      : json_string_value(value)));
	return list;
}
