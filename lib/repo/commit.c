#include "repo/commit.h"

#include "base/cleanup.h"
#include "repo/abbreviate.h"
#include "repo/open.h"
#include "repo/worktree.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One commit in the making. */
struct draft {
	struct repo repo;
	char *name; /* of the file within the working tree */
	git_commit *parent;
	git_tree *tree;
	git_tree_entry *entry; /* the file as committed */
	git_oid blob;	       /* as it is now */
	git_signature *author;
};

#define DRAFT_INIT                                                                                 \
	{                                                                                          \
		.repo = REPO_INIT, .name = NULL                                                    \
	}

static void draft_release(struct draft *draft)
{
	git_signature_free(draft->author);
	git_tree_entry_free(draft->entry);
	git_tree_free(draft->tree);
	git_commit_free(draft->parent);
	free(draft->name);
	repo_release(&draft->repo);
}

static int find_file(const char *path, struct draft *draft, struct error *err)
{
	CLEANUP_FREE char *real = realpath(path, NULL);
	CLEANUP_FREE char *dir = file_dirname(real ? real : path);

	if (!real)
		return error_set_errno(err, errno, "cannot commit '%s'", path);
	if (repo_open(dir, &draft->repo, err) < 0)
		return -1;
	draft->name = worktree_relative(&draft->repo, path);
	if (!draft->name)
		return error_set(err, ERROR_REFUSED, "'%s' is in no working tree", path);
	return 0;
}

static int check_state(const struct draft *draft, struct error *err)
{
	if (git_repository_state(draft->repo.git) == GIT_REPOSITORY_STATE_NONE)
		return 0;
	error_set(err, ERROR_REFUSED, "a merge, rebase or the like is going on in '%s'",
		  git_repository_workdir(draft->repo.git));
	return error_fix(err, "end it first: git status says how");
}

static int find_committed(struct draft *draft, struct error *err)
{
	CLEANUP(repo_free_object) git_object *head = NULL;

	if (git_revparse_single(&head, draft->repo.git, "HEAD^{commit}") < 0)
		return repo_fail(err, ERROR_REFUSED, "cannot read HEAD");
	/* ^{commit} gives a commit. */
	draft->parent = (git_commit *)move_ptr(head);
	if (git_commit_tree(&draft->tree, draft->parent) < 0)
		return repo_fail(err, ERROR_REFUSED, "cannot read the last commit's files");
	if (git_tree_entry_bypath(&draft->entry, draft->tree, draft->name) == 0)
		return 0;
	error_set(err, ERROR_REFUSED, "'%s' is in no commit yet", draft->name);
	return error_fix(err, "commit it once by hand: git add '%s' && git commit", draft->name);
}

static int count_lines(const struct draft *draft, size_t *ret_added, size_t *ret_deleted)
{
	git_blob *before = NULL, *now = NULL;
	git_patch *patch = NULL;
	int code = git_blob_lookup(&before, draft->repo.git, git_tree_entry_id(draft->entry));

	if (code == 0)
		code = git_blob_lookup(&now, draft->repo.git, &draft->blob);
	if (code == 0)
		code = git_patch_from_blobs(&patch, before, NULL, now, NULL, NULL);
	if (code == 0)
		code = git_patch_line_stats(NULL, ret_added, ret_deleted, patch);
	git_patch_free(patch);
	git_blob_free(now);
	git_blob_free(before);
	return code;
}

static int check_one_line(const struct draft *draft, struct error *err)
{
	size_t added = 0, deleted = 0;

	if (count_lines(draft, &added, &deleted) < 0)
		return repo_fail(err, ERROR_REFUSED, "cannot compare '%s' with its commit",
				 draft->name);
	if (added <= 1 && deleted <= 1)
		return 0;
	error_set(err, ERROR_REFUSED, "'%s' has other changes that are not committed", draft->name);
	return error_fix(err, "commit or undo them first: git diff '%s'", draft->name);
}

static int find_author(struct draft *draft, struct error *err)
{
	if (git_signature_default(&draft->author, draft->repo.git) == 0)
		return 0;
	error_set(err, ERROR_REFUSED, "git knows no author for the commit");
	return error_fix(err, "git config --global user.name NAME; git config --global user.email "
			      "ADDRESS");
}

static int stage(const struct draft *draft, struct error *err)
{
	CLEANUP(repo_free_index) git_index *index = NULL;

	if (git_repository_index(&index, draft->repo.git) == 0 &&
	    git_index_add_bypath(index, draft->name) == 0 && git_index_write(index) == 0)
		return 0;
	repo_fail(err, ERROR_REFUSED, "cannot stage '%s'", draft->name);
	return error_fix(err, "wait for other git commands to end, then run this again");
}

/* The last commit's tree with the one file replaced: what else is staged is not in it. */
static int write_commit(const struct draft *draft, const char *message, git_oid *ret_id,
			struct error *err)
{
	CLEANUP(repo_free_tree) git_tree *tree = NULL;
	const git_commit *parents[] = { draft->parent };
	const git_tree_update update = {
		.action = GIT_TREE_UPDATE_UPSERT,
		.id = draft->blob,
		.filemode = git_tree_entry_filemode(draft->entry),
		.path = draft->name,
	};
	git_oid tree_id;

	if (git_tree_create_updated(&tree_id, draft->repo.git, draft->tree, 1, &update) == 0 &&
	    git_tree_lookup(&tree, draft->repo.git, &tree_id) == 0 &&
	    git_commit_create(ret_id, draft->repo.git, "HEAD", draft->author, draft->author, NULL,
			      message, tree, 1, parents) == 0)
		return 0;
	return repo_fail(err, ERROR_REFUSED, "cannot commit '%s'", draft->name);
}

int commit_line(const char *path, const char *message, struct str *ret_short_id, struct error *err)
{
	CLEANUP(draft_release) struct draft draft = DRAFT_INIT;
	git_oid id;

	if (find_file(path, &draft, err) < 0 || check_state(&draft, err) < 0 ||
	    find_committed(&draft, err) < 0)
		return -1;
	if (git_blob_create_from_workdir(&draft.blob, draft.repo.git, draft.name) < 0)
		return repo_fail(err, ERROR_REFUSED, "cannot read '%s'", draft.name);
	str_reset(ret_short_id);
	if (git_oid_equal(&draft.blob, git_tree_entry_id(draft.entry)))
		return 0;
	if (check_one_line(&draft, err) < 0 || find_author(&draft, err) < 0 ||
	    stage(&draft, err) < 0 || write_commit(&draft, message, &id, err) < 0)
		return -1;
	return abbreviate(&draft.repo, &id, ret_short_id, err);
}

/* git says in its last line what went wrong. */
static const char *last_line(struct str *text)
{
	const char *newline;

	while (str_ends_with(text, "\n"))
		str_cut(text, text->len - 1);
	newline = strrchr(text->buf, '\n');
	return newline ? newline + 1 : text->buf;
}

/* The credential helper for CodeCommit signs with the credentials of AWS. */
static bool is_of_codecommit(const char *dir)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	CLEANUP(repo_release) struct repo repo = REPO_INIT;
	git_strarray names = { NULL, 0 };
	bool is = false;

	if (repo_open(dir, &repo, &ignored) < 0 || git_remote_list(&names, repo.git) < 0)
		return false;
	for (size_t i = 0; i < names.count; i++) {
		git_remote *remote = NULL;
		const char *url = NULL;

		if (git_remote_lookup(&remote, repo.git, names.strings[i]) == 0)
			url = git_remote_url(remote);
		is = is || (url && strstr(url, "codecommit"));
		git_remote_free(remote);
	}
	git_strarray_dispose(&names);
	return is;
}

int commit_push(const char *path, struct error *err)
{
	CLEANUP_FREE char *real = realpath(path, NULL);
	CLEANUP_FREE char *dir = file_dirname(real ? real : path);
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	CLEANUP(str_release) struct str said = STR_INIT;
	struct proc_end end;

	strv_add_all(&proc.args, "git", "push", "--quiet", NULL);
	strv_add_all(&proc.env, "GIT_TERMINAL_PROMPT=0", "GIT_DIR", "GIT_WORK_TREE",
		     "GIT_INDEX_FILE", NULL);
	proc.role = is_of_codecommit(dir) ? PROC_OWN : PROC_TOOL;
	proc.dir = dir;
	proc.ret_out = &said;
	proc.ret_err = &said;
	if (proc_run(&proc, &end, err) < 0)
		return -1;
	if (end.status == 0)
		return 0;
	error_set(err, ERROR_CHILD, "git push: %s", last_line(&said));
	return error_fix(err, "the commit is there: push it by hand, in '%s'", dir);
}
