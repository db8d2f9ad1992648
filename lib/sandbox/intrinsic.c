#include "sandbox/intrinsic.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "data/digest.h"
#include "data/json.h"
#include "sandbox/call.h"
#include "sandbox/document.h"
#include "sandbox/resource_type.h"
#include "sandbox/template.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* Evaluates the argument of one function. */
typedef json_t *(*function_fn)(struct evaluation *evaluation, const json_t *argument,
			       struct error *err);

static json_t *refuse_null(struct error *err, const char *text)
{
	(void)refuse(err, "ValidationError", "%s", text);
	return NULL;
}

/* ---- Ref ---- */

bool intrinsic_is_pseudo(const char *name)
{
	static const char *const names[] = { "AWS::AccountId",	      "AWS::NoValue",
					     "AWS::NotificationARNs", "AWS::Partition",
					     "AWS::Region",	      "AWS::StackId",
					     "AWS::StackName",	      "AWS::URLSuffix" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

/* NULL where `name` is none of them. AWS::NoValue is a null, which templates cannot hold. */
static json_t *pseudo_value(const struct evaluation *evaluation, const char *name)
{
	if (strcmp(name, "AWS::AccountId") == 0)
		return json_string(sandbox_account(evaluation->sandbox));
	if (strcmp(name, "AWS::Region") == 0)
		return json_string(sandbox_region(evaluation->sandbox));
	if (strcmp(name, "AWS::StackName") == 0)
		return json_string(evaluation->stack_name);
	if (strcmp(name, "AWS::StackId") == 0)
		return json_string(evaluation->stack_id);
	if (strcmp(name, "AWS::Partition") == 0)
		return json_string("aws");
	if (strcmp(name, "AWS::URLSuffix") == 0)
		return json_string("amazonaws.com");
	if (strcmp(name, "AWS::NoValue") == 0)
		return json_null();
	if (strcmp(name, "AWS::NotificationARNs") != 0)
		return NULL;
	return evaluation->notification_arns ? json_deep_copy(evaluation->notification_arns)
					     : json_array();
}

/* A list parameter is a list of trimmed items. */
static json_t *parameter_value(const struct evaluation *evaluation, const char *name,
			       const json_t *value)
{
	CLEANUP(strv_release) struct strv items = STRV_INIT;
	json_t *list;

	if (!template_is_list(evaluation->template, name))
		return json_string(json_string_value(value));
	list = json_array();
	strv_split(&items, json_string_value(value), ",");
	for (size_t i = 0; i < items.count; i++) {
		struct slice item = slice_trim(slice_of(items.v[i]));

		(void)json_array_append_new(list, json_stringn(item.p, item.n));
	}
	return list;
}

static json_t *refuse_unresolved(const char *name, struct error *err)
{
	(void)refuse(
		err, "ValidationError",
		"Template format error: Unresolved resource dependencies [%s] in the Resources "
		"block of the template",
		name);
	return NULL;
}

static json_t *look_up(struct evaluation *evaluation, const char *name, struct error *err)
{
	json_t *pseudo = pseudo_value(evaluation, name);
	const json_t *parameter = json_object_get(evaluation->parameters, name);
	const char *id =
		json_text(json_object_get(evaluation->resources, name), "PhysicalResourceId");

	if (pseudo)
		return pseudo;
	if (parameter)
		return parameter_value(evaluation, name, parameter);
	return id ? json_string(id) : refuse_unresolved(name, err);
}

static json_t *fn_ref(struct evaluation *evaluation, const json_t *argument, struct error *err)
{
	if (!json_is_string(argument))
		return refuse_null(err, "Template error: Ref must be a string");
	return look_up(evaluation, json_string_value(argument), err);
}

/* ---- GetAtt ---- */

static json_t *get_attribute(struct evaluation *evaluation, const char *logical_id,
			     const char *attribute, struct error *err)
{
	const json_t *resource = json_object_get(evaluation->resources, logical_id);
	const char *type = json_text(resource, "Type");
	CLEANUP(str_release) struct str value = STR_INIT;
	struct resource_identity identity = {
		.sandbox = evaluation->sandbox,
		.stack = evaluation->stack_name,
		.logical_id = logical_id,
		.physical_id = json_text(resource, "PhysicalResourceId"),
		.properties = json_object_get(resource, "Properties"),
	};

	if (!type) {
		(void)refuse(err, "ValidationError",
			     "Template error: instance of Fn::GetAtt references undefined resource "
			     "%s",
			     logical_id);
		return NULL;
	}
	identity.type = resource_type_find(type);
	if (!resource_type_attribute(&identity, attribute, &value)) {
		(void)refuse(err, "ValidationError",
			     "Template error: resource %s does not support attribute type %s in "
			     "Fn::GetAtt",
			     logical_id, attribute);
		return NULL;
	}
	return json_string(value.buf);
}

static json_t *fn_get_att(struct evaluation *evaluation, const json_t *argument, struct error *err)
{
	const char *logical_id = json_string_value(json_array_get(argument, 0));
	json_auto_t *attribute = NULL;
	CLEANUP_FREE char *first = NULL;
	const char *text = json_string_value(argument), *dot = text ? strchr(text, '.') : NULL;

	if (dot) {
		first = mem_strndup(text, (size_t)(dot - text));
		return get_attribute(evaluation, first, dot + 1, err);
	}
	if (!logical_id || json_array_size(argument) != 2)
		return refuse_null(err, "Template error: every Fn::GetAtt object requires two "
					"non-empty parameters, the resource name and the resource "
					"attribute");
	attribute = intrinsic_evaluate(evaluation, json_array_get(argument, 1), err);
	if (!attribute)
		return NULL;
	if (!json_is_string(attribute))
		return refuse_null(err,
				   "Template error: Fn::GetAtt needs the name of an attribute");
	return get_attribute(evaluation, logical_id, json_string_value(attribute), err);
}

/* ---- Sub ---- */

/* Takes the next "${name}" off `rest`: what stands before it, and the name; false at the end. */
static bool next_variable(struct slice *rest, struct slice *ret_before, struct slice *ret_name)
{
	for (size_t i = 0; i + 1 < rest->n; i++) {
		const char *start = rest->p + i, *end;

		if (start[0] != '$' || start[1] != '{')
			continue;
		end = memchr(start, '}', rest->n - i);
		if (!end)
			break;
		*ret_before = (struct slice){ rest->p, i };
		*ret_name = slice_trim((struct slice){ start + 2, (size_t)(end - start) - 2 });
		rest->n -= (size_t)(end + 1 - rest->p);
		rest->p = end + 1;
		return true;
	}
	*ret_before = *rest;
	rest->n = 0;
	return false;
}

static int add_variable(struct evaluation *evaluation, const json_t *variables, const char *name,
			struct str *out, struct error *err)
{
	const char *dot = strchr(name, '.');
	json_auto_t *value = NULL;

	if (json_object_get(variables, name)) {
		value = json_incref(json_object_get(variables, name));
	} else if (dot) {
		CLEANUP_FREE char *logical_id = mem_strndup(name, (size_t)(dot - name));

		value = get_attribute(evaluation, logical_id, dot + 1, err);
	} else {
		value = look_up(evaluation, name, err);
	}
	if (!value)
		return -1;
	if (!template_scalar(value, out))
		return refuse(err, "ValidationError",
			      "Template error: Fn::Sub expression does not resolve to a string: "
			      "${%s}",
			      name);
	return 0;
}

static json_t *substitute(struct evaluation *evaluation, const char *text, const json_t *variables,
			  struct error *err)
{
	CLEANUP(str_release) struct str out = STR_INIT;
	struct slice rest = slice_of(text), before, name;

	while (next_variable(&rest, &before, &name)) {
		CLEANUP_FREE char *variable = slice_dup(name);

		str_add(&out, before.p, before.n);
		if (variable[0] == '!')
			str_addf(&out, "${%s}", variable + 1);
		else if (add_variable(evaluation, variables, variable, &out, err) < 0)
			return NULL;
	}
	str_add(&out, before.p, before.n);
	return json_string(out.buf);
}

static json_t *fn_sub(struct evaluation *evaluation, const json_t *argument, struct error *err)
{
	json_auto_t *variables = NULL;
	const char *text = json_string_value(argument);

	if (json_array_size(argument) == 2) {
		text = json_string_value(json_array_get(argument, 0));
		variables = intrinsic_evaluate(evaluation, json_array_get(argument, 1), err);
		if (!variables)
			return NULL;
	}
	if (!text || (variables && !json_is_object(variables)))
		return refuse_null(
			err, "Template error: One or more Fn::Sub intrinsic functions don't "
			     "specify expected arguments. Specify a string as first argument, "
			     "and an optional second argument to specify a mapping of values "
			     "to replace in the string");
	return substitute(evaluation, text, variables, err);
}

/* ---- texts and lists ---- */

static json_t *fn_join(struct evaluation *evaluation, const json_t *argument, struct error *err)
{
	json_auto_t *parts = intrinsic_evaluate(evaluation, argument, err);
	const char *delimiter = json_string_value(json_array_get(parts, 0));
	const json_t *list = json_array_get(parts, 1), *item;
	CLEANUP(str_release) struct str out = STR_INIT;
	size_t i;

	if (!parts)
		return NULL;
	if (!delimiter || !json_is_array(list))
		return refuse_null(
			err,
			"Template error: every Fn::Join object requires two parameters, (1) a "
			"string delimiter and (2) a list of strings to be joined or a function "
			"that returns a list of strings (such as Fn::GetAZs) to be joined.");
	json_array_foreach(list, i, item)
	{
		str_adds(&out, i ? delimiter : "");
		if (!template_scalar(item, &out))
			return refuse_null(err, "Template error: Fn::Join needs a list of strings");
	}
	return json_string(out.buf);
}

static json_t *fn_split(struct evaluation *evaluation, const json_t *argument, struct error *err)
{
	json_auto_t *parts = intrinsic_evaluate(evaluation, argument, err);
	const char *delimiter = json_string_value(json_array_get(parts, 0));
	const char *text = json_string_value(json_array_get(parts, 1)), *found;
	json_t *list;

	if (!parts)
		return NULL;
	if (!delimiter || !*delimiter || !text)
		return refuse_null(err, "Template error: every Fn::Split object requires two "
					"parameters, (1) a string delimiter and (2) a string to be "
					"split or a function that returns a string to be split.");
	list = json_array();
	while ((found = strstr(text, delimiter))) {
		(void)json_array_append_new(list, json_stringn(text, (size_t)(found - text)));
		text = found + strlen(delimiter);
	}
	(void)json_array_append_new(list, json_string(text));
	return list;
}

/* Attributes that are lists come as text with commas (sandbox/resource_type.h). */
static json_t *as_list(json_t *value)
{
	CLEANUP(strv_release) struct strv items = STRV_INIT;
	json_t *list;

	if (!json_is_string(value))
		return json_incref(value);
	list = json_array();
	strv_split(&items, json_string_value(value), ",");
	for (size_t i = 0; i < items.count; i++)
		(void)json_array_append_new(list, json_string(items.v[i]));
	return list;
}

static json_t *fn_select(struct evaluation *evaluation, const json_t *argument, struct error *err)
{
	json_auto_t *parts = intrinsic_evaluate(evaluation, argument, err);
	json_auto_t *list = as_list(json_array_get(parts, 1));
	CLEANUP(str_release) struct str text = STR_INIT;
	uint64_t index;

	if (!parts)
		return NULL;
	if (!template_scalar(json_array_get(parts, 0), &text) || !json_is_array(list))
		return refuse_null(err,
				   "Template error: Fn::Select requires a list argument with two "
				   "elements: an integer index and a list");
	if (!slice_to_u64(slice_of(text.buf), UINT32_MAX, &index) ||
	    index >= json_array_size(list)) {
		(void)refuse(err, "ValidationError",
			     "Template error: Fn::Select  cannot select nonexistent value at index "
			     "%s",
			     text.buf);
		return NULL;
	}
	return json_deep_copy(json_array_get(list, index));
}

static json_t *fn_base64(struct evaluation *evaluation, const json_t *argument, struct error *err)
{
	json_auto_t *value = intrinsic_evaluate(evaluation, argument, err);
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP(str_release) struct str out = STR_INIT;

	if (!value)
		return NULL;
	if (!template_scalar(value, &text))
		return refuse_null(err, "Template error: every Fn::Base64 object must have a "
					"String-typed value.");
	base64_encode(&out, text.buf, text.len);
	return json_string(out.buf);
}

static json_t *fn_get_azs(struct evaluation *evaluation, const json_t *argument, struct error *err)
{
	json_auto_t *region = intrinsic_evaluate(evaluation, argument, err);
	CLEANUP(str_release) struct str text = STR_INIT;
	json_t *list;

	if (!region)
		return NULL;
	if (!template_scalar(region, &text) || text.len == 0)
		str_adds(&text, sandbox_region(evaluation->sandbox));
	list = json_array();
	for (const char *zone = "abc"; *zone; zone++)
		(void)json_array_append_new(list, json_sprintf("%s%c", text.buf, *zone));
	return list;
}

/* IPv4 blocks of 2^bits addresses, one after the other. */
static json_t *list_blocks(const char *block, uint64_t count, uint64_t bits)
{
	CLEANUP_FREE char *address = mem_strndup(block, strcspn(block, "/"));
	struct in_addr start;
	json_t *list;

	if (bits == 0 || bits > 31 || inet_pton(AF_INET, address, &start) != 1)
		return NULL;
	list = json_array();
	for (uint64_t i = 0; i < count; i++) {
		char text[INET_ADDRSTRLEN];
		struct in_addr at = { htonl(ntohl(start.s_addr) + (uint32_t)(i << bits)) };

		(void)inet_ntop(AF_INET, &at, text, sizeof(text));
		(void)json_array_append_new(list,
					    json_sprintf("%s/%u", text, (unsigned)(32 - bits)));
	}
	return list;
}

static json_t *fn_cidr(struct evaluation *evaluation, const json_t *argument, struct error *err)
{
	json_auto_t *parts = intrinsic_evaluate(evaluation, argument, err);
	const char *block = json_string_value(json_array_get(parts, 0));
	CLEANUP(str_release) struct str count_text = STR_INIT;
	CLEANUP(str_release) struct str bits_text = STR_INIT;
	uint64_t count, bits;
	json_t *list = NULL;

	if (!parts)
		return NULL;
	if (!template_scalar(json_array_get(parts, 2), &bits_text))
		str_adds(&bits_text, "8");
	if (block && template_scalar(json_array_get(parts, 1), &count_text) &&
	    slice_to_u64(slice_of(count_text.buf), 256, &count) &&
	    slice_to_u64(slice_of(bits_text.buf), 128, &bits))
		list = list_blocks(block, count, bits);
	return list ? list
		    : refuse_null(err, "Template error: Fn::Cidr requires an IP block, a "
				       "count of 1 to 256 and the subnets' bits");
}

/* ---- maps, conditions, imports ---- */

static json_t *fn_find_in_map(struct evaluation *evaluation, const json_t *argument,
			      struct error *err)
{
	json_auto_t *keys = intrinsic_evaluate(evaluation, argument, err);
	const json_t *value = json_object_get(evaluation->template, "Mappings");
	CLEANUP(str_release) struct str path = STR_INIT;

	if (!keys)
		return NULL;
	for (size_t i = 0; i < 3; i++) {
		CLEANUP(str_release) struct str key = STR_INIT;

		if (!template_scalar(json_array_get(keys, i), &key))
			return refuse_null(err,
					   "Template error: every Fn::FindInMap object requires "
					   "three parameters, the map name, map key and the "
					   "attribute for return value");
		str_addf(&path, "%s%s", i ? "::" : "", key.buf);
		value = json_object_get(value, key.buf);
	}
	if (!value) {
		(void)refuse(err, "ValidationError", "Template error: Unable to get mapping for %s",
			     path.buf);
		return NULL;
	}
	return json_deep_copy(value);
}

static const json_t *find_export(struct sandbox *sandbox, const char *name)
{
	const json_t *stack, *output;
	size_t i, j;

	json_array_foreach(sandbox_list(sandbox, "Stacks"), i, stack)
	{
		json_array_foreach(json_object_get(stack, "Outputs"), j, output)
		{
			const char *export = json_text(output, "ExportName");

			if (export && strcmp(export, name) == 0)
				return json_object_get(output, "OutputValue");
		}
	}
	return json_object_get(sandbox_map(sandbox, "Exports"), name);
}

static json_t *fn_import_value(struct evaluation *evaluation, const json_t *argument,
			       struct error *err)
{
	json_auto_t *name = intrinsic_evaluate(evaluation, argument, err);
	const json_t *value;

	if (!name)
		return NULL;
	if (!json_is_string(name))
		return refuse_null(err, "Template error: the attribute in Fn::ImportValue must be "
					"a string or a function that returns a string");
	value = find_export(evaluation->sandbox, json_string_value(name));
	if (!value) {
		(void)refuse(err, "ValidationError", "No export named %s found",
			     json_string_value(name));
		return NULL;
	}
	return json_deep_copy(value);
}

static json_t *fn_if(struct evaluation *evaluation, const json_t *argument, struct error *err)
{
	const char *name = json_string_value(json_array_get(argument, 0));
	bool holds = false;

	if (!name || json_array_size(argument) != 3)
		return refuse_null(err, "Template error: Fn::If requires a list argument with "
					"three elements");
	if (intrinsic_condition(evaluation, name, &holds, err) < 0)
		return NULL;
	return intrinsic_evaluate(evaluation, json_array_get(argument, holds ? 1 : 2), err);
}

static json_t *fn_equals(struct evaluation *evaluation, const json_t *argument, struct error *err)
{
	json_auto_t *sides = intrinsic_evaluate(evaluation, argument, err);
	CLEANUP(str_release) struct str left = STR_INIT;
	CLEANUP(str_release) struct str right = STR_INIT;

	if (!sides)
		return NULL;
	if (!json_is_array(sides) || json_array_size(sides) != 2)
		return refuse_null(err, "Template error: every Fn::Equals object requires a list "
					"of 2 string parameters.");
	if (template_scalar(json_array_get(sides, 0), &left) &&
	    template_scalar(json_array_get(sides, 1), &right))
		return json_boolean(strcmp(left.buf, right.buf) == 0);
	return json_boolean(json_equal(json_array_get(sides, 0), json_array_get(sides, 1)));
}

/* Fn::And and Fn::Or, and Fn::Not with its one member. */
static json_t *combine(struct evaluation *evaluation, const json_t *argument, bool starts_with,
		       struct error *err)
{
	json_auto_t *members = intrinsic_evaluate(evaluation, argument, err);
	bool holds = starts_with;
	const json_t *item;
	size_t i;

	if (!members)
		return NULL;
	if (!json_is_array(members) || json_array_size(members) == 0)
		return refuse_null(err, "Template error: Fn::And, Fn::Or and Fn::Not require a "
					"list of conditions");
	json_array_foreach(members, i, item)
	{
		if (!json_is_boolean(item))
			return refuse_null(err, "Template error: every member of Fn::And, Fn::Or "
						"and Fn::Not must be a condition");
		if (starts_with)
			holds = holds && json_is_true(item);
		else
			holds = holds || json_is_true(item);
	}
	return json_boolean(holds);
}

static json_t *fn_and(struct evaluation *evaluation, const json_t *argument, struct error *err)
{
	return combine(evaluation, argument, true, err);
}

static json_t *fn_or(struct evaluation *evaluation, const json_t *argument, struct error *err)
{
	return combine(evaluation, argument, false, err);
}

static json_t *fn_not(struct evaluation *evaluation, const json_t *argument, struct error *err)
{
	json_auto_t *value = combine(evaluation, argument, true, err);

	return value ? json_boolean(!json_is_true(value)) : NULL;
}

static json_t *fn_condition(struct evaluation *evaluation, const json_t *argument,
			    struct error *err)
{
	bool holds = false;

	if (!json_is_string(argument))
		return refuse_null(err, "Template error: Condition must be a string");
	if (intrinsic_condition(evaluation, json_string_value(argument), &holds, err) < 0)
		return NULL;
	return json_boolean(holds);
}

/* ---- the walk ---- */

static const struct {
	const char *name;
	function_fn run;
} functions[] = {
	{ "Condition", fn_condition },
	{ "Fn::And", fn_and },
	{ "Fn::Base64", fn_base64 },
	{ "Fn::Cidr", fn_cidr },
	{ "Fn::Equals", fn_equals },
	{ "Fn::FindInMap", fn_find_in_map },
	{ "Fn::GetAZs", fn_get_azs },
	{ "Fn::GetAtt", fn_get_att },
	{ "Fn::If", fn_if },
	{ "Fn::ImportValue", fn_import_value },
	{ "Fn::Join", fn_join },
	{ "Fn::Not", fn_not },
	{ "Fn::Or", fn_or },
	{ "Fn::Select", fn_select },
	{ "Fn::Split", fn_split },
	{ "Fn::Sub", fn_sub },
	{ "Ref", fn_ref },
};

static function_fn find_function(const char *name)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		if (strcmp(functions[i].name, name) == 0)
			return functions[i].run;
	}
	return NULL;
}

bool intrinsic_is_function(const char *name)
{
	return find_function(name) != NULL;
}

static json_t *evaluate_function(struct evaluation *evaluation, const char *name,
				 const json_t *argument, struct error *err)
{
	function_fn run = find_function(name);
	CLEANUP(str_release) struct str names = STR_INIT;

	if (run)
		return run(evaluation, argument, err);
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		str_addf(&names, "%s%s", i ? ", " : "", functions[i].name);
	(void)refuse(
		err, "ValidationError",
		"Template error: Encountered unsupported function: %s Supported functions are: "
		"[%s]",
		name, names.buf);
	return NULL;
}

/* An object of one member, named after a function. A policy's "Condition" holds an object. */
static bool is_call(const char *name, const json_t *argument)
{
	if (strcmp(name, "Condition") == 0)
		return json_is_string(argument);
	return strcmp(name, "Ref") == 0 || strncmp(name, "Fn::", 4) == 0;
}

static json_t *evaluate_object(struct evaluation *evaluation, const json_t *object,
			       struct error *err)
{
	json_auto_t *result = json_object();
	const char *key;
	json_t *item;

	json_object_foreach(document_loosen(object), key, item)
	{
		json_t *value;

		if (json_object_size(object) == 1 && is_call(key, item))
			return evaluate_function(evaluation, key, item, err);
		value = intrinsic_evaluate(evaluation, item, err);
		if (!value)
			return NULL;
		if (!json_is_null(value))
			(void)json_object_set_new(result, key, value);
	}
	return json_incref(result);
}

static json_t *evaluate_array(struct evaluation *evaluation, const json_t *array, struct error *err)
{
	json_auto_t *result = json_array();
	const json_t *item;
	size_t i;

	json_array_foreach(array, i, item)
	{
		json_t *value = intrinsic_evaluate(evaluation, item, err);

		if (!value)
			return NULL;
		if (!json_is_null(value))
			(void)json_array_append_new(result, value);
	}
	return json_incref(result);
}

json_t *intrinsic_evaluate(struct evaluation *evaluation, const json_t *value, struct error *err)
{
	if (json_is_object(value))
		return evaluate_object(evaluation, value, err);
	if (json_is_array(value))
		return evaluate_array(evaluation, value, err);
	return value ? json_deep_copy(value) : json_null();
}

int intrinsic_condition(struct evaluation *evaluation, const char *name, bool *ret_holds,
			struct error *err)
{
	const json_t *definition =
		json_object_get(json_object_get(evaluation->template, "Conditions"), name);
	const json_t *known = json_object_get(evaluation->conditions, name);
	json_auto_t *value = NULL;

	if (json_is_null(known))
		return refuse(err, "ValidationError",
			      "Template error: Found circular condition dependency with condition "
			      "%s",
			      name);
	if (!definition)
		return refuse(err, "ValidationError",
			      "Template error: unresolved condition dependency %s in Fn::If", name);
	if (!known) {
		(void)json_object_set_new(evaluation->conditions, name, json_null());
		value = intrinsic_evaluate(evaluation, definition, err);
		if (!value)
			return -1;
		if (!json_is_boolean(value))
			return refuse(err, "ValidationError",
				      "Template format error: Every Condition member must be a "
				      "function that returns true or false: %s",
				      name);
		(void)json_object_set(evaluation->conditions, name, value);
		known = value;
	}
	*ret_holds = json_is_true(known);
	return 0;
}

/* ---- references ---- */

static void add_reference(json_t *names, const char *text, size_t len)
{
	CLEANUP_FREE char *name = mem_strndup(text, len);

	(void)json_object_set_new(names, name, json_null());
}

/* The part before the dot of every variable that the function's own map does not hold. */
static void sub_references(const json_t *argument, json_t *names)
{
	const json_t *variables = json_array_get(argument, 1);
	const char *text = json_is_array(argument) ? json_string_value(json_array_get(argument, 0))
						   : json_string_value(argument);
	struct slice rest = slice_of(text ? text : ""), before, name;

	while (next_variable(&rest, &before, &name)) {
		const char *dot = memchr(name.p, '.', name.n);

		if (name.n == 0 || name.p[0] == '!' || json_object_getn(variables, name.p, name.n))
			continue;
		add_reference(names, name.p, dot ? (size_t)(dot - name.p) : name.n);
	}
	intrinsic_references(variables, names);
}

static void get_att_references(const json_t *argument, json_t *names)
{
	const char *text = json_is_array(argument) ? json_string_value(json_array_get(argument, 0))
						   : json_string_value(argument);

	if (text)
		add_reference(names, text, strcspn(text, "."));
	intrinsic_references(json_array_get(argument, 1), names);
}

void intrinsic_references(const json_t *value, json_t *names)
{
	const char *key;
	json_t *item;
	size_t i;

	json_object_foreach(document_loosen(value), key, item)
	{
		if (strcmp(key, "Ref") == 0 && json_is_string(item))
			add_reference(names, json_string_value(item),
				      strlen(json_string_value(item)));
		else if (strcmp(key, "Fn::Sub") == 0)
			sub_references(item, names);
		else if (strcmp(key, "Fn::GetAtt") == 0)
			get_att_references(item, names);
		else
			intrinsic_references(item, names);
	}
	json_array_foreach(document_loosen(value), i, item) intrinsic_references(item, names);
}
