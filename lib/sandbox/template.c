#include "sandbox/template.h"

#include "base/cleanup.h"
#include "base/slice.h"
#include "data/json.h"
#include "data/yaml.h"
#include "sandbox/call.h"
#include "sandbox/document.h"
#include "sandbox/intrinsic.h"
#include "sandbox/resource_type.h"

#include <ctype.h>
#include <string.h>

bool template_scalar(const json_t *value, struct str *out)
{
	if (json_is_string(value))
		str_adds(out, json_string_value(value));
	else if (json_is_integer(value))
		str_addf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		str_addf(out, "%.15g", json_real_value(value));
	else if (json_is_boolean(value))
		str_adds(out, json_is_true(value) ? "true" : "false");
	else
		return false;
	return true;
}

void template_list_names(const json_t *names, struct str *out)
{
	const char *key, *comma = "";
	json_t *item;
	size_t i;

	str_addc(out, '[');
	json_object_foreach(document_loosen(names), key, item)
	{
		str_addf(out, "%s%s", comma, key);
		comma = ", ";
	}
	json_array_foreach(document_loosen(names), i, item)
	{
		str_addf(out, "%s%s", comma, json_string_value(item));
		comma = ", ";
	}
	str_addc(out, ']');
}

static int refuse_names(const char *format_before, const json_t *names, const char *after,
			struct error *err)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	template_list_names(names, &text);
	return refuse(err, "ValidationError", "%s%s%s", format_before, text.buf, after);
}

/* ---- references and order ---- */

json_t *template_dependencies(const json_t *template, const json_t *resource)
{
	const json_t *resources = json_object_get(template, "Resources");
	const json_t *depends_on = json_object_get(resource, "DependsOn");
	json_auto_t *names = json_object();
	json_t *list = json_array();
	const char *name;
	json_t *item;
	size_t i;

	intrinsic_references(json_object_get(resource, "Properties"), names);
	intrinsic_references(json_object_get(resource, "Metadata"), names);
	if (json_is_string(depends_on))
		(void)json_object_set_new(names, json_string_value(depends_on), json_null());
	json_array_foreach(document_loosen(depends_on), i, item)(void)
		json_object_set_new(names, json_string_value(item), json_null());
	json_object_foreach(names, name, item)
	{
		if (json_object_get(resources, name))
			(void)json_array_append_new(list, json_string(name));
	}
	return list;
}

/* Whether everything that a resource waits for is in `done` or is not waited for at all. */
static bool is_ready(const json_t *dependencies, const json_t *included, const json_t *done)
{
	json_t *item;
	size_t i;

	json_array_foreach(document_loosen(dependencies), i, item)
	{
		const char *name = json_string_value(item);

		if (json_object_get(included, name) && !json_object_get(done, name))
			return false;
	}
	return true;
}

/* One pass over what is left: moves what is ready to `order`. */
static bool order_pass(const json_t *template, json_t *waiting, const json_t *included,
		       json_t *done, json_t *order)
{
	const char *name;
	json_t *dependencies;
	void *next;
	size_t before = json_array_size(order);

	json_object_foreach_safe(waiting, next, name, dependencies)
	{
		if (!is_ready(dependencies, included, done))
			continue;
		(void)json_array_append_new(order, json_string(name));
		(void)json_object_set_new(done, name, json_true());
		(void)json_object_del(waiting, name);
	}
	(void)template;
	return json_array_size(order) > before;
}

json_t *template_order(const json_t *template, const json_t *included, struct error *err)
{
	const json_t *resources = json_object_get(template, "Resources");
	json_auto_t *waiting = json_object();
	json_auto_t *done = json_object();
	json_auto_t *order = json_array();
	const char *name;
	json_t *item;

	json_object_foreach(document_loosen(included), name, item)(void) json_object_set_new(
		waiting, name, template_dependencies(template, json_object_get(resources, name)));
	while (json_object_size(waiting)) {
		if (order_pass(template, waiting, included, done, order))
			continue;
		(void)refuse_names("Circular dependency between resources: ", waiting, "", err);
		return NULL;
	}
	return json_incref(order);
}

/* ---- checks ---- */

static const char *const top_members[] = { "AWSTemplateFormatVersion",
					   "Conditions",
					   "Description",
					   "Hooks",
					   "Mappings",
					   "Metadata",
					   "Outputs",
					   "Parameters",
					   "Resources",
					   "Rules",
					   "Transform",
					   NULL };

static const char *const resource_members[] = { "Condition",	  "CreationPolicy",
						"DeletionPolicy", "DependsOn",
						"Description",	  "Metadata",
						"Properties",	  "Type",
						"UpdatePolicy",	  "UpdateReplacePolicy",
						"Version",	  NULL };

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++) {
		if (strcmp(*names, name) == 0)
			return true;
	}
	return false;
}

static int check_members(const json_t *template, struct error *err)
{
	json_auto_t *unknown = json_array();
	const char *name;
	json_t *item;

	json_object_foreach(document_loosen(template), name, item)
	{
		if (!is_one_of(name, top_members))
			(void)json_array_append_new(unknown, json_string(name));
	}
	if (json_array_size(unknown))
		return refuse_names("Invalid template property or properties ", unknown, "", err);
	item = json_object_get(template, "Resources");
	if (!json_is_object(item) || json_object_size(item) == 0)
		return refuse(err, "ValidationError",
			      "Template format error: At least one Resources member must be "
			      "defined.");
	return 0;
}

/* A null anywhere is refused, with the path to it. */
static int check_nulls(const json_t *value, const char *path, struct error *err)
{
	const char *key;
	json_t *item;
	size_t i;

	if (json_is_null(value))
		return refuse(err, "ValidationError",
			      "Template format error: [%s] 'null' values are not allowed in "
			      "templates",
			      path);
	json_object_foreach(document_loosen(value), key, item)
	{
		CLEANUP(str_release) struct str below = STR_INIT;

		/* Nothing, for the region it is in: so many templates have it. */
		if (json_is_null(item) && strcmp(key, "Fn::GetAZs") == 0)
			continue;
		str_addf(&below, "%s/%s", path, key);
		if (check_nulls(item, below.buf, err) < 0)
			return -1;
	}
	json_array_foreach(document_loosen(value), i, item)
	{
		CLEANUP(str_release) struct str below = STR_INIT;

		str_addf(&below, "%s/%zu", path, i);
		if (check_nulls(item, below.buf, err) < 0)
			return -1;
	}
	return 0;
}

static bool is_alphanumeric(const char *name)
{
	for (; *name; name++) {
		if (!isalnum((unsigned char)*name))
			return false;
	}
	return true;
}

static int check_resource(const char *name, const json_t *resource, json_t *unknown_types,
			  struct error *err)
{
	const char *type = json_text(resource, "Type");
	const char *member;
	json_t *item;

	if (!is_alphanumeric(name))
		return refuse(err, "ValidationError",
			      "Template format error: Resource name %s is non alphanumeric.", name);
	if (!json_is_object(resource) || !type)
		return refuse(err, "ValidationError",
			      "Template format error: [/Resources/%s] Every Resources object must "
			      "contain a Type member.",
			      name);
	json_object_foreach(document_loosen(resource), member, item)
	{
		if (!is_one_of(member, resource_members))
			return refuse(err, "ValidationError",
				      "Invalid template resource property '%s'", member);
	}
	if (!resource_type_find(type))
		(void)json_object_set_new(unknown_types, type, json_null());
	return 0;
}

static int check_resources(const json_t *template, struct error *err)
{
	json_auto_t *unknown_types = json_object();
	const char *name;
	json_t *resource;

	json_object_foreach(json_object_get(template, "Resources"), name, resource)
	{
		if (check_resource(name, resource, unknown_types, err) < 0)
			return -1;
	}
	if (json_object_size(unknown_types))
		return refuse_names("Template format error: Unrecognized resource types: ",
				    unknown_types, "", err);
	return 0;
}

static int check_outputs(const json_t *template, struct error *err)
{
	const char *name;
	json_t *output;

	json_object_foreach(json_object_get(template, "Outputs"), name, output)
	{
		if (!json_object_get(output, "Value"))
			return refuse(err, "ValidationError",
				      "Template format error: Every Outputs member must contain a "
				      "Value object");
	}
	return 0;
}

/* Every name that `value` mentions must be a resource, a parameter or a pseudo parameter. */
static int check_references(const json_t *template, const json_t *value, const char *block,
			    struct error *err)
{
	const json_t *resources = json_object_get(template, "Resources");
	const json_t *parameters = json_object_get(template, "Parameters");
	CLEANUP(str_release) struct str after = STR_INIT;
	json_auto_t *names = json_object();
	json_auto_t *unresolved = json_array();
	const char *name;
	json_t *item;

	intrinsic_references(value, names);
	json_object_foreach(names, name, item)
	{
		if (!json_object_get(resources, name) && !json_object_get(parameters, name) &&
		    !intrinsic_is_pseudo(name))
			(void)json_array_append_new(unresolved, json_string(name));
	}
	if (json_array_size(unresolved) == 0)
		return 0;
	str_addf(&after, " in the %s block of the template", block);
	return refuse_names("Template format error: Unresolved resource dependencies ", unresolved,
			    after.buf, err);
}

static int check_depends_on(const json_t *template, struct error *err)
{
	const json_t *resources = json_object_get(template, "Resources");
	const char *name;
	json_t *resource;

	json_object_foreach(document_loosen(resources), name, resource)
	{
		json_t *depends_on = json_object_get(resource, "DependsOn"), *item;
		json_auto_t *list = json_is_string(depends_on) ? json_pack("[O]", depends_on)
							       : json_incref(depends_on);
		size_t i;

		json_array_foreach(list, i, item)
		{
			const char *other = json_string_value(item);

			if (!other || !json_object_get(resources, other))
				return refuse(err, "ValidationError",
					      "Template format error: Unresolved resource "
					      "dependencies [%s] in the Resources block of the "
					      "template",
					      other ? other : "");
		}
	}
	return 0;
}

static int check_conditions(const json_t *template, struct error *err)
{
	const json_t *conditions = json_object_get(template, "Conditions");
	const char *const blocks[] = { "Resources", "Outputs" };

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		const char *name;
		json_t *item;

		json_object_foreach(json_object_get(template, blocks[i]), name, item)
		{
			const char *condition = json_text(item, "Condition");

			if (condition && !json_object_get(conditions, condition))
				return refuse(err, "ValidationError",
					      "Template format error: Unresolved condition "
					      "dependency %s in the %s block of the template",
					      condition, blocks[i]);
		}
	}
	return 0;
}

static int check_parameters(const json_t *template, struct error *err)
{
	const char *name;
	json_t *parameter;

	json_object_foreach(json_object_get(template, "Parameters"), name, parameter)
	{
		const char *type = json_text(parameter, "Type");

		if (!type)
			return refuse(err, "ValidationError",
				      "Template format error: Every Parameters object must contain "
				      "a Type member.");
		if (strcmp(type, "String") != 0 && strcmp(type, "Number") != 0 &&
		    strcmp(type, "CommaDelimitedList") != 0 && strncmp(type, "List<", 5) != 0 &&
		    strncmp(type, "AWS::", 5) != 0)
			return refuse(err, "ValidationError",
				      "Template format error: Unrecognized parameter type: %s",
				      type);
	}
	return 0;
}

static int check_template(const json_t *template, struct error *err)
{
	const json_t *resources = json_object_get(template, "Resources");
	json_auto_t *order = NULL;

	if (!json_is_object(template))
		return refuse(err, "ValidationError",
			      "Template format error: unsupported structure.");
	if (check_members(template, err) < 0 || check_parameters(template, err) < 0 ||
	    check_nulls(resources, "/Resources", err) < 0 || check_resources(template, err) < 0 ||
	    check_outputs(template, err) < 0 || check_conditions(template, err) < 0 ||
	    check_references(template, resources, "Resources", err) < 0 ||
	    check_references(template, json_object_get(template, "Outputs"), "Outputs", err) < 0 ||
	    check_depends_on(template, err) < 0)
		return -1;
	order = template_order(template, resources, err);
	return order ? 0 : -1;
}

/* "line 3, column 5: what" as CloudFormation words it: "(line 3, column 5)". */
static int refuse_syntax(struct slice text, const struct error *problem, struct error *err)
{
	const char *kind = slice_starts_with(slice_trim(text), "{") ? "JSON" : "YAML";
	size_t place = strcspn(problem->msg.buf, ":");

	if (strncmp(problem->msg.buf, "line ", 5) == 0)
		return refuse(err, "ValidationError",
			      "Template format error: %s not well-formed. (%.*s)", kind, (int)place,
			      problem->msg.buf);
	return refuse(err, "ValidationError", "Template format error: %s not well-formed. (%s)",
		      kind, problem->msg.buf);
}

json_t *template_read(const char *text, size_t len, struct error *err)
{
	CLEANUP(error_release) struct error problem = ERROR_INIT;
	json_auto_t *template = yaml_read(text, len, YAML_CLOUDFORMATION, &problem);

	if (!template) {
		(void)refuse_syntax((struct slice){ text, len }, &problem, err);
		return NULL;
	}
	if (check_template(template, err) < 0)
		return NULL;
	return json_incref(template);
}

/* ---- capabilities ---- */

/* A name of the user's own choosing asks for the stronger capability. */
static bool has_custom_name(const json_t *resource)
{
	static const char *const names[] = { "GroupName",	  "InstanceProfileName",
					     "ManagedPolicyName", "RoleName",
					     "UserName",	  NULL };
	const json_t *properties = json_object_get(resource, "Properties");
	const char *type = json_text(resource, "Type");

	if (strcmp(type, "AWS::IAM::Policy") == 0 || strcmp(type, "AWS::IAM::AccessKey") == 0 ||
	    strcmp(type, "AWS::IAM::UserToGroupAddition") == 0)
		return false;
	for (size_t i = 0; names[i]; i++) {
		if (json_object_get(properties, names[i]))
			return true;
	}
	return false;
}

json_t *template_capabilities(const json_t *template, json_t **ret_types)
{
	bool needs_iam = false, needs_named = false;
	json_auto_t *types = json_object();
	json_t *list = json_array(), *resource;
	const char *name;

	json_object_foreach(json_object_get(template, "Resources"), name, resource)
	{
		const char *type = json_text(resource, "Type");

		if (!resource_type_needs_iam(type))
			continue;
		needs_iam = true;
		needs_named = needs_named || has_custom_name(resource);
		(void)json_object_set_new(types, type, json_null());
	}
	if (needs_iam)
		(void)json_array_append_new(
			list, json_string(needs_named ? "CAPABILITY_NAMED_IAM" : "CAPABILITY_IAM"));
	if (json_object_get(template, "Transform"))
		(void)json_array_append_new(list, json_string("CAPABILITY_AUTO_EXPAND"));
	*ret_types = json_array();
	json_object_foreach(types, name, resource)(void)
		json_array_append_new(*ret_types, json_string(name));
	return list;
}
