#include "base/cleanup.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "data/json.h"
#include "data/yaml_locate.h"
#include "stack/check_rule.h"

#include <stdlib.h>
#include <string.h>

/* What nobody reads to its end, and would take long to place. */
#define MAX_FINDINGS 500

static const struct check_rule rules[] = {
	{ "template-unreadable", CHECK_ERROR, "the template is missing, broken or none",
	  check_template_unreadable },
	{ "parameters-unreadable", CHECK_ERROR,
	  "the parameter file is missing or broken, or has a key twice",
	  check_parameters_unreadable },
	{ "template-size", CHECK_ERROR, "the template is larger than what can be sent",
	  check_template_size },
	{ "duplicate-key", CHECK_WARNING, "a key is there twice: the last one counts",
	  check_duplicate_key },
	{ "unknown-parameter", CHECK_ERROR,
	  "the parameter file sets what the template does not declare", check_unknown_parameter },
	{ "missing-parameter", CHECK_ERROR, "a parameter has neither a value nor a default",
	  check_missing_parameter },
	{ "tag-parameter-missing", CHECK_ERROR,
	  "the template does not declare the parameter that the image's tag goes to",
	  check_tag_parameter_missing },
	{ "tag-parameter-unused", CHECK_ERROR, "no container's image uses the tag parameter",
	  check_tag_parameter_unused },
	{ "unused-parameter", CHECK_WARNING, "nothing in the template uses a parameter",
	  check_unused_parameter },
	{ "parameter-type", CHECK_WARNING, "a parameter's type is none that is known",
	  check_parameter_type },
	{ "aws-type", CHECK_ERROR, "a value has not the shape of its AWS type", check_aws_type },
	{ "number", CHECK_ERROR, "a value is no number, or beyond MinValue or MaxValue",
	  check_number },
	{ "allowed-values", CHECK_ERROR, "a value is none of AllowedValues", check_allowed_values },
	{ "allowed-pattern", CHECK_ERROR, "a value does not match AllowedPattern",
	  check_allowed_pattern },
	{ "pattern-not-checked", CHECK_NOTE, "an AllowedPattern is beyond what is checked here",
	  check_pattern_not_checked },
	{ "value-length", CHECK_ERROR,
	  "a value is shorter than MinLength, longer than MaxLength or than 4096 bytes",
	  check_value_length },
	{ "plain-password", CHECK_WARNING,
	  "a password stands in the parameter file while the template knows a secret",
	  check_plain_password },
	{ "password-echo", CHECK_WARNING, "a password parameter is without NoEcho",
	  check_password_echo },
	{ "secrets-role", CHECK_ERROR, "a container may not read the secrets that SECRETS names",
	  check_secrets_role },
	{ "secrets-decrypt", CHECK_WARNING, "a container that reads secrets may not decrypt them",
	  check_secrets_decrypt },
	{ "secrets-region", CHECK_ERROR, "a container that reads secrets knows no region",
	  check_secrets_region },
	{ "circuit-breaker", CHECK_WARNING,
	  "an ECS service has no circuit breaker: a bad image takes three hours to fail",
	  check_circuit_breaker },
	{ "template-nearly-full", CHECK_WARNING, "the template is at 80 % of what can be sent",
	  check_template_nearly_full },
	{ "template-upload", CHECK_NOTE,
	  "the template is too large to be sent but through a bucket", check_template_upload },
};

#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

/* The first rules are for files that may not have been read. */
#define RULES_OF_FILES 3

const char *check_rule_name(const struct check_rule *rule)
{
	return rule->name;
}

const char *check_rule_summary(const struct check_rule *rule)
{
	return rule->summary;
}

enum check_severity check_rule_severity(const struct check_rule *rule)
{
	return rule->severity;
}

const char *check_severity_name(enum check_severity severity)
{
	static const char *const names[] = { "note", "warning", "error" };

	return names[severity];
}

const struct check_rule *check_rule_at(size_t i)
{
	return i < RULE_COUNT ? &rules[i] : NULL;
}

static bool is_rule(const char *name)
{
	for (size_t i = 0; i < RULE_COUNT; i++) {
		if (strcmp(rules[i].name, name) == 0)
			return true;
	}
	return false;
}

int check_rules_known(const struct strv *names, struct error *err)
{
	const char *known[RULE_COUNT], *nearest;

	for (size_t i = 0; i < RULE_COUNT; i++)
		known[i] = rules[i].name;
	for (size_t i = 0; i < names->count; i++) {
		if (is_rule(names->v[i]))
			continue;
		error_set(err, ERROR_CONFIG, "'%s' is no rule of 'deployer check'", names->v[i]);
		nearest = nearest_word(names->v[i], known, RULE_COUNT);
		return nearest ? error_fix(err, "did you mean '%s'?", nearest)
			       : error_fix(err, "'deployer check --rules' prints every rule");
	}
	return 0;
}

/* ---- findings ---- */

void findings_release(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		free(findings->items[i].file);
		free(findings->items[i].message);
		free(findings->items[i].fix);
	}
	free(findings->items);
	*findings = (struct findings)FINDINGS_INIT;
}

size_t findings_count(const struct findings *findings, enum check_severity severity)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		count += findings->items[i].rule->severity == severity;
	return count;
}

const struct finding *findings_first_error(const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		if (findings->items[i].rule->severity == CHECK_ERROR)
			return &findings->items[i];
	}
	return NULL;
}

/* Takes the message over; NULL where there are too many. */
static struct finding *add(struct check *check, const char *file, struct str *message)
{
	struct finding *finding;

	if (check->findings->count == MAX_FINDINGS) {
		check->findings->dropped++;
		return NULL;
	}
	finding = mem_grow(&check->findings->items, &check->findings->count, sizeof(*finding));
	finding->rule = check->rule;
	finding->file = mem_strdup(file);
	finding->message = str_detach(message);
	finding->fix = mem_strdup("");
	return finding;
}

struct finding *check_add_at_template(struct check *check, const char *path, const char *fmt, ...)
{
	const struct stack_template *template = check->request->template;
	CLEANUP(str_release) struct str message = STR_INIT;
	struct finding *finding;
	struct spot *spot;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&message, fmt, ap);
	va_end(ap);
	finding = add(check, template->path, &message);
	if (!finding)
		return NULL;
	finding->line = 1;
	finding->column = 1;
	spot = mem_grow(&check->spots, &check->spot_count, sizeof(*spot));
	spot->finding = check->findings->count - 1;
	spot->path = mem_strdup(path);
	return finding;
}

/* Where in the template the findings lie: it is gone through once for all of them. */
static void place_findings(struct check *check)
{
	const struct stack_template *template = check->request->template;
	CLEANUP_FREE struct location *locations =
		mem_zalloc(check->spot_count * sizeof(*locations));

	for (size_t i = 0; i < check->spot_count; i++)
		locations[i].path = check->spots[i].path;
	/* Only what was read once is safe to be gone through again. */
	if (template->root && check->spot_count)
		yaml_locate_all(template->body.buf, template->body.len, locations,
				check->spot_count);
	for (size_t i = 0; i < check->spot_count; i++) {
		struct finding *finding = &check->findings->items[check->spots[i].finding];

		if (template->root) {
			finding->line = locations[i].place.line;
			finding->column = locations[i].place.column;
		}
		free(check->spots[i].path);
	}
	free(check->spots);
}

struct finding *check_add_at_file(struct check *check, const struct assignment *item,
				  const char *fmt, ...)
{
	const struct parameter_file *file = check->request->parameters;
	CLEANUP(str_release) struct str message = STR_INIT;
	struct finding *finding;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&message, fmt, ap);
	va_end(ap);
	finding = add(check, file->path, &message);
	if (!finding)
		return NULL;
	finding->line = item->line;
	finding->column = place_of(file->text.buf, item->value_at).column;
	return finding;
}

struct finding *check_add_error(struct check *check, const char *path, const struct error *error)
{
	CLEANUP(str_release) struct str message = STR_INIT;
	struct finding *finding;

	str_adds(&message, error_without_place(error));
	finding = add(check, path, &message);
	if (!finding)
		return NULL;
	/* What concerns all of it is shown at its start: code-scanning services want a line. */
	finding->line = error->line ? error->line : 1;
	finding->column = error->line ? error->column : 1;
	return finding;
}

/* `option` names another file. */
static void add_unreadable(struct check *check, const char *path, const struct error *error,
			   const char *option)
{
	struct finding *finding = check_add_error(check, path, error);

	if (error->fix.len)
		finding_fix(finding, "%s", error->fix.buf);
	else
		finding_fix(finding, "correct it, or name another one with %s", option);
}

void check_template_unreadable(struct check *check)
{
	const struct check_request *request = check->request;

	/* That one is too large, template-size says. */
	if (request->template_error && request->template->body.len <= TEMPLATE_MAX_BYTES)
		add_unreadable(check, request->template->path, request->template_error,
			       "--template");
}

void check_parameters_unreadable(struct check *check)
{
	const struct check_request *request = check->request;

	if (request->parameters_error)
		add_unreadable(check, request->parameters->path, request->parameters_error,
			       "--parameters");
}

void finding_fix(struct finding *finding, const char *fmt, ...)
{
	CLEANUP(str_release) struct str fix = STR_INIT;
	va_list ap;

	if (!finding)
		return;
	va_start(ap, fmt);
	str_vaddf(&fix, fmt, ap);
	va_end(ap);
	free(finding->fix);
	finding->fix = str_detach(&fix);
}

/* ---- what the rules ask ---- */

json_t *check_declarations(const struct check *check)
{
	return json_object_get(check->request->template->root, "Parameters");
}

json_t *check_declaration(const struct check *check, const char *parameter)
{
	return json_object_get(check_declarations(check), parameter);
}

const struct assignment *check_given(const struct check *check, const char *parameter)
{
	const struct parameter_file *file = check->request->parameters;

	return file ? assignments_find(&file->list, parameter) : NULL;
}

const char *check_nearest_parameter(const struct check *check, const char *name)
{
	json_t *declarations = check_declarations(check), *ignored;
	CLEANUP_FREE const char **names =
		mem_zalloc((json_object_size(declarations) + 1) * sizeof(*names));
	size_t count = 0;
	const char *key;

	json_object_foreach(declarations, key, ignored) names[count++] = key;
	return nearest_word(name, names, count);
}

/* ---- running them ---- */

/* By file, then by place, then in the order of the rules. */
static int compare(const void *a_, const void *b_)
{
	const struct finding *a = a_, *b = b_;
	int order = strcmp(a->file, b->file);

	if (order != 0)
		return order;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	return (a->rule > b->rule) - (a->rule < b->rule);
}

void check_run(const struct check_request *request, struct findings *ret)
{
	size_t count = request->template->root ? RULE_COUNT : RULES_OF_FILES;
	struct check_request readable = *request;
	struct check check = { .request = request, .findings = ret };

	if (request->parameters_error)
		readable.parameters = NULL;
	for (size_t i = 0; i < count; i++) {
		if (i == RULES_OF_FILES)
			check.request = &readable;
		if (request->off && strv_has(request->off, rules[i].name))
			continue;
		check.rule = &rules[i];
		rules[i].run(&check);
	}
	place_findings(&check);
	if (ret->count)
		qsort(ret->items, ret->count, sizeof(*ret->items), compare);
}
