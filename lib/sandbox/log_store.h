#ifndef SANDBOX_LOG_STORE_H
#define SANDBOX_LOG_STORE_H

#include "sandbox/sandbox.h"

#include <jansson.h>

/*
 * What containers and functions wrote, in the sandbox's state:
 *
 *	LogGroups: {GROUP: {STREAM: [{"timestamp": ms, "message"}, ...]}}
 *
 * Lines may be written ahead of their time; who reads passes over those that are yet to come.
 */

/* Makes a group where there is none of that name. Streams are made as they are written to. */
void log_store_make_group(struct sandbox *sandbox, const char *group);
void log_store_remove_group(struct sandbox *sandbox, const char *group);

/*
 * Adds a line. Nothing where there is no such group, as with a driver that cannot create one. Of
 * the streams of a group the oldest go, so that a task that starts for ever fills no memory.
 */
void log_store_add(struct sandbox *sandbox, const char *group, const char *stream,
		   const char *message, int64_t at_ms);

#endif
