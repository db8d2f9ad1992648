#ifndef REPO_REVISION_H
#define REPO_REVISION_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The commit that a working tree stands on. short_id is what `git rev-parse --short HEAD` prints in
 * a repository without core.abbrev: the length follows from the number of objects, at least 7,
 * longer where ambiguous. dirty: tracked files differ from the commit, or untracked files that are
 * not ignored are there.
 */
struct revision {
	struct str root; /* the working tree's top folder */
	struct str id;	 /* full, 40 or 64 hex digits */
	struct str short_id;
	struct str branch; /* "" when detached */
	struct str subject;
	struct str author;
	int64_t time_ms;
	bool is_dirty;
	struct str dirty_paths; /* the first few, for a message */
	bool is_shallow;
};

#define REVISION_INIT                                                                              \
	{                                                                                          \
		.root = STR_INIT, .id = STR_INIT, .short_id = STR_INIT, .branch = STR_INIT,        \
		.subject = STR_INIT, .author = STR_INIT, .dirty_paths = STR_INIT                   \
	}

void revision_release(struct revision *revision);

/*
 * Reads the revision of the repository around `dir`. Runs no program and no hook of the repository.
 * ERROR_REFUSED where there is none, where HEAD is unborn, or where the repository is not owned by
 * the current user (libgit2's safe.directory rule), each with what to do.
 */
int revision_read(const char *dir, struct revision *ret, struct error *err);

#endif
