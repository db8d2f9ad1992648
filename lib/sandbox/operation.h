#ifndef SANDBOX_OPERATION_H
#define SANDBOX_OPERATION_H

#include "sandbox/sandbox.h"

#include <jansson.h>

/*
 * What a stack is doing: a state machine over time alone. It knows nothing of HTTP; whoever asks
 * says what time it is, and everything that was due until then happens, at its own time.
 *
 * An operation is a row of phases (CREATE_IN_PROGRESS, then ROLLBACK_IN_PROGRESS ...). A phase is a
 * set of steps, one a resource; a step waits for those it needs, begins, is initiated, ends. A
 * failed step ends its phase, which leads to the phase that undoes it. As a document in the stack:
 *
 *	{"Phase", "At": when the phase began, "Token", "OnFailure": "ROLLBACK", "DO_NOTHING" or
 *"DELETE", "Steps": [{"LogicalId", "Action", "State", "Needs": [LOGICAL, ...], "Resource": {...},
 *		"NextAt", "EndsAt", "Reason"}],
 *	 "Garbage": [resources that are deleted when it is over],
 *	 "Before": what the stack was: {"Resources", "TemplateBody", "Parameters", "Outputs", ...},
 *	 "Failed": {"create": [LOGICAL, ...], "update": [...], "delete": [...]},
 *	 "OperationId", "OperationType": as DescribeEvents has them}
 */

/* What a new operation is told. Borrowed. */
struct operation_request {
	const char *token;	/* ClientRequestToken, may be NULL */
	const char *reason;	/* of the stack's first event, may be NULL */
	const char *on_failure; /* NULL: ROLLBACK */
	const json_t *plan;	/* of sandbox/plan.h; create and update */
	const json_t *after;	/* members that the stack takes on: TemplateBody, Parameters ... */
};

/* Starts an operation on a stack that is not busy. */
void operation_create(struct sandbox *sandbox, json_t *stack,
		      const struct operation_request *request, int64_t now_ms);
void operation_update(struct sandbox *sandbox, json_t *stack,
		      const struct operation_request *request, int64_t now_ms);
void operation_delete(struct sandbox *sandbox, json_t *stack,
		      const struct operation_request *request, int64_t now_ms);

/* Turns an update that runs into its rollback; false where it cannot be cancelled any more. */
bool operation_cancel(struct sandbox *sandbox, json_t *stack, const char *token, int64_t now_ms);

/*
 * Goes on with a rollback that failed, as if the resources in `skip` were back already; and rolls
 * back what failed with its rollback switched off.
 */
void operation_continue_rollback(struct sandbox *sandbox, json_t *stack, const char *token,
				 const json_t *skip, int64_t now_ms);
void operation_roll_back(struct sandbox *sandbox, json_t *stack, const char *token, int64_t now_ms);

/* Lets everything happen that is due by `now_ms`. */
void operation_advance(struct sandbox *sandbox, json_t *stack, int64_t now_ms);

#endif
