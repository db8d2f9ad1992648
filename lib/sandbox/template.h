#ifndef SANDBOX_TEMPLATE_H
#define SANDBOX_TEMPLATE_H

#include "base/error.h"
#include "base/str.h"

#include <jansson.h>
#include <stdbool.h>

/*
 * CloudFormation templates: reading, checking, and the values of their parameters. Refusals carry
 * the code ValidationError and the service's own texts.
 */

/*
 * Reads a template and checks what CloudFormation checks before it looks at any value: known
 * members and resource types, every reference resolved, no cycle.
 */
json_t *template_read(const char *text, size_t len, struct error *err);

/*
 * The value of every parameter, as text, from a list of {ParameterKey, ParameterValue,
 * UsePreviousValue}, the former values and the defaults; checked against the declarations. Owned by
 * the caller.
 */
json_t *template_parameters(const json_t *template, const json_t *given, const json_t *previous,
			    struct error *err);

/* Whether a parameter's value must not be shown. */
bool template_hides(const json_t *template, const char *parameter);

/* Whether a parameter is a list: CommaDelimitedList or List<...>. */
bool template_is_list(const json_t *template, const char *parameter);

/*
 * The capabilities that the template needs, in the texts' order: a list of names, and the types
 * that need them in *ret_types. Owned by the caller.
 */
json_t *template_capabilities(const json_t *template, json_t **ret_types);

/*
 * The logical ids of the resources in `included`, each after those that it depends on: Ref,
 * Fn::GetAtt, Fn::Sub, DependsOn. Owned by the caller; NULL and the service's text for a cycle.
 */
json_t *template_order(const json_t *template, const json_t *included, struct error *err);

/* The logical ids of `template`'s resources that `resource` depends on: a list, owned. */
json_t *template_dependencies(const json_t *template, const json_t *resource);

/* "[A, B]": the texts' way to write names, those of an object or of a list. */
void template_list_names(const json_t *names, struct str *out);

/* A scalar as text, as CloudFormation passes it on. False for lists, objects and null. */
bool template_scalar(const json_t *value, struct str *out);

#endif
