#include "repo/history.h"

#include "base/cleanup.h"
#include "repo/open.h"
#include "repo/worktree.h"
#include "sys/file.h"

#define MAX_COMMITS 2000

static void free_diff(git_diff **diff)
{
	if (*diff)
		git.diff_free(*diff);
}

static void free_blob(git_blob **blob)
{
	if (*blob)
		git.blob_free(*blob);
}

static void free_entry(git_tree_entry **entry)
{
	if (*entry)
		git.tree_entry_free(*entry);
}

void history_commit_release(struct history_commit *commit)
{
	str_release(&commit->subject);
	str_release(&commit->author);
	*commit = (struct history_commit)HISTORY_COMMIT_INIT;
}

/* ---- single commits ---- */

int history_describe(const char *dir, const struct strv *names, struct history_commit *ret,
		     struct error *err)
{
	CLEANUP(repo_release) struct repo repo = REPO_INIT;

	if (repo_open(dir, &repo, err) < 0)
		return -1;
	for (size_t i = 0; i < names->count; i++) {
		CLEANUP(repo_free_commit) git_commit *commit = repo_find_commit(&repo, names->v[i]);
		const char *subject = commit ? git.commit_summary(commit) : NULL;

		if (!commit)
			continue;
		ret[i].is_known = true;
		ret[i].time_ms = (int64_t)git.commit_time(commit) * 1000;
		str_adds(&ret[i].subject, subject ? subject : "");
		str_adds(&ret[i].author, git.commit_author(commit)->name);
	}
	return 0;
}

/* ---- two commits ---- */

static int find_tree(struct repo *repo, const char *name, git_tree **ret, struct error *err)
{
	CLEANUP(repo_free_commit) git_commit *commit = NULL;

	if (repo_need_commit(repo, name, &commit, err) < 0)
		return -1;
	if (git.commit_tree(ret, commit) < 0)
		return repo_fail(err, ERROR_REFUSED, "cannot read the files of '%s'", name);
	return 0;
}

int history_changed_paths(const char *dir, const char *from, const char *to, size_t max,
			  struct strv *ret_paths, struct error *err)
{
	CLEANUP(repo_release) struct repo repo = REPO_INIT;
	CLEANUP(repo_free_tree) git_tree *old_tree = NULL;
	CLEANUP(repo_free_tree) git_tree *new_tree = NULL;
	CLEANUP(free_diff) git_diff *diff = NULL;

	if (repo_open(dir, &repo, err) < 0 || find_tree(&repo, from, &old_tree, err) < 0 ||
	    find_tree(&repo, to, &new_tree, err) < 0)
		return -1;
	if (git.diff_tree_to_tree(&diff, repo.git, old_tree, new_tree, NULL) < 0)
		return repo_fail(err, ERROR_REFUSED, "cannot compare '%s' with '%s'", from, to);
	for (size_t i = 0; i < git.diff_num_deltas(diff) && i < max; i++)
		strv_add(ret_paths, git.diff_get_delta(diff, i)->new_file.path);
	return 0;
}

/* ---- one file ---- */

/* The file in a commit's tree, NULL where it is not there. Owned by the caller. */
static git_tree_entry *find_entry(git_commit *commit, const char *path)
{
	CLEANUP(repo_free_tree) git_tree *tree = NULL;
	git_tree_entry *entry = NULL;

	if (git.commit_tree(&tree, commit) < 0 || git.tree_entry_bypath(&entry, tree, path) < 0)
		return NULL;
	return entry;
}

static bool is_same(const git_tree_entry *a, const git_tree_entry *b)
{
	if (!a || !b)
		return a == b;
	return git.oid_equal(git.tree_entry_id(a), git.tree_entry_id(b)) == 1;
}

static bool hand_out(struct repo *repo, git_commit *commit, const git_tree_entry *entry,
		     history_file_fn each, void *ctx)
{
	CLEANUP(free_blob) git_blob *blob = NULL;

	if (!entry || git.blob_lookup(&blob, repo->git, git.tree_entry_id(entry)) < 0)
		return true;
	return each(ctx, (int64_t)git.commit_time(commit) * 1000, git.blob_rawcontent(blob),
		    (size_t)git.blob_rawsize(blob));
}

/* A version began in the commit whose parent has another one, or none. */
static void walk(struct repo *repo, git_commit *commit, const char *path, history_file_fn each,
		 void *ctx)
{
	CLEANUP(free_entry) git_tree_entry *entry = find_entry(commit, path);
	CLEANUP(repo_free_commit) git_commit *at = NULL;
	bool wants_more = git.commit_dup(&at, commit) == 0;

	for (unsigned i = 0; wants_more && i < MAX_COMMITS; i++) {
		CLEANUP(free_entry) git_tree_entry *older = NULL;
		git_commit *parent = NULL;

		if (git.commit_parent(&parent, at, 0) == 0)
			older = find_entry(parent, path);
		if (!is_same(entry, older))
			wants_more = hand_out(repo, at, entry, each, ctx);
		wants_more = wants_more && parent;
		git.commit_free(at);
		at = parent;
		git.tree_entry_free(entry);
		entry = move_ptr(older);
	}
}

int history_of_file(const char *path, history_file_fn each, void *ctx, struct error *err)
{
	CLEANUP_FREE char *dir = file_dirname(path);
	CLEANUP(repo_release) struct repo repo = REPO_INIT;
	CLEANUP(repo_free_commit) git_commit *head = NULL;
	CLEANUP_FREE char *relative = NULL;

	if (repo_open(dir, &repo, err) < 0)
		return -1;
	relative = worktree_relative(&repo, path);
	head = repo_find_commit(&repo, "HEAD");
	if (relative && head)
		walk(&repo, head, relative, each, ctx);
	return 0;
}
