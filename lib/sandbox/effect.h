#ifndef SANDBOX_EFFECT_H
#define SANDBOX_EFFECT_H

#include "sandbox/forecast.h"
#include "sandbox/sandbox.h"

#include <jansson.h>

/*
 * What the stack's resources are beyond their record: repositories that can be pushed to, task
 * definitions, services that start tasks, log groups, functions behind custom resources. One row a
 * type in sandbox/effect.c; a type without a row is nothing but its record.
 */

/* A step on a resource, as sandbox/operation.h has them. Borrowed. */
struct effect_request {
	const char *stack;
	const char *logical_id;
	const char *action; /* CREATE, UPDATE, DELETE, ROLLBACK */
	const json_t *resource;
	unsigned usual_s; /* how long such a step takes */
};

/* The step begins: what comes of it, where that is known. */
void effect_begin(struct sandbox *sandbox, const struct effect_request *request, int64_t at_ms,
		  struct forecast *ret);

/* The resource is there, with its properties; is gone. */
void effect_made(struct sandbox *sandbox, const json_t *resource, int64_t at_ms);
void effect_removed(struct sandbox *sandbox, const json_t *resource, int64_t at_ms);

#endif
