#ifndef REPO_COMMIT_H
#define REPO_COMMIT_H

#include "base/env.h"
#include "base/error.h"
#include "base/str.h"

/*
 * The line, from 1, of a file that is to be committed; `added`: it is one of that many new lines.
 * Borrowed.
 */
struct commit_request {
	const char *path;
	unsigned line;
	unsigned added;
	const struct env *env;
};

/*
 * Commits one changed line, or one entry that was added, of one tracked file to the branch that its
 * repository stands on; what else is changed or staged there stays as it is. Author and committer
 * are git's: of GIT_AUTHOR_NAME and its like, else user.name and user.email. Hooks are not run:
 * libgit2 knows none. Where commit.gpgsign is true the commit is signed, by git's program.
 *
 * *ret_short_id names the commit; it stays empty where the file is committed as it stands. The
 * index is written before the commit, so that after a crash the same call ends the work.
 *
 * ERROR_REFUSED with what to do where the file is not tracked, where more of it than this line
 * differs from the last commit, in the working tree or as it is staged, where a merge or rebase is
 * going on, or where git knows no author. ERROR_CHILD where git cannot sign.
 */
int commit_line(const struct commit_request *request, const char *message, struct str *ret_short_id,
		struct error *err);

/* Fails as commit_line() would that followed a change of this line; writes nothing. */
int commit_check_line(const struct commit_request *request, struct error *err);

/*
 * Pushes the branch by running git, which knows remotes and their credentials; it asks nothing.
 * ERROR_TOOL where git is missing, ERROR_CHILD with git's reason where it fails.
 */
int commit_push(const char *path, struct error *err);

#endif
