#ifndef STACK_PROGRESS_H
#define STACK_PROGRESS_H

#include "aws/cloudformation.h"
#include "base/str.h"
#include "base/strv.h"
#include "stack/usual.h"

#include <stdbool.h>
#include <stdint.h>

/* A resource that is being worked on. */
struct activity {
	char *name;
	char *status;
	int64_t since_ms; /* monotonic */
};

/*
 * How far an operation is: the resources that are under way, and how many of `total` (0: unknown)
 * are ready. Pure; grows with the number of resources, not with their history.
 */
struct progress {
	size_t count;
	struct activity *items;
	struct strv ready;
	size_t total;
};

#define PROGRESS_INIT                                                                              \
	{                                                                                          \
		.count = 0, .items = NULL, .ready = STRV_INIT                                      \
	}

void progress_release(struct progress *progress);

/*
 * Takes an event of resource `name`. counts: it is one of the `total`, which nested resources and
 * those of a rollback are not. since_ms: when it happened.
 */
void progress_note(struct progress *progress, const struct cfn_event *event, const char *name,
		   bool counts, int64_t since_ms);

/*
 * "Service (UPDATE_IN_PROGRESS for 3m10s, usually 4m00s), Task (...) and 2 more"; nothing where
 * nothing is.
 */
void progress_describe(const struct progress *progress, const struct usual *usual, int64_t now_ms,
		       struct str *out);

#endif
