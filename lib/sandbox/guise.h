#ifndef SANDBOX_GUISE_H
#define SANDBOX_GUISE_H

#include "sandbox/sandbox.h"

#include <jansson.h>
#include <stdint.h>

/*
 * What a scenario makes of stacks beside what happens to their resources (its list "stacks"): the
 * status that one is found in, the status that an operation ends in, and reads that are too old.
 */

/* Puts stacks into the status that they are to be found in, once, and on into the one after it. */
void guise_advance(struct sandbox *sandbox, json_t *stack, int64_t now_ms);

/* The status in which an operation ends: the scenario's, or `status`. */
const char *guise_end(struct sandbox *sandbox, const json_t *stack, const char *status);

/* An operation begins: what DescribeStacks says may be older than that for a while. */
void guise_begin(struct sandbox *sandbox, json_t *stack);

/* What DescribeStacks says of the status this time; NULL where it says the truth. Borrowed. */
const char *guise_stale_status(struct sandbox *sandbox, json_t *stack);

#endif
