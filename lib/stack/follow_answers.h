#ifndef STACK_FOLLOW_ANSWERS_H
#define STACK_FOLLOW_ANSWERS_H

#include "stack/follow.h"

/*
 * The half of stack/follow.h that waits for custom resources: CloudFormation gives a function an
 * hour to answer, but a function ends after its Timeout, and one that ends without an answer is not
 * heard of again unless Lambda calls it once more. Nothing here fails. For follow.c and
 * follow_events.c alone.
 */

/* Takes an event of a resource: a custom one that is created or updated has to answer. */
void follow_note_custom(struct follow *follow, const char *stack_arn, const struct cfn_event *event,
			const char *name, int64_t since_ms);

/*
 * Tells of each resource whose function is past its end, once, with what its log says, and leaves
 * why in follow->unanswered.
 */
void follow_look_at_answers(struct follow *follow);

void follow_release_answers(struct follow *follow);

#endif
