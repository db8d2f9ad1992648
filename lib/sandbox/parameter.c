/* The values of a template's parameters (User Guide, "Parameters section structure"). */
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "data/json.h"
#include "sandbox/call.h"
#include "sandbox/template.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

/* AWS's own types, whose values must exist: here they must at least look as if they did. */
static const struct {
	const char *type, *prefix;
} aws_types[] = {
	{ "AWS::EC2::Image::Id", "ami-" },	  { "AWS::EC2::Instance::Id", "i-" },
	{ "AWS::EC2::SecurityGroup::Id", "sg-" }, { "AWS::EC2::Subnet::Id", "subnet-" },
	{ "AWS::EC2::Volume::Id", "vol-" },	  { "AWS::EC2::VPC::Id", "vpc-" },
	{ "AWS::Route53::HostedZone::Id", "Z" },
};

static const json_t *declaration(const json_t *template, const char *parameter)
{
	return json_object_get(json_object_get(template, "Parameters"), parameter);
}

bool template_hides(const json_t *template, const char *parameter)
{
	const json_t *value = json_object_get(declaration(template, parameter), "NoEcho");

	return json_is_true(value) ||
	       (json_is_string(value) && strcasecmp(json_string_value(value), "true") == 0);
}

bool template_is_list(const json_t *template, const char *parameter)
{
	const char *type = json_text(declaration(template, parameter), "Type");

	return type && (strcmp(type, "CommaDelimitedList") == 0 || strncmp(type, "List<", 5) == 0 ||
			strstr(type, "Value<List<") || strstr(type, "Value<CommaDelimitedList>"));
}

/* ---- patterns ---- */

/* Java's class letters in the words of POSIX; NULL for the others. */
static const char *class_of(char letter)
{
	return letter == 'd'   ? "0-9"
	       : letter == 'w' ? "a-zA-Z0-9_"
	       : letter == 's' ? "[:space:]"
			       : NULL;
}

/* Takes an escape off the pattern; returns its last character. */
static const char *translate_escape(const char *pattern, bool in_brackets, struct str *out)
{
	const char *class = class_of(pattern[1]);

	if (class)
		str_addf(out, in_brackets ? "%s" : "[%s]", class);
	else if (in_brackets)
		str_addc(out, pattern[1]);
	else
		str_add(out, pattern, 2);
	return pattern + 1;
}

/* Java's \d \w \s and (?: in the words of POSIX; what has none is left and fails to compile. */
static void translate_pattern(const char *pattern, struct str *out)
{
	bool in_brackets = false;

	for (; *pattern; pattern++) {
		if (*pattern == '\\' && pattern[1]) {
			pattern = translate_escape(pattern, in_brackets, out);
			continue;
		}
		if (!in_brackets && strncmp(pattern, "(?:", 3) == 0) {
			str_addc(out, '(');
			pattern += 2;
			continue;
		}
		if (*pattern == '[' || *pattern == ']')
			in_brackets = *pattern == '[';
		str_addc(out, *pattern);
	}
}

/* The whole value must match. Look-ahead and the like are beyond POSIX: such patterns let all in.
 */
static bool matches(const char *pattern, const char *value)
{
	CLEANUP(str_release) struct str anchored = STR_INIT;
	regex_t regex;
	bool result;

	str_adds(&anchored, "^(");
	translate_pattern(pattern, &anchored);
	str_adds(&anchored, ")$");
	if (regcomp(&regex, anchored.buf, REG_EXTENDED | REG_NOSUB) != 0)
		return true;
	result = regexec(&regex, value, 0, NULL, 0) == 0;
	regfree(&regex);
	return result;
}

/* ---- one value against its declaration ---- */

static bool to_number(const char *text, double *ret_number)
{
	char *end;

	*ret_number = strtod(text, &end);
	return *text && !*end;
}

/* A number that a template may give as number or as text. */
static bool limit_of(const json_t *parameter, const char *name, double *ret_limit)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	return template_scalar(json_object_get(parameter, name), &text) &&
	       to_number(text.buf, ret_limit);
}

/* ConstraintDescription takes the place of the usual text. */
static int refuse_value(const char *name, const json_t *parameter, const char *usual,
			struct error *err)
{
	const char *description = json_text(parameter, "ConstraintDescription");

	if (description)
		return refuse(err, "ValidationError",
			      "Parameter '%s' failed to satisfy constraint: %s", name, description);
	return refuse(err, "ValidationError", "Parameter '%s' %s", name, usual);
}

static int check_number(const char *name, const json_t *parameter, const char *value,
			struct error *err)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	double number, limit;

	if (!to_number(value, &number))
		return refuse(err, "ValidationError", "Parameter '%s' must be a number", name);
	if (limit_of(parameter, "MinValue", &limit) && number < limit) {
		str_addf(&text, "must be a number not less than %.15g", limit);
		return refuse_value(name, parameter, text.buf, err);
	}
	if (limit_of(parameter, "MaxValue", &limit) && number > limit) {
		str_addf(&text, "must be a number not greater than %.15g", limit);
		return refuse_value(name, parameter, text.buf, err);
	}
	return 0;
}

static int check_length(const char *name, const json_t *parameter, const char *value,
			struct error *err)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	double limit, len = (double)strlen(value);

	if (limit_of(parameter, "MinLength", &limit) && len < limit) {
		str_addf(&text, "must contain at least %.0f characters", limit);
		return refuse_value(name, parameter, text.buf, err);
	}
	if (limit_of(parameter, "MaxLength", &limit) && len > limit) {
		str_addf(&text, "must contain at most %.0f characters", limit);
		return refuse_value(name, parameter, text.buf, err);
	}
	return 0;
}

static bool is_allowed(const json_t *allowed, const char *value)
{
	const json_t *item;
	size_t i;

	json_array_foreach(allowed, i, item)
	{
		CLEANUP(str_release) struct str text = STR_INIT;

		if (template_scalar(item, &text) && strcmp(text.buf, value) == 0)
			return true;
	}
	return false;
}

static int check_one(const char *name, const json_t *parameter, const char *value,
		     struct error *err)
{
	const json_t *allowed = json_object_get(parameter, "AllowedValues");
	const char *pattern = json_text(parameter, "AllowedPattern");

	if (allowed && !is_allowed(allowed, value))
		return refuse_value(name, parameter, "must be one of AllowedValues", err);
	if (check_length(name, parameter, value, err) < 0)
		return -1;
	if (pattern && !matches(pattern, value)) {
		CLEANUP(str_release) struct str text = STR_INIT;

		str_addf(&text, "must match pattern %s", pattern);
		return refuse_value(name, parameter, text.buf, err);
	}
	return 0;
}

static int check_aws_type(const char *name, const char *type, const char *value, struct error *err)
{
	for (size_t i = 0; i < sizeof(aws_types) / sizeof(aws_types[0]); i++) {
		const char *prefix = aws_types[i].prefix;

		if (strcmp(aws_types[i].type, type) != 0)
			continue;
		if (strncmp(value, prefix, strlen(prefix)) == 0)
			return 0;
		return refuse(err, "ValidationError",
			      "Parameter validation failed: parameter value %s for parameter name "
			      "%s does not exist",
			      value, name);
	}
	return 0;
}

/* A list's items, or the value alone, each against type and constraints. */
static int check_value(const json_t *template, const char *name, const char *value,
		       struct error *err)
{
	const json_t *parameter = declaration(template, name);
	const char *type = json_text(parameter, "Type");
	CLEANUP(strv_release) struct strv items = STRV_INIT;
	CLEANUP_FREE char *inner = NULL;

	if (template_is_list(template, name)) {
		const char *open = strchr(type, '<');

		strv_split(&items, value, ",");
		inner = open ? mem_strndup(open + 1, strcspn(open + 1, ">")) : mem_strdup("String");
	} else {
		strv_add(&items, value);
		inner = mem_strdup(type);
	}
	for (size_t i = 0; i < items.count; i++) {
		struct slice trimmed = slice_trim(slice_of(items.v[i]));
		CLEANUP_FREE char *item =
			template_is_list(template, name) ? slice_dup(trimmed) : mem_strdup(value);

		if (strcmp(inner, "Number") == 0 && check_number(name, parameter, item, err) < 0)
			return -1;
		if (check_one(name, parameter, item, err) < 0 ||
		    check_aws_type(name, inner, item, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- all values ---- */

static const json_t *find_given(const json_t *given, const char *name)
{
	const json_t *item, *found = NULL;
	size_t i;

	json_array_foreach(given, i, item)
	{
		const char *key = json_text(item, "ParameterKey");

		if (key && strcmp(key, name) == 0)
			found = item;
	}
	return found;
}

static bool uses_previous(const json_t *given)
{
	const char *text = json_text(given, "UsePreviousValue");

	return text && strcmp(text, "true") == 0;
}

/* Given, former or default, in this order; false where there is none of them. */
static bool choose_value(const json_t *parameter, const json_t *given, const json_t *previous,
			 struct str *out)
{
	if (given && uses_previous(given))
		return template_scalar(previous, out);
	if (given && json_text(given, "ParameterValue")) {
		str_adds(out, json_text(given, "ParameterValue"));
		return true;
	}
	return template_scalar(json_object_get(parameter, "Default"), out);
}

static int check_unknown(const json_t *template, const json_t *given, struct error *err)
{
	json_auto_t *unknown = json_object();
	const json_t *item;
	size_t i;

	json_array_foreach(given, i, item)
	{
		const char *key = json_text(item, "ParameterKey");

		if (!key)
			return refuse(err, "ValidationError",
				      "1 validation error detected: Value null at "
				      "'parameters.%zu.member.parameterKey' failed to satisfy "
				      "constraint: Member must not be null",
				      i + 1);
		if (!declaration(template, key))
			(void)json_object_set_new(unknown, key, json_null());
	}
	if (json_object_size(unknown)) {
		CLEANUP(str_release) struct str names = STR_INIT;

		template_list_names(unknown, &names);
		return refuse(err, "ValidationError", "Parameters: %s do not exist in the template",
			      names.buf);
	}
	return 0;
}

json_t *template_parameters(const json_t *template, const json_t *given, const json_t *previous,
			    struct error *err)
{
	json_auto_t *values = json_object();
	json_auto_t *missing = json_object();
	const char *name;
	json_t *parameter;

	if (check_unknown(template, given, err) < 0)
		return NULL;
	json_object_foreach(json_object_get(template, "Parameters"), name, parameter)
	{
		CLEANUP(str_release) struct str value = STR_INIT;

		if (!choose_value(parameter, find_given(given, name),
				  json_object_get(previous, name), &value)) {
			(void)json_object_set_new(missing, name, json_null());
			continue;
		}
		(void)json_object_set_new(values, name, json_string(value.buf));
	}
	if (json_object_size(missing)) {
		CLEANUP(str_release) struct str names = STR_INIT;

		template_list_names(missing, &names);
		(void)refuse(err, "ValidationError", "Parameters: %s must have values", names.buf);
		return NULL;
	}
	json_object_foreach(values, name, parameter)
	{
		if (check_value(template, name, json_string_value(parameter), err) < 0)
			return NULL;
	}
	return json_incref(values);
}
