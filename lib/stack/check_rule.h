#ifndef STACK_CHECK_RULE_H
#define STACK_CHECK_RULE_H

#include "stack/check.h"

#include <stdbool.h>

/* A finding, by its number, and the path in the template that it is about. */
struct spot {
	size_t finding;
	char *path;
};

/* What the rules (check_*.c) share; everybody else sees stack/check.h. */
struct check {
	const struct check_request *request;
	const struct check_rule *rule; /* the one that runs */
	struct findings *findings;
	struct spot *spots; /* whose lines are looked up in the end */
	size_t spot_count;
};

struct check_rule {
	const char *name;
	enum check_severity severity;
	const char *summary;
	void (*run)(struct check *check);
};

/*
 * Adds a finding of the rule that runs: at a dotted path of the template, or at an assignment of
 * the parameter file. Returns it for finding_fix(), NULL where there are too
 * many.
 */
struct finding *check_add_at_template(struct check *check, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
struct finding *check_add_at_file(struct check *check, const struct assignment *item,
				  const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same at the place of an error that a reader of the file at `path` has set (error_at()). */
struct finding *check_add_error(struct check *check, const char *path, const struct error *error);

/* Says what to do about it; nothing happens for NULL. */
void finding_fix(struct finding *finding, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The template's declared parameters, and one of them; NULL where there is none. Borrowed. */
json_t *check_declarations(const struct check *check);
json_t *check_declaration(const struct check *check, const char *parameter);

/* The parameter file's line of a parameter, NULL where there is none. Borrowed. */
const struct assignment *check_given(const struct check *check, const char *parameter);

/* The parameter of the template that is named nearest to `name`, NULL where none is. Borrowed. */
const char *check_nearest_parameter(const struct check *check, const char *name);

/* Whether the template takes secrets from Secrets Manager somewhere. */
bool check_has_secret(const struct check *check);

/* A container of a task definition (AWS::ECS::TaskDefinition); all borrowed. */
struct container {
	const char *task; /* the resource's name */
	const json_t *task_properties;
	size_t index;
	const json_t *definition;
	const char *name; /* "" where it has none */
};

/* Calls `visit`, where given, for each container of the template; returns how many there are. */
typedef void container_visit_fn(struct check *check, const struct container *container,
				void *context);
size_t check_each_container(struct check *check, container_visit_fn *visit, void *context);

/*
 * The name of what a reference refers to, appended: {"Ref": X}, {"Fn::GetAtt": [X, ...]} or
 * {"Fn::Sub": "${X...}"}; false where the value is none.
 */
bool check_referred(const json_t *value, struct str *ret_name);

/* The rules, a file each. */
void check_template_unreadable(struct check *check);
void check_parameters_unreadable(struct check *check);

void check_unknown_parameter(struct check *check);
void check_missing_parameter(struct check *check);
void check_parameter_type(struct check *check);
void check_aws_type(struct check *check);
void check_number(struct check *check);
void check_allowed_values(struct check *check);
void check_allowed_pattern(struct check *check);
void check_pattern_not_checked(struct check *check);
void check_value_length(struct check *check);
void check_plain_password(struct check *check);
void check_password_echo(struct check *check);

void check_duplicate_key(struct check *check);
void check_tag_parameter_missing(struct check *check);
void check_tag_parameter_unused(struct check *check);
void check_unused_parameter(struct check *check);
void check_circuit_breaker(struct check *check);
void check_template_size(struct check *check);
void check_template_nearly_full(struct check *check);
void check_template_upload(struct check *check);

void check_secrets_role(struct check *check);
void check_secrets_decrypt(struct check *check);
void check_secrets_region(struct check *check);

#endif
