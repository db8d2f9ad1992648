#include "repo/revision.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "repo/abbreviate.h"
#include "repo/open.h"
#include "repo/worktree.h"

#include <string.h>

void revision_release(struct revision *revision)
{
	str_release(&revision->root);
	str_release(&revision->id);
	str_release(&revision->short_id);
	str_release(&revision->branch);
	str_release(&revision->subject);
	str_release(&revision->author);
	str_release(&revision->origin);
	str_release(&revision->dirty_paths);
	*revision = (struct revision)REVISION_INIT;
}

static void describe_commit(git_commit *commit, struct revision *ret)
{
	const char *subject = git.commit_summary(commit);
	const git_signature *author = git.commit_author(commit);
	char hex[GIT_OID_HEXSZ + 1];

	str_adds(&ret->id, git.oid_tostr(hex, sizeof(hex), git.commit_id(commit)));
	str_adds(&ret->subject, subject ? subject : "");
	str_addf(&ret->author, "%s <%s>", author->name, author->email);
	ret->time_ms = (int64_t)git.commit_time(commit) * 1000;
}

/* The folder without the slash that libgit2 puts at its end. */
static void describe_place(struct repo *repo, struct revision *ret)
{
	const char *root = git.repository_workdir(repo->git);

	ret->is_bare = !root;
	ret->is_shallow = git.repository_is_shallow(repo->git) == 1;
	str_adds(&ret->root, root ? root : git.repository_path(repo->git));
	if (ret->root.len > 1 && str_ends_with(&ret->root, "/"))
		str_cut(&ret->root, ret->root.len - 1);
}

/* A URL's user information, which may hold a password or a token, is left out. */
static void add_without_user(struct str *out, const char *url)
{
	const char *scheme_end = strstr(url, "://");
	const char *host = scheme_end ? scheme_end + 3 : url;
	size_t authority_len = strcspn(host, "/?#");
	const char *at = memrchr(host, '@', authority_len);

	str_add(out, url, (size_t)(host - url));
	str_adds(out, scheme_end && at ? at + 1 : host);
}

/* A repository without the remote is as good as any. */
static void describe_origin(struct repo *repo, struct revision *ret)
{
	git_remote *remote = NULL;
	const char *url;

	if (git.remote_lookup(&remote, repo->git, "origin") < 0)
		return;
	url = git.remote_url(remote);
	add_without_user(&ret->origin, url ? url : "");
	git.remote_free(remote);
}

static int explain_no_head(struct repo *repo, int code, struct error *err)
{
	if (code != GIT_EUNBORNBRANCH && code != GIT_ENOTFOUND)
		return repo_fail(err, ERROR_REFUSED, "cannot read HEAD of '%s'",
				 git.repository_path(repo->git));
	error_set(err, ERROR_REFUSED, "the repository '%s' has no commit yet",
		  git.repository_path(repo->git));
	return error_fix(err, "make one: git add -A && git commit");
}

/* What has no remedy of its own is a file of git's that is damaged or missing. */
static int explain_damage(struct error *err)
{
	return error_fix(err, "'git fsck' says what is damaged: fetch it again, or name the "
			      "version yourself: set APP_VERSION to it");
}

static int read_head(struct repo *repo, struct revision *ret, struct error *err)
{
	CLEANUP(repo_free_reference) git_reference *head = NULL;
	CLEANUP(repo_free_object) git_object *object = NULL;
	int code = git.repository_head(&head, repo->git);

	if (code < 0)
		return explain_no_head(repo, code, err);
	if (git.reference_is_branch(head))
		str_adds(&ret->branch, git.reference_shorthand(head));
	if (git.reference_peel(&object, head, GIT_OBJECT_COMMIT) < 0)
		return repo_fail(err, ERROR_REFUSED, "HEAD is not a commit that is here");
	/* peel() to GIT_OBJECT_COMMIT gives a commit. */
	describe_commit((git_commit *)object, ret);
	return abbreviate(repo, git.object_id(object), &ret->short_id, err);
}

int revision_read(const char *dir, const struct strv *own_files, struct revision *ret,
		  struct error *err)
{
	CLEANUP(revision_release) struct revision revision = REVISION_INIT;
	CLEANUP(repo_release) struct repo repo = REPO_INIT;
	struct revision old;

	if (repo_open(dir, &repo, err) < 0)
		return -1;
	describe_place(&repo, &revision);
	describe_origin(&repo, &revision);
	if (read_head(&repo, &revision, err) < 0 ||
	    (!revision.is_bare &&
	     worktree_find_changes(&repo, own_files, &revision.dirty_paths, err) < 0))
		return explain_damage(err);
	revision.is_dirty = revision.dirty_paths.len > 0;
	old = *ret;
	*ret = revision;
	revision = old;
	return 0;
}

int revision_read_id(const char *dir, struct str *ret_id, struct error *err)
{
	CLEANUP(revision_release) struct revision revision = REVISION_INIT;
	CLEANUP(repo_release) struct repo repo = REPO_INIT;

	if (repo_open(dir, &repo, err) < 0 || read_head(&repo, &revision, err) < 0)
		return -1;
	str_add(ret_id, revision.id.buf, revision.id.len);
	return 0;
}

int revision_name_changes(const char *dir, const struct strv *own_files, struct str *ret_name,
			  struct error *err)
{
	CLEANUP(repo_release) struct repo repo = REPO_INIT;

	if (repo_open(dir, &repo, err) < 0)
		return -1;
	return worktree_hash_changes(&repo, own_files, ret_name, err);
}

int revision_is_ancestor(const char *dir, const char *older, const char *newer, bool *ret,
			 struct error *err)
{
	CLEANUP(repo_release) struct repo repo = REPO_INIT;
	CLEANUP(repo_free_commit) git_commit *old = NULL;
	CLEANUP(repo_free_commit) git_commit *new = NULL;
	int answer;

	if (repo_open(dir, &repo, err) < 0 || repo_need_commit(&repo, older, &old, err) < 0 ||
	    repo_need_commit(&repo, newer, &new, err) < 0)
		return -1;
	answer = git.oid_equal(git.commit_id(old), git.commit_id(new));
	if (!answer)
		answer = git.graph_descendant_of(repo.git, git.commit_id(new), git.commit_id(old));
	if (answer < 0 || (answer == 0 && git.repository_is_shallow(repo.git) == 1)) {
		error_set(err, ERROR_REFUSED,
			  "the history here is too short to compare '%s' "
			  "with '%s'",
			  older, newer);
		return error_fix(err, "fetch the rest of it: git fetch --unshallow");
	}
	*ret = answer == 1;
	return 0;
}
