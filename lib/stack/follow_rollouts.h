#ifndef STACK_FOLLOW_ROLLOUTS_H
#define STACK_FOLLOW_ROLLOUTS_H

#include "stack/follow.h"

/*
 * The half of stack/follow.h that looks behind CloudFormation: services of ECS, and what a failure
 * leaves. Nothing here fails: what cannot be looked at is said once. For follow.c and
 * follow_events.c alone.
 */

/* Takes an event of a resource: a service that is created or updated is watched until it is not. */
void follow_note_service(struct follow *follow, const char *stack_arn,
			 const struct cfn_event *event, const char *name);

/*
 * Looks at the services that are being updated. Where one turns out to fail, follow->failing says
 * why, and the evidence is read and told.
 */
void follow_look_at_rollouts(struct follow *follow);

/* Reads the evidence of the operation's first failure, once, as soon as there is one. */
void follow_look_into_failure(struct follow *follow);

/*
 * Reads what was cancelled in an operation that another process has turned back: the tasks of a
 * service that fails may be why. Evidence of a service that has no failed task is none.
 */
void follow_look_into_cancelled(struct follow *follow);

/* Tells the evidence, where it was not told yet. */
void follow_tell_evidence(struct follow *follow);

#endif
