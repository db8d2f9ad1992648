#ifndef SANDBOX_INTRINSIC_H
#define SANDBOX_INTRINSIC_H

#include "sandbox/sandbox.h"

#include <jansson.h>
#include <stdbool.h>

/* What intrinsic functions look things up in. Borrowed; `conditions` is filled as they are met. */
struct evaluation {
	struct sandbox *sandbox;
	const json_t *template;
	const json_t *parameters; /* name: text */
	json_t *conditions;	  /* name: boolean; null while it is being evaluated */
	const json_t *resources;  /* logical id: {Type, PhysicalResourceId, Properties} */
	const json_t *notification_arns;
	const char *stack_name;
	const char *stack_id;
};

/*
 * The value with every intrinsic function replaced by what it stands for (AWS CloudFormation User
 * Guide, "Intrinsic function reference"). Members that are AWS::NoValue are left out. Owned by the
 * caller; NULL with the service's text where a function is wrong.
 */
json_t *intrinsic_evaluate(struct evaluation *evaluation, const json_t *value, struct error *err);

/* Whether a condition holds. */
int intrinsic_condition(struct evaluation *evaluation, const char *name, bool *ret_holds,
			struct error *err);

/* Whether `name` is Ref, Condition or Fn::Something. */
bool intrinsic_is_function(const char *name);

/* Adds the names that Ref, Fn::GetAtt and Fn::Sub in `value` mention to the object `names`. */
void intrinsic_references(const json_t *value, json_t *names);

/* AWS::Region and its like. */
bool intrinsic_is_pseudo(const char *name);

#endif
