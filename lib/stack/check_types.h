#ifndef STACK_CHECK_TYPES_H
#define STACK_CHECK_TYPES_H

#include <jansson.h>
#include <stdbool.h>

/* A type of AWS's own: what its values look like. */
struct aws_type {
	const char *name;
	const char *prefix;
	bool (*is_one)(const char *text, const char *prefix);
	const char *example;
};

/* The one that the text of a parameter of this type must be of; NULL where it is none of AWS's. */
const struct aws_type *aws_type_of_text(const char *type);

/* The type's name, "String" where a template says none: CloudFormation will say so. */
const char *parameter_type_of(const json_t *declared);

bool parameter_type_is_list(const char *type);

/* What stands between the outermost brackets, or the type itself. Owned by the caller. */
char *parameter_type_inner(const char *type);

/*
 * What a value of Parameter Store's is, only CloudFormation finds out: the text is its name, and
 * the template's constraints are on that as on a string ("Systems Manager parameter types").
 */
bool parameter_type_is_indirect(const char *type);

#endif
