#ifndef REPO_HISTORY_H
#define REPO_HISTORY_H

#include "base/error.h"
#include "base/str.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A commit, as far as it is known here; strings are "" where it is not. */
struct history_commit {
	bool is_known;
	struct str subject;
	struct str author;
	int64_t time_ms;
};

#define HISTORY_COMMIT_INIT                                                                        \
	{                                                                                          \
		.is_known = false, .subject = STR_INIT, .author = STR_INIT                         \
	}

void history_commit_release(struct history_commit *commit);

/*
 * Describes the commits that `names` stand for (abbreviated ids, tags) into `ret`, which holds as
 * many; a name that is no commit here is not known. Fails where there is no repository.
 */
int history_describe(const char *dir, const struct strv *names, struct history_commit *ret,
		     struct error *err);

/*
 * Appends the paths in which the commits `from` and `to` differ, at most `max`. ERROR_REFUSED where
 * one of them is not here.
 */
int history_changed_paths(const char *dir, const char *from, const char *to, size_t max,
			  struct strv *ret_paths, struct error *err);

/* The bytes of a file from one commit on, borrowed. True asks for older ones. */
typedef bool (*history_file_fn)(void *ctx, int64_t time_ms, const char *bytes, size_t len);

/*
 * Hands out every version that a file has had along the first parents of HEAD, newest first, until
 * `each` has enough, the history ends, or 2,000 commits were looked at. Not tracked: none.
 */
int history_of_file(const char *path, history_file_fn each, void *ctx, struct error *err);

#endif
