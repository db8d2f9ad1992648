#ifndef AWS_LOGS_H
#define AWS_LOGS_H

#include "aws/client.h"

#include <stdint.h>

/*
 * CloudWatch Logs, API version 2014-03-28. A group or stream that does not exist has the code
 * "ResourceNotFoundException".
 */

/* One event. `stream` is "" where the stream was asked for by name. */
struct logs_event {
	int64_t time_ms;
	char *stream;
	char *message;
};

struct logs_events {
	size_t count;
	struct logs_event *items; /* in their order in time */
};

#define LOGS_EVENTS_INIT                                                                           \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

void logs_events_release(struct logs_events *events);

/* The last `limit` events of a stream, at most 10,000 (GetLogEvents). */
int logs_tail(struct aws_client *client, const char *group, const char *stream, unsigned limit,
	      struct logs_events *ret, struct error *err);

/* Which events of a group are wanted. Borrowed; NULL and 0 where it does not matter. */
struct logs_filter {
	const char *group;
	const char *stream_prefix;
	const char *pattern; /* CloudWatch Logs filter pattern syntax */
	int64_t start_ms;
	int64_t end_ms;
};

/* Every event that passes, every page, up to 10,000 (FilterLogEvents). */
int logs_find(struct aws_client *client, const struct logs_filter *filter, struct logs_events *ret,
	      struct error *err);

#endif
