#ifndef REPO_LOG_H
#define REPO_LOG_H

#include "base/error.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

/* One commit of a history, as `git log` shows it. time_ms: the committer's, since 1970. */
struct log_entry {
	struct str id;
	struct str short_id; /* as image tags have it (repo/abbreviate.h) */
	struct str subject;
	struct str author; /* the name alone */
	int64_t time_ms;
};

struct log {
	size_t count;
	struct log_entry *items;
};

#define LOG_INIT                                                                                   \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

/*
 * The commits that HEAD of the repository around `dir` leads to by first parents, newest first,
 * `max` at most: `git log --first-parent`, one entry a merge. Ends without an error where a shallow
 * clone's history does. ERROR_REFUSED as revision_read().
 */
int log_read(const char *dir, size_t max, struct log *ret, struct error *err);
void log_release(struct log *log);

#endif
