#ifndef SANDBOX_OPERATION_STEP_H
#define SANDBOX_OPERATION_STEP_H

#include "sandbox/sandbox.h"

#include <jansson.h>

/*
 * The steps of an operation's phase, one a resource: documents as sandbox/operation.h has them. A
 * step is waiting, begun, initiated (its physical id is known), and then done, failed, or skipped.
 */

#define STEP_NEVER INT64_MAX

bool step_is_in_state(const json_t *step, const char *state);
bool step_has_action(const json_t *step, const char *action);

/* Whether a step touched its resource before the phase came to its end. */
bool step_has_begun(const json_t *step);

json_t *step_list(const json_t *operation);

/* Adds a step that waits for those of `needs`, a list of logical ids that it takes over. */
void step_add(json_t *operation, const char *action, json_t *resource, json_t *needs);

/* The step of a resource, or NULL. */
json_t *step_find(const json_t *operation, const char *logical_id);

/* Tells what became of a step in an event: "COMPLETE", "FAILED" ... */
void step_tell(struct sandbox *sandbox, json_t *stack, const json_t *step, const char *ending,
	       const char *reason, int64_t at_ms);

/* Those that are under way are broken off, and the rest is not begun. */
void step_cancel_others(struct sandbox *sandbox, json_t *stack, int64_t at_ms);

/* One thing happens to one step: it begins, is initiated, or ends. */
void step_move(struct sandbox *sandbox, json_t *stack, json_t *step, int64_t at_ms);

/* The step that moves next, and when; NULL where all is done, given up, or stuck for good. */
json_t *step_next(const json_t *operation, int64_t *ret_at_ms);

/* When the last step ended; STEP_NEVER while one has not. */
int64_t step_end_of_all(const json_t *operation);

#endif
