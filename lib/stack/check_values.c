/* Parameters and their values (User Guide, "Parameters section syntax reference"). */
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "data/json.h"
#include "data/pattern.h"
#include "stack/check_rule.h"
#include "stack/check_types.h"

#include <stdlib.h>
#include <string.h>

/* CloudFormation quotas: bytes in a parameter's value. */
#define MAX_VALUE_BYTES 4096

/* One value: a parameter's, or an item of its list. */
struct value {
	const char *parameter;
	const json_t *declared;
	const char *type; /* of the item */
	const char *text;
	const struct assignment *given; /* NULL: it is the default, or the tag to come */
	bool is_hidden;
};

/* ---- values ---- */

/* The text of a parameter's value, owned by the caller; NULL where there is none to check. */
static char *text_of(const struct check *check, const struct value *value)
{
	const struct check_request *request = check->request;

	if (request->tag && strcmp(value->parameter, request->tag_parameter) == 0)
		return mem_strdup(request->tag);
	if (value->given)
		return value->given->is_previous ? NULL : mem_strdup(value->given->value);
	return json_scalar_text(json_object_get(value->declared, "Default"));
}

static void visit_items(struct check *check, struct value *value, const char *text,
			void (*visit)(struct check *check, const struct value *value))
{
	bool has_more = true;

	/* An empty CommaDelimitedList has no items; an id cannot be empty. */
	if (!*text && strcmp(value->type, "String") == 0)
		return;
	while (has_more) {
		size_t len = strcspn(text, ",");
		CLEANUP_FREE char *item = slice_dup(slice_trim((struct slice){ text, len }));

		value->text = item;
		visit(check, value);
		has_more = text[len] == ',';
		text += len + 1;
	}
}

static void visit_parameter(struct check *check, const char *name, const json_t *declared,
			    void (*visit)(struct check *check, const struct value *value))
{
	const char *type = parameter_type_of(declared);
	CLEANUP_FREE char *inner = parameter_type_inner(type);
	struct value value = {
		.parameter = name,
		.declared = declared,
		.type = parameter_type_is_list(type) ? inner : type,
		.given = check_given(check, name),
		.is_hidden = stack_template_is_no_echo(check->request->template, name),
	};
	CLEANUP_FREE char *text = text_of(check, &value);

	if (!text)
		return;
	value.text = text;
	if (parameter_type_is_list(type))
		visit_items(check, &value, text, visit);
	else
		visit(check, &value);
}

/* Calls `visit` for every value, and for each item of lists. */
static void each_value(struct check *check,
		       void (*visit)(struct check *check, const struct value *value))
{
	const char *name;
	json_t *declared;

	json_object_foreach(check_declarations(check), name, declared)
		visit_parameter(check, name, declared, visit);
}

/* "its value", where the value may not be seen. */
static char *shown(const struct value *value)
{
	return value->is_hidden ? mem_strdup("its value (NoEcho)")
				: mem_printf("'%s'", value->text);
}

/*
 * Adds "parameter 'X': VALUE WHAT", and the template's own words for it. `usual` says what to do
 * where the template does not.
 */
static void refuse(struct check *check, const struct value *value, const char *what,
		   const char *usual)
{
	static const char fmt[] = "parameter '%s': %s %s%s%s";
	const char *own = json_text(value->declared, "ConstraintDescription");
	CLEANUP_FREE char *text = shown(value);
	CLEANUP_FREE char *path = mem_printf("Parameters.%s.Default", value->parameter);
	const char *colon = own ? ": " : "";
	struct finding *finding;

	if (value->given)
		finding = check_add_at_file(check, value->given, fmt, value->parameter, text, what,
					    colon, own ? own : "");
	else
		finding = check_add_at_template(check, path, fmt, value->parameter, text, what,
						colon, own ? own : "");
	finding_fix(finding, "%s", usual);
}

static void visit_aws_type(struct check *check, const struct value *value)
{
	const struct aws_type *type = aws_type_of_text(value->type);
	CLEANUP_FREE char *what = NULL;
	CLEANUP_FREE char *fix = NULL;

	if (!type || type->is_one(value->text, type->prefix))
		return;
	what = mem_printf("is no %s", type->name);
	fix = mem_printf("give it one like %s", type->example);
	refuse(check, value, what, fix);
}

void check_aws_type(struct check *check)
{
	each_value(check, visit_aws_type);
}

/* [+-]digits[.digits][e[+-]digits]: what CloudFormation takes, and strtod() reads more. */
static bool to_number(const char *text, double *ret_number)
{
	static const char digits[] = "0123456789";
	const char *at = text + (*text == '-' || *text == '+');
	size_t before = strspn(at, digits), after = 0;

	at += before;
	if (*at == '.') {
		after = strspn(at + 1, digits);
		at += after + 1;
	}
	if (before + after == 0)
		return false;
	if (*at == 'e' || *at == 'E') {
		at += 1 + (at[1] == '-' || at[1] == '+');
		if (!strspn(at, digits))
			return false;
		at += strspn(at, digits);
	}
	*ret_number = strtod(text, NULL);
	return *at == '\0';
}

/* A limit, which may be a number or its text. */
static bool limit_of(const struct value *value, const char *name, double *ret_limit)
{
	CLEANUP_FREE char *text = json_scalar_text(json_object_get(value->declared, name));

	return text && to_number(text, ret_limit);
}

static void visit_number(struct check *check, const struct value *value)
{
	CLEANUP_FREE char *what = NULL;
	double number, limit;

	if (strcmp(value->type, "Number") != 0)
		return;
	if (!to_number(value->text, &number)) {
		refuse(check, value, "is not a number", "give it a number");
		return;
	}
	if (limit_of(value, "MinValue", &limit) && number < limit)
		what = mem_printf("is less than %.15g", limit);
	else if (limit_of(value, "MaxValue", &limit) && number > limit)
		what = mem_printf("is more than %.15g", limit);
	if (what)
		refuse(check, value, what, "give it a number within MinValue and MaxValue");
}

void check_number(struct check *check)
{
	each_value(check, visit_number);
}

static void visit_allowed_values(struct check *check, const struct value *value)
{
	CLEANUP(str_release) struct str list = STR_INIT;
	const json_t *allowed = json_object_get(value->declared, "AllowedValues");
	const json_t *item;
	size_t i;

	if (!json_is_array(allowed))
		return;
	json_array_foreach(allowed, i, item)
	{
		CLEANUP_FREE char *text = json_scalar_text(item);

		if (text && strcmp(text, value->text) == 0)
			return;
		if (text && list.len < 200)
			str_addf(&list, "%s%s", list.len ? ", " : "use one of: ", text);
		else if (!str_ends_with(&list, " ..."))
			str_adds(&list, " ...");
	}
	refuse(check, value, "is none of AllowedValues", list.buf);
}

void check_allowed_values(struct check *check)
{
	each_value(check, visit_allowed_values);
}

static enum pattern_verdict match(const struct value *value, const char **ret_pattern)
{
	*ret_pattern = json_text(value->declared, "AllowedPattern");
	return *ret_pattern ? pattern_match(*ret_pattern, value->text) : PATTERN_MATCHES;
}

static void visit_allowed_pattern(struct check *check, const struct value *value)
{
	CLEANUP_FREE char *what = NULL;
	const char *pattern;

	if (match(value, &pattern) != PATTERN_DIFFERS)
		return;
	what = mem_printf("does not match AllowedPattern '%s'", pattern);
	refuse(check, value, what, "give it a value that matches as a whole");
}

void check_allowed_pattern(struct check *check)
{
	each_value(check, visit_allowed_pattern);
}

static void visit_unknown_pattern(struct check *check, const struct value *value)
{
	CLEANUP_FREE char *path = mem_printf("Parameters.%s.AllowedPattern", value->parameter);
	const char *pattern;

	if (match(value, &pattern) == PATTERN_UNKNOWN)
		finding_fix(check_add_at_template(check, path,
						  "AllowedPattern of '%s' is not checked: it is "
						  "beyond what can be told here",
						  value->parameter),
			    "nothing need be done: CloudFormation checks it");
}

void check_pattern_not_checked(struct check *check)
{
	each_value(check, visit_unknown_pattern);
}

/* Characters, which UTF-8 begins with one byte each. */
static size_t characters_of(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static void visit_length(struct check *check, const struct value *value)
{
	double limit, len = (double)characters_of(value->text);
	CLEANUP_FREE char *what = NULL;

	if (strlen(value->text) > MAX_VALUE_BYTES)
		what = mem_printf("has more than %d bytes", MAX_VALUE_BYTES);
	else if (strcmp(parameter_type_of(value->declared), "String") != 0 &&
		 !parameter_type_is_indirect(value->type))
		return;
	else if (limit_of(value, "MinLength", &limit) && len < limit)
		what = mem_printf("has less than %.0f characters", limit);
	else if (limit_of(value, "MaxLength", &limit) && len > limit)
		what = mem_printf("has more than %.0f characters", limit);
	if (what)
		refuse(check, value, what, "give it a value of that length");
}

void check_value_length(struct check *check)
{
	each_value(check, visit_length);
}

/* ---- names ---- */

/* Whether it names what a password is like, or where it lies: DbPasswordArn, PasswordLength. */
static bool is_about_password(const char *name)
{
	static const char *const ends[] = { "arn",    "name", "id",	"path",
					    "length", "age",  "policy", "version" };
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t end = strlen(ends[i]);

		if (len > end && strcasecmp(name + len - end, ends[i]) == 0)
			return true;
	}
	return false;
}

static bool is_password(const char *name)
{
	static const char *const words[] = { "password", "passwd", "passphrase", "apikey",
					     "secretkey" };

	if (is_about_password(name))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasestr(name, words[i]))
			return true;
	}
	return false;
}

static void add_unknown(struct check *check, const struct assignment *item)
{
	struct finding *finding =
		check_add_at_file(check, item, "parameter '%s' is not in template '%s'", item->key,
				  check->request->template->path);
	const char *nearest = finding ? check_nearest_parameter(check, item->key) : NULL;

	if (nearest && !check_given(check, nearest))
		finding_fix(finding, "did you mean '%s'? Else take it out of '%s'", nearest,
			    check->request->parameters->path);
	else if (is_password(item->key) && check_has_secret(check))
		finding_fix(finding,
			    "take it out of '%s': the template has its passwords from a "
			    "secret",
			    check->request->parameters->path);
	else
		finding_fix(finding, "take it out of '%s', or declare it in the template",
			    check->request->parameters->path);
}

void check_unknown_parameter(struct check *check)
{
	const struct parameter_file *file = check->request->parameters;

	for (size_t i = 0; file && i < file->list.count; i++) {
		if (!check_declaration(check, file->list.items[i].key))
			add_unknown(check, &file->list.items[i]);
	}
}

static bool is_live(const struct check *check, const char *name)
{
	const struct cfn_parameters *live = check->request->live;

	return live && cfn_parameters_find(live, name);
}

static void add_missing(struct check *check, const char *name)
{
	const struct parameter_file *file = check->request->parameters;
	CLEANUP_FREE char *path = mem_printf("Parameters.%s", name);
	struct finding *finding = check_add_at_template(
		check, path, "parameter '%s' has no value in '%s' and no default", name,
		file->path);

	if (file->format == PARAMETERS_ASSIGNMENTS || file->format == PARAMETERS_DOTENV)
		finding_fix(finding, "add a line '%s=...' to '%s'", name, file->path);
	else
		finding_fix(finding, "add '%s' to '%s'", name, file->path);
}

void check_missing_parameter(struct check *check)
{
	const struct check_request *request = check->request;
	const char *name;
	json_t *declared;

	if (!request->parameters)
		return;
	json_object_foreach(check_declarations(check), name, declared)
	{
		if (!check_given(check, name) && !json_object_get(declared, "Default") &&
		    !is_live(check, name))
			add_missing(check, name);
	}
}

void check_plain_password(struct check *check)
{
	const struct parameter_file *file = check->request->parameters;
	bool has_secret = file && check_has_secret(check);

	for (size_t i = 0; has_secret && i < file->list.count; i++) {
		const struct assignment *item = &file->list.items[i];

		if (!is_password(item->key) || item->is_previous || !*item->value ||
		    strncmp(item->value, "{{resolve:", 10) == 0)
			continue;
		finding_fix(check_add_at_file(check, item, "'%s' is in the file as plain text",
					      item->key),
			    "keep it in the secret that the template reads already, and take this "
			    "parameter out of both files");
	}
}

void check_password_echo(struct check *check)
{
	const char *name;
	json_t *declared;

	json_object_foreach(check_declarations(check), name, declared)
	{
		CLEANUP_FREE char *path = mem_printf("Parameters.%s", name);

		if (!is_password(name) ||
		    strncmp(parameter_type_of(declared), "AWS::SSM", 8) == 0 ||
		    stack_template_is_no_echo(check->request->template, name))
			continue;
		finding_fix(check_add_at_template(check, path,
						  "parameter '%s' is shown to whoever may describe "
						  "the stack",
						  name),
			    "give it 'NoEcho: true', or read it from a secret");
	}
}
