#include "repo/open.h"

#include "base/cleanup.h"
#include "base/slice.h"
#include "repo/memory.h"

#include <assert.h>
#include <string.h>

/*
 * Extensions of the repository format that change nothing for a reader of commits and files; all
 * others are refused by libgit2. https://git-scm.com/docs/repository-version
 */
static const char *harmless_extensions[] = { "partialclone", "preciousobjects", "worktreeconfig" };

int repo_fail(struct error *err, enum error_kind kind, const char *fmt, ...)
{
	CLEANUP(str_release) struct str what = STR_INIT;
	const git_error *found = git.error_last();
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&what, fmt, ap);
	va_end(ap);
	if (found)
		str_addf(&what, ": %s", found->message);
	return error_set(err, kind, "%s", what.buf);
}

/* The folder to trust: the working tree where `git_dir` is the .git in it, as git names it. */
static struct slice trusted_folder(const char *git_dir)
{
	static const char tail[] = "/.git/";
	const size_t tail_len = sizeof(tail) - 1;
	struct slice folder = slice_of(git_dir);

	if (folder.n > tail_len && memcmp(folder.p + folder.n - tail_len, tail, tail_len) == 0)
		folder.n -= tail_len;
	else if (folder.n > 1)
		folder.n--;
	return folder;
}

static int refuse_foreign(const char *git_dir, struct error *err)
{
	struct slice folder = trusted_folder(git_dir);

	error_set(err, ERROR_REFUSED, "the repository '%.*s' is not owned by the current user",
		  (int)folder.n, folder.p);
	return error_fix(err, "if you trust it: git config --global --add safe.directory %.*s",
			 (int)folder.n, folder.p);
}

/*
 * libgit2 1.5 says ENOTFOUND, not EOWNER, for another user's repository where no safe.directory is
 * configured at all: what is there all the same is not missing.
 */
static int explain_closed(const char *dir, int code, struct error *err)
{
	git_buf found = GIT_BUF_INIT;

	if (code != GIT_EOWNER && code != GIT_ENOTFOUND) {
		repo_fail(err, ERROR_REFUSED, "cannot read the repository around '%s'", dir);
		return error_fix(err, "name the version yourself: set APP_VERSION to it");
	}
	if (git.repository_discover(&found, dir, 0, NULL) == 0)
		refuse_foreign(found.ptr, err);
	else
		error_set(err, ERROR_REFUSED, "'%s' is not in a git repository", dir);
	git.buf_dispose(&found);
	return error_fix(err, "run this in the repository, make one with 'git init' and a commit, "
			      "or set APP_VERSION");
}

static int start(struct error *err)
{
	const size_t count = sizeof(harmless_extensions) / sizeof(harmless_extensions[0]);

	if (libgit2_load(err) < 0)
		return -1;
	repo_use_memory();
	if (git.libgit2_init() < 0)
		return repo_fail(err, ERROR_TOOL, "cannot start libgit2");
	(void)git.libgit2_opts(GIT_OPT_SET_EXTENSIONS, harmless_extensions, count);
	return 0;
}

int repo_open(const char *dir, struct repo *ret, struct error *err)
{
	git_repository *found = NULL;
	int code;

	if (start(err) < 0)
		return -1;
	code = git.repository_open_ext(&found, dir, 0, NULL);
	if (code == 0) {
		ret->git = found;
		return 0;
	}
	explain_closed(dir, code, err);
	(void)git.libgit2_shutdown();
	return -1;
}

void repo_release(struct repo *repo)
{
	if (!repo->git)
		return;
	git.repository_free(repo->git);
	repo->git = NULL;
	(void)git.libgit2_shutdown();
}

git_commit *repo_find_commit(struct repo *repo, const char *name)
{
	CLEANUP(repo_free_object) git_object *object = NULL;
	git_object *commit = NULL;

	if (git.revparse_single(&object, repo->git, name) < 0 ||
	    git.object_peel(&commit, object, GIT_OBJECT_COMMIT) < 0)
		return NULL;
	/* peel() to GIT_OBJECT_COMMIT gives a commit. */
	return (git_commit *)commit;
}

int repo_need_commit(struct repo *repo, const char *name, git_commit **ret, struct error *err)
{
	git_commit *commit = repo_find_commit(repo, name);

	if (!commit) {
		error_set(err, ERROR_REFUSED, "'%s' is no commit of this repository", name);
		return error_fix(err, "fetch it: git fetch --all --tags");
	}
	*ret = commit;
	return 0;
}
