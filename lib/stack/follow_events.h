#ifndef STACK_FOLLOW_EVENTS_H
#define STACK_FOLLOW_EVENTS_H

#include "stack/follow.h"

/*
 * The reading half of stack/follow.h: fetches what is new, tells it, and keeps what the verdict
 * and the cause are made of. For follow.c alone.
 */

/* What the token of a cancellation has behind that of the operation that it turns back. */
#define FOLLOW_CANCEL_SUFFIX "-cancel"

/* Adds a stack to those whose events are read; both texts are copied. */
void follow_add_stack(struct follow *follow, const char *arn, const char *prefix, int64_t since_ms);

/*
 * Reads what was before, one page and a few older ones: marks it as told, and learns from it how
 * long things usually take. Fails where the first page cannot be read.
 */
int follow_read_history(struct follow *follow, struct error *err);

/* Reads the new events of the root stack and of those nested in it. Fails where the root's fail. */
int follow_read_events(struct follow *follow, struct error *err);

#endif
