#ifndef STACK_USUAL_H
#define STACK_USUAL_H

#include "aws/cloudformation.h"

#include <stddef.h>
#include <stdint.h>

/* As many earlier durations of one thing as are kept: the newest. */
#define USUAL_SAMPLES 5

/* How long one thing took: a resource, or the stack itself, and what was done to it. */
struct usual_item {
	char *name;
	char *verb; /* "UPDATE" of UPDATE_IN_PROGRESS and UPDATE_COMPLETE */
	char *token;
	int64_t since_ms; /* of the one under way while events are taken in; 0: none */
	size_t count;
	int64_t samples_ms[USUAL_SAMPLES];
};

/*
 * How long things on a stack have usually taken, learned from the events of earlier operations.
 * Pure; grows with the number of resources that the given events speak of.
 */
struct usual {
	size_t count;
	struct usual_item *items;
};

#define USUAL_INIT                                                                                 \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

void usual_release(struct usual *usual);

/*
 * Takes an event, in the order of time. What began before the first of them, failed, or was done in
 * two operations teaches nothing.
 */
void usual_learn(struct usual *usual, const struct cfn_event *event);

/* How long `name` usually is in this status, the median; 0 where nothing is known, or below 5 s. */
int64_t usual_find(const struct usual *usual, const char *name, const char *status);

#endif
