#ifndef REPO_REVISION_H
#define REPO_REVISION_H

#include "base/error.h"
#include "base/str.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The commit that a working tree stands on. short_id is what `git rev-parse --short HEAD` prints in
 * a repository without core.abbrev: the length follows from the number of objects, at least 7,
 * longer where ambiguous. A core.abbrev changes nothing, so that one commit has one tag everywhere.
 *
 * is_dirty: tracked files differ from the commit (also those marked assume-unchanged or
 * skip-worktree), files are staged, a submodule stands elsewhere, or untracked files that are not
 * ignored are there. A bare repository is never dirty. Files under an external filter (git-lfs)
 * count as changed where the index cannot tell by their time and size: no filter is run.
 */
struct revision {
	struct str root; /* the working tree's top folder; git's own folder where bare */
	struct str id;	 /* full, 40 or 64 hex digits */
	struct str short_id;
	struct str branch; /* "" when detached */
	struct str subject;
	struct str author;
	int64_t time_ms;
	struct str origin; /* URL of the remote "origin", without credentials; "" where none */
	bool is_dirty;
	struct str dirty_paths; /* the first few, for a message: "a, b, c and 2 more" */
	bool is_shallow;
	bool is_bare;
};

#define REVISION_INIT                                                                              \
	{                                                                                          \
		.root = STR_INIT, .id = STR_INIT, .short_id = STR_INIT, .branch = STR_INIT,        \
		.subject = STR_INIT, .author = STR_INIT, .origin = STR_INIT,                       \
		.dirty_paths = STR_INIT                                                            \
	}

void revision_release(struct revision *revision);

/*
 * Reads the revision of the repository around `dir`. Runs no program and no hook of the repository.
 * own_files: absolute paths of files in which a change makes no dirty tree, NULL for none.
 * ERROR_REFUSED where there is none, where HEAD is unborn, or where the repository is not owned by
 * the current user (libgit2's safe.directory rule), each with what to do.
 */
int revision_read(const char *dir, const struct strv *own_files, struct revision *ret,
		  struct error *err);

/*
 * The full id of the commit that `dir` stands on, appended: for a second look, which costs no walk
 * through the working tree. Fails as revision_read() does.
 */
int revision_read_id(const char *dir, struct str *ret_id, struct error *err);

/*
 * Names what makes the working tree around `dir` differ from its commit: the first hex digits of a
 * hash over the whole difference but for `own_files`, untracked files included, appended. The same
 * difference has the same name.
 */
int revision_name_changes(const char *dir, const struct strv *own_files, struct str *ret_name,
			  struct error *err);

/*
 * Whether the commit `older` is `newer` or one of its ancestors; both as git names them (an
 * abbreviated id, a tag). ERROR_REFUSED where one is unknown or where a shallow clone's history
 * ends too early to tell.
 */
int revision_is_ancestor(const char *dir, const char *older, const char *newer, bool *ret,
			 struct error *err);

#endif
