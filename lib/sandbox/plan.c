#include "sandbox/plan.h"

#include "base/cleanup.h"
#include "data/json.h"
#include "sandbox/document.h"
#include "sandbox/intrinsic.h"
#include "sandbox/resource_type.h"
#include "sandbox/template.h"

#include <stdlib.h>
#include <string.h>

/* Appends the names that differ between two objects. */
static void compare_members(const json_t *before, const json_t *after, json_t *changed)
{
	const char *name;
	json_t *item;

	json_object_foreach(document_loosen(after), name, item)
	{
		const json_t *old = json_object_get(before, name);

		if (!old || !json_equal(old, item))
			(void)json_array_append_new(changed, json_string(name));
	}
	json_object_foreach(document_loosen(before), name, item)
	{
		if (!json_object_get(after, name))
			(void)json_array_append_new(changed, json_string(name));
	}
}

static bool must_replace(const struct resource_type *type, const json_t *changed)
{
	const json_t *item;
	size_t i;

	json_array_foreach(changed, i, item)
	{
		if (resource_type_replaces(type, json_string_value(item)))
			return true;
	}
	return false;
}

static void give_new_id(const struct evaluation *evaluation, const char *logical_id,
			json_t *counters, json_t *resource)
{
	CLEANUP(str_release) struct str id = STR_INIT;
	const struct resource_identity identity = {
		.sandbox = evaluation->sandbox,
		.type = resource_type_find(json_text(resource, "Type")),
		.stack = evaluation->stack_name,
		.logical_id = logical_id,
		.counters = counters,
		.properties = json_object_get(resource, "Properties"),
	};

	resource_type_new_id(&identity, &id);
	(void)json_object_set_new(resource, "PhysicalResourceId", json_string(id.buf));
}

/* Decides between nothing, a change in place and a replacement. */
static void plan_update(const struct evaluation *evaluation, const json_t *old,
			const char *logical_id, json_t *counters, json_t *resource)
{
	const struct resource_type *type = resource_type_find(json_text(resource, "Type"));
	const char *old_id = json_text(old, "PhysicalResourceId");
	json_t *changed = json_array();

	compare_members(json_object_get(old, "Properties"), json_object_get(resource, "Properties"),
			changed);
	(void)json_object_set_new(resource, "Changed", changed);
	(void)json_object_set_new(resource, "PhysicalResourceId", json_string(old_id));
	if (json_array_size(changed) == 0) {
		bool is_same = json_equal(json_object_get(old, "Metadata"),
					  json_object_get(resource, "Metadata"));

		(void)json_object_set_new(resource, "Action",
					  json_string(is_same ? "NONE" : "UPDATE"));
		return;
	}
	(void)json_object_set_new(resource, "Action", json_string("UPDATE"));
	if (must_replace(type, changed)) {
		(void)json_object_set_new(resource, "Replaces", json_string(old_id));
		give_new_id(evaluation, logical_id, counters, resource);
	}
}

static int plan_resource(struct evaluation *evaluation, const struct plan_request *request,
			 const char *logical_id, json_t *plan, struct error *err)
{
	const json_t *definition =
		json_object_get(json_object_get(request->template, "Resources"), logical_id);
	const json_t *old = json_object_get(request->resources, logical_id);
	const char *policy = json_text(definition, "DeletionPolicy");
	json_auto_t *resource =
		json_pack("{s:s, s:O, s:o, s:s}", "LogicalResourceId", logical_id, "Type",
			  json_object_get(definition, "Type"), "DependsOn",
			  template_dependencies(request->template, definition), "Action", "CREATE");
	json_t *properties, *metadata;

	properties = intrinsic_evaluate(evaluation, json_object_get(definition, "Properties"), err);
	metadata = properties ? intrinsic_evaluate(evaluation,
						   json_object_get(definition, "Metadata"), err)
			      : NULL;
	if (properties)
		(void)json_object_set_new(resource, "Properties",
					  json_is_null(properties) ? json_object() : properties);
	if (!metadata)
		return -1;
	(void)json_object_set_new(resource, "Metadata", metadata);
	if (policy)
		(void)json_object_set_new(resource, "DeletionPolicy", json_string(policy));
	if (old && json_text(old, "PhysicalResourceId"))
		plan_update(evaluation, old, logical_id, json_object_get(plan, "Counters"),
			    resource);
	else
		give_new_id(evaluation, logical_id, json_object_get(plan, "Counters"), resource);
	return json_object_set(json_object_get(plan, "Resources"), logical_id, resource);
}

/* The resources whose condition holds, as the members of an object. */
static json_t *included_resources(struct evaluation *evaluation, struct error *err)
{
	json_auto_t *included = json_object();
	const char *name;
	json_t *resource;

	json_object_foreach(json_object_get(evaluation->template, "Resources"), name, resource)
	{
		const char *condition = json_text(resource, "Condition");
		bool holds = true;

		if (condition && intrinsic_condition(evaluation, condition, &holds, err) < 0)
			return NULL;
		if (holds)
			(void)json_object_set_new(included, name, json_null());
	}
	return json_incref(included);
}

static int plan_output(struct evaluation *evaluation, const char *key, const json_t *definition,
		       json_t *outputs, struct error *err)
{
	json_auto_t *value =
		intrinsic_evaluate(evaluation, json_object_get(definition, "Value"), err);
	json_auto_t *export =
		value ? intrinsic_evaluate(evaluation, json_object_get(definition, "Export"), err)
		      : NULL;
	const char *description = json_text(definition, "Description");
	CLEANUP(str_release) struct str text = STR_INIT;
	json_t *output;

	if (!export)
		return -1;
	if (!template_scalar(value, &text))
		return error_set(
			err, ERROR_REMOTE,
			"Template format error: Output %s is malformed. The Value field of "
			"every Outputs member must evaluate to a String.",
			key);
	output = json_pack("{s:s, s:s}", "OutputKey", key, "OutputValue", text.buf);
	if (description)
		(void)json_object_set_new(output, "Description", json_string(description));
	if (json_text(export, "Name"))
		(void)json_object_set(output, "ExportName", json_object_get(export, "Name"));
	return json_array_append_new(outputs, output);
}

static int plan_outputs(struct evaluation *evaluation, json_t *plan, struct error *err)
{
	const char *key;
	json_t *definition;

	json_object_foreach(json_object_get(evaluation->template, "Outputs"), key, definition)
	{
		const char *condition = json_text(definition, "Condition");
		bool holds = true;

		if (condition && intrinsic_condition(evaluation, condition, &holds, err) < 0)
			return -1;
		if (holds && plan_output(evaluation, key, definition,
					 json_object_get(plan, "Outputs"), err) < 0) {
			if (!*err->code)
				error_set_code(err, "ValidationError");
			return -1;
		}
	}
	return 0;
}

static void plan_removals(const struct plan_request *request, json_t *plan)
{
	const char *name;
	json_t *resource;

	json_object_foreach(document_loosen(request->resources), name, resource)
	{
		if (!json_object_get(json_object_get(plan, "Resources"), name) &&
		    json_text(resource, "PhysicalResourceId"))
			(void)json_array_append_new(json_object_get(plan, "Removed"),
						    json_string(name));
	}
}

json_t *plan_make(struct sandbox *sandbox, const struct plan_request *request, struct error *err)
{
	json_auto_t *plan = json_pack("{s:{}, s:[], s:[], s:o}", "Resources", "Removed", "Outputs",
				      "Counters", json_deep_copy(sandbox_map(sandbox, "Counters")));
	json_auto_t *conditions = json_object();
	json_auto_t *included = NULL;
	struct evaluation evaluation = {
		.sandbox = sandbox,
		.template = request->template,
		.parameters = request->parameters,
		.conditions = conditions,
		.resources = json_object_get(plan, "Resources"),
		.notification_arns = request->notification_arns,
		.stack_name = request->stack_name,
		.stack_id = request->stack_id,
	};
	json_t *order, *item;
	size_t i;

	included = included_resources(&evaluation, err);
	order = included ? template_order(request->template, included, err) : NULL;
	if (!order)
		return NULL;
	(void)json_object_set_new(plan, "Order", order);
	json_array_foreach(order, i, item)
	{
		if (plan_resource(&evaluation, request, json_string_value(item), plan, err) < 0)
			return NULL;
	}
	if (plan_outputs(&evaluation, plan, err) < 0)
		return NULL;
	plan_removals(request, plan);
	return json_incref(plan);
}

/* ---- how a change set tells it ---- */

/* The first parameter with a new value, or changed resource, that a property mentions. */
static const char *find_cause(const json_t *plan, const struct plan_request *request,
			      const json_t *definition, bool *ret_is_parameter)
{
	json_auto_t *names = json_object();
	const char *name;
	json_t *item;

	intrinsic_references(definition, names);
	json_object_foreach(names, name, item)
	{
		const json_t *value = json_object_get(request->parameters, name);
		const json_t *old = json_object_get(request->old_parameters, name);
		const json_t *resource = json_object_get(json_object_get(plan, "Resources"), name);

		*ret_is_parameter = value != NULL;
		if (value && old && !json_equal(value, old))
			return json_object_iter_key(
				json_object_iter_at(document_loosen(request->parameters), name));
		if (json_text(resource, "Replaces"))
			return json_text(resource, "LogicalResourceId");
	}
	return NULL;
}

/* A value as a change set shows it: text as it is, everything else as JSON. */
static json_t *shown_value(const json_t *value)
{
	char *text;
	json_t *shown;

	if (!value || json_is_string(value))
		return json_string(value ? json_string_value(value) : "");
	text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	shown = json_string(text ? text : "");
	free(text);
	return shown;
}

/* Whether a NoEcho parameter is among what the property is made of. */
static bool is_secret(const struct plan_request *request, const json_t *definition)
{
	json_auto_t *names = json_object();
	const char *name;
	json_t *item;

	intrinsic_references(definition, names);
	json_object_foreach(names, name, item)
	{
		const json_t *declared =
			json_object_get(json_object_get(request->template, "Parameters"), name);
		const json_t *no_echo = json_object_get(declared, "NoEcho");
		const char *text = json_string_value(no_echo);

		if (json_is_true(no_echo) || (text && strcasecmp(text, "true") == 0))
			return true;
	}
	return false;
}

/* BeforeValue and AfterValue; shown only where the call asks for them (sandbox/change_set.c). */
static void add_values(const struct plan_request *request, const json_t *resource,
		       const json_t *definition, const char *property, json_t *target)
{
	const json_t *old = json_object_get(
		json_object_get(request->resources, json_text(resource, "LogicalResourceId")),
		"Properties");
	const json_t *new = json_object_get(resource, "Properties");
	bool secret = is_secret(request, definition);

	(void)json_object_set_new(target, "Path", json_sprintf("/Properties/%s", property));
	(void)json_object_set_new(target, "BeforeValue",
				  secret ? json_string("****")
					 : shown_value(json_object_get(old, property)));
	(void)json_object_set_new(target, "AfterValue",
				  secret ? json_string("****")
					 : shown_value(json_object_get(new, property)));
}

static json_t *property_detail(const json_t *plan, const struct plan_request *request,
			       const json_t *resource, const char *property)
{
	const char *logical_id = json_text(resource, "LogicalResourceId");
	const struct resource_type *type = resource_type_find(json_text(resource, "Type"));
	const json_t *definition = json_object_get(
		json_object_get(json_object_get(request->template, "Resources"), logical_id),
		"Properties");
	bool is_parameter = false;
	const char *cause =
		find_cause(plan, request, json_object_get(definition, property), &is_parameter);
	const char *recreation = resource_type_replaces(type, property) ? "Always" : "Never";
	json_t *detail =
		json_pack("{s:{s:s, s:s, s:s}, s:s, s:s}", "Target", "Attribute", "Properties",
			  "Name", property, "RequiresRecreation", recreation, "Evaluation",
			  cause && !is_parameter ? "Dynamic" : "Static", "ChangeSource",
			  !cause	 ? "DirectModification"
			  : is_parameter ? "ParameterReference"
					 : "ResourceReference");

	if (cause)
		(void)json_object_set_new(detail, "CausingEntity", json_string(cause));
	add_values(request, resource, json_object_get(definition, property), property,
		   json_object_get(detail, "Target"));
	return detail;
}

static json_t *change_of(const char *action, const json_t *resource)
{
	return json_pack("{s:s, s:{s:s, s:O, s:O}}", "Type", "Resource", "ResourceChange", "Action",
			 action, "LogicalResourceId",
			 json_object_get(resource, "LogicalResourceId"), "ResourceType",
			 json_object_get(resource, "Type"));
}

static json_t *modification(const json_t *plan, const struct plan_request *request,
			    const json_t *resource)
{
	const json_t *changed = json_object_get(resource, "Changed"), *item;
	const char *replaces = json_text(resource, "Replaces");
	json_t *result = change_of("Modify", resource);
	json_t *change = json_object_get(result, "ResourceChange");
	json_t *details = json_array();
	bool is_certain = false;
	size_t i;

	json_array_foreach(changed, i, item)
	{
		json_t *detail = property_detail(plan, request, resource, json_string_value(item));
		const char *recreation =
			json_text(json_object_get(detail, "Target"), "RequiresRecreation");

		if (strcmp(recreation, "Always") == 0 &&
		    strcmp(json_text(detail, "Evaluation"), "Static") == 0)
			is_certain = true;
		(void)json_array_append_new(details, detail);
	}
	(void)json_object_set_new(
		change, "PhysicalResourceId",
		json_string(replaces ? replaces : json_text(resource, "PhysicalResourceId")));
	(void)json_object_set_new(change, "Replacement",
				  json_string(!replaces	   ? "False"
					      : is_certain ? "True"
							   : "Conditional"));
	(void)json_object_set_new(
		change, "Scope",
		json_pack("[s]", json_array_size(changed) ? "Properties" : "Metadata"));
	(void)json_object_set_new(change, "Details", details);
	return result;
}

static void add_removals(const json_t *plan, const struct plan_request *request, json_t *changes)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(plan, "Removed"), i, item)
	{
		const json_t *old = json_object_get(request->resources, json_string_value(item));
		json_t *change = change_of("Remove", old);

		(void)json_object_set(json_object_get(change, "ResourceChange"),
				      "PhysicalResourceId",
				      json_object_get(old, "PhysicalResourceId"));
		(void)json_array_append_new(changes, change);
	}
}

json_t *plan_changes(const json_t *plan, const struct plan_request *request)
{
	const json_t *item;
	json_t *changes = json_array();
	size_t i;

	json_array_foreach(json_object_get(plan, "Order"), i, item)
	{
		const json_t *resource = json_object_get(json_object_get(plan, "Resources"),
							 json_string_value(item));
		const char *action = json_text(resource, "Action");

		if (strcmp(action, "CREATE") == 0)
			(void)json_array_append_new(changes, change_of("Add", resource));
		else if (strcmp(action, "UPDATE") == 0)
			(void)json_array_append_new(changes, modification(plan, request, resource));
	}
	add_removals(plan, request, changes);
	return changes;
}
