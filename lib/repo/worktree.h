#ifndef REPO_WORKTREE_H
#define REPO_WORKTREE_H

#include "base/str.h"
#include "base/strv.h"
#include "repo/open.h"

/*
 * The path of a file within the working tree, "sub/dev.cfg", links resolved; NULL where it is not
 * in it. Owned by the caller (free()).
 */
char *worktree_relative(struct repo *repo, const char *path);

/*
 * The first few paths in which the working tree differs from its commit; nothing where clean.
 * own_files: paths of files that are left out, NULL for none.
 */
int worktree_find_changes(struct repo *repo, const struct strv *own_files, struct str *ret_paths,
			  struct error *err);

/* The first hex digits of a hash over the whole difference to the commit, but for `own_files`. */
int worktree_hash_changes(struct repo *repo, const struct strv *own_files, struct str *ret_hex,
			  struct error *err);

#endif
