#ifndef REPO_OPEN_H
#define REPO_OPEN_H

#include "base/error.h"
#include "repo/libgit2.h"

/*
 * An open repository: the only place where libgit2 is started and ended, so that nothing of it
 * lives longer than the call that needs it. Within lib/repo alone.
 *
 * Nothing of the repository's own is run: libgit2 knows neither hooks nor fsmonitor nor external
 * filters. GIT_DIR and its like in the environment do not redirect.
 */
struct repo {
	git_repository *git;
};

#define REPO_INIT                                                                                  \
	{                                                                                          \
		.git = NULL                                                                        \
	}

/*
 * Opens the repository around `dir`, as git finds it: upwards, within the file system.
 * ERROR_REFUSED with the remedy where there is none, where it is not owned by the current user, or
 * where libgit2 cannot read it (SHA-256 object names).
 */
int repo_open(const char *dir, struct repo *ret, struct error *err);
void repo_release(struct repo *repo);

/* Records libgit2's own message after ours, and returns -1. */
int repo_fail(struct error *err, enum error_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The commit that a name stands for (an abbreviated id, a tag), owned by the caller, or NULL. */
git_commit *repo_find_commit(struct repo *repo, const char *name);

/* The same, where it must be here: ERROR_REFUSED with the remedy. */
int repo_need_commit(struct repo *repo, const char *name, git_commit **ret, struct error *err);

/* git's objects, for CLEANUP(): there may be none because libgit2 could not be loaded. */
static inline void repo_free_object(git_object **object)
{
	if (*object)
		git.object_free(*object);
}

static inline void repo_free_commit(git_commit **commit)
{
	if (*commit)
		git.commit_free(*commit);
}

static inline void repo_free_tree(git_tree **tree)
{
	if (*tree)
		git.tree_free(*tree);
}

static inline void repo_free_reference(git_reference **reference)
{
	if (*reference)
		git.reference_free(*reference);
}

static inline void repo_free_index(git_index **index)
{
	if (*index)
		git.index_free(*index);
}

#endif
