#ifndef SANDBOX_STACK_H
#define SANDBOX_STACK_H

#include "sandbox/sandbox.h"

#include <jansson.h>

/*
 * A stack, as a document in the sandbox's state:
 *
 *	{"StackName", "StackId", "StackStatus", "StackStatusReason",
 *	 "CreationTime", "LastUpdatedTime", "DeletionTime": in milliseconds,
 *	 "TemplateBody", "Parameters": {NAME: VALUE}, "Hidden": {NAME: true} for those with NoEcho,
 *	 "Capabilities", "Tags", "Description", "RoleARN", "NotificationARNs", "ChangeSetId",
 *	 "Outputs": [...], "Resources": {LOGICAL: {...}}, "Events": [oldest first],
 *	 "Operation": {...} while one runs (sandbox/operation.h)}
 */

/* A stack by its name (one that is not deleted) or by its ARN (any), or NULL. Borrowed. */
json_t *stack_find(struct sandbox *sandbox, const char *name_or_arn);

/* A new stack in REVIEW_IN_PROGRESS. Borrowed from the state. */
json_t *stack_new(struct sandbox *sandbox, const char *name, int64_t now_ms);
void stack_forget(struct sandbox *sandbox, const json_t *stack);

bool stack_has_status(const json_t *stack, const char *status);

/* Whether the status is one of an operation that runs: it ends in _IN_PROGRESS. */
bool stack_is_busy(const json_t *stack);

/* What happened to a stack or to a resource of it: an event, and the new status. */
struct stack_event {
	const char *logical_id; /* NULL: the stack itself */
	const char *physical_id;
	const char *type;
	const char *status;
	const char *reason;	  /* may be NULL */
	const json_t *properties; /* of a resource, may be NULL */
	const char *token;	  /* ClientRequestToken, may be NULL */
	int64_t at_ms;
};

void stack_add_event(struct sandbox *sandbox, json_t *stack, const struct stack_event *event);

/* Sets the stack's own status and tells it in an event. */
void stack_set_status(struct sandbox *sandbox, json_t *stack, const char *status,
		      const char *reason, const char *token, int64_t at_ms);

/* Brings every stack, and the services and tasks of its making, to where they are at `now_ms`. */
void stack_advance_all(struct sandbox *sandbox, int64_t now_ms);

#endif
