#include "repo/worktree.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "sys/file.h"

#include <stdlib.h>
#include <string.h>

/* So many changed paths are named; the rest is counted. */
#define NAMED_PATHS 3

/* So many digits of the hash name a difference: as many as the shortest commit. */
#define CHANGES_HEX 7

/* What was found: names for people, and how many; and the files that do not count. */
struct changes {
	struct strv own_names;
	struct str *paths;
	size_t count;
};

static void changes_release(struct changes *changes)
{
	strv_release(&changes->own_names);
}

char *worktree_relative(struct repo *repo, const char *path)
{
	const char *root = git.repository_workdir(repo->git);
	CLEANUP_FREE char *real = realpath(path, NULL);

	if (!root || !real || !slice_starts_with(slice_of(real), root))
		return NULL;
	return mem_strdup(real + strlen(root));
}

/* Files elsewhere, and those that are not there, are none of this tree. */
static void name_own_files(struct repo *repo, const struct strv *own_files, struct strv *ret)
{
	for (size_t i = 0; own_files && i < own_files->count; i++) {
		char *name = worktree_relative(repo, own_files->v[i]);

		if (name)
			strv_take(ret, name);
	}
}

static void note_change(struct changes *changes, const char *path)
{
	if (strv_has(&changes->own_names, path))
		return;
	if (changes->count++ < NAMED_PATHS)
		str_addf(changes->paths, "%s%s", changes->paths->len ? ", " : "", path);
}

/* A killed writer's new file is none of the user's; the next writer removes it (sys/file.h). */
static bool is_ours(const git_status_entry *entry)
{
	const char *path = entry->index_to_workdir ? entry->index_to_workdir->new_file.path : "";
	const char *slash = strrchr(path, '/');

	return (entry->status & GIT_STATUS_WT_NEW) && file_is_leftover(slash ? slash + 1 : path);
}

static const char *entry_path(const git_status_entry *entry)
{
	const git_diff_delta *delta =
		entry->index_to_workdir ? entry->index_to_workdir : entry->head_to_index;

	return delta->old_file.path ? delta->old_file.path : delta->new_file.path;
}

/* A file that a sparse checkout leaves out is not missing; libgit2 1.5 does not know of them. */
static bool is_left_out(struct repo *repo, const git_status_entry *entry)
{
	CLEANUP(repo_free_index) git_index *index = NULL;
	const git_index_entry *staged;

	if (entry->status != GIT_STATUS_WT_DELETED || git.repository_index(&index, repo->git) < 0)
		return false;
	staged = git.index_get_bypath(index, entry_path(entry), 0);
	return staged && (staged->flags_extended & GIT_INDEX_ENTRY_SKIP_WORKTREE);
}

static int find_status(struct repo *repo, struct changes *changes, struct error *err)
{
	git_status_list *list = NULL;
	git_status_options options;

	if (git.status_options_init(&options, GIT_STATUS_OPTIONS_VERSION) < 0)
		return repo_fail(err, ERROR_TOOL, "libgit2 is of another version");
	options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
	options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED;
	if (git.status_list_new(&list, repo->git, &options) < 0)
		return repo_fail(err, ERROR_REFUSED, "cannot compare the files with the commit");
	for (size_t i = 0; i < git.status_list_entrycount(list); i++) {
		const git_status_entry *entry = git.status_byindex(list, i);

		if (!is_ours(entry) && !is_left_out(repo, entry))
			note_change(changes, entry_path(entry));
	}
	git.status_list_free(list);
	return 0;
}

/*
 * git and libgit2 look away from files marked assume-unchanged or skip-worktree; an image is built
 * from them all the same. A sparse checkout leaves skip-worktree files out: those are unchanged.
 */
static bool is_hidden_change(struct repo *repo, const git_index_entry *entry)
{
	bool is_sparse = (entry->flags_extended & GIT_INDEX_ENTRY_SKIP_WORKTREE) != 0;
	CLEANUP_FREE char *path = NULL;
	git_oid now;

	if (!is_sparse && !(entry->flags & GIT_INDEX_ENTRY_VALID))
		return false;
	path = file_join(git.repository_workdir(repo->git), entry->path);
	if (!file_exists(path))
		return !is_sparse;
	if (git.repository_hashfile(&now, repo->git, path, GIT_OBJECT_BLOB, NULL) < 0)
		return true;
	return !git.oid_equal(&now, &entry->id);
}

static int find_hidden(struct repo *repo, struct changes *changes, struct error *err)
{
	CLEANUP(repo_free_index) git_index *index = NULL;

	if (git.repository_index(&index, repo->git) < 0)
		return repo_fail(err, ERROR_REFUSED, "cannot read the index");
	for (size_t i = 0; i < git.index_entrycount(index); i++) {
		const git_index_entry *entry = git.index_get_byindex(index, i);

		if (is_hidden_change(repo, entry))
			note_change(changes, entry->path);
	}
	return 0;
}

int worktree_find_changes(struct repo *repo, const struct strv *own_files, struct str *ret_paths,
			  struct error *err)
{
	CLEANUP(changes_release)
	struct changes changes = { .own_names = STRV_INIT, .paths = ret_paths };

	name_own_files(repo, own_files, &changes.own_names);

	if (find_status(repo, &changes, err) < 0 || find_hidden(repo, &changes, err) < 0)
		return -1;
	if (changes.count > NAMED_PATHS)
		str_addf(ret_paths, " and %zu more", changes.count - NAMED_PATHS);
	return 0;
}

static int head_tree(struct repo *repo, git_tree **ret, struct error *err)
{
	CLEANUP(repo_free_object) git_object *object = NULL;

	if (git.revparse_single(&object, repo->git, "HEAD^{tree}") < 0)
		return repo_fail(err, ERROR_REFUSED, "cannot read the commit's files");
	*ret = (git_tree *)move_ptr(object);
	return 0;
}

/* Called for each file that differs; more than 0 leaves it out. */
static int leave_out(const git_diff *diff, const git_diff_delta *delta, const char *pathspec,
		     void *own_names)
{
	const char *path = delta->new_file.path ? delta->new_file.path : delta->old_file.path;
	const char *slash = strrchr(path, '/');

	(void)diff;
	(void)pathspec;
	return strv_has(own_names, path) ||
	       (delta->status == GIT_DELTA_UNTRACKED && file_is_leftover(slash ? slash + 1 : path));
}

int worktree_hash_changes(struct repo *repo, const struct strv *own_files, struct str *ret_hex,
			  struct error *err)
{
	CLEANUP(strv_release) struct strv own_names = STRV_INIT;
	CLEANUP(repo_free_tree) git_tree *tree = NULL;
	git_buf text = GIT_BUF_INIT;
	git_diff_options options;
	git_diff *diff = NULL;
	git_oid hash;
	int code;

	if (git.diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION) < 0)
		return repo_fail(err, ERROR_TOOL, "libgit2 is of another version");
	if (head_tree(repo, &tree, err) < 0)
		return -1;
	options.flags = GIT_DIFF_INCLUDE_UNTRACKED | GIT_DIFF_RECURSE_UNTRACKED_DIRS |
			GIT_DIFF_SHOW_UNTRACKED_CONTENT | GIT_DIFF_SHOW_BINARY;
	name_own_files(repo, own_files, &own_names);
	options.notify_cb = leave_out;
	options.payload = &own_names;
	code = git.diff_tree_to_workdir_with_index(&diff, repo->git, tree, &options);
	if (code == 0)
		code = git.diff_to_buf(&text, diff, GIT_DIFF_FORMAT_PATCH);
	if (code == 0)
		code = git.odb_hash(&hash, text.ptr, text.size, GIT_OBJECT_BLOB);
	if (code == 0)
		str_add(ret_hex, git.oid_tostr_s(&hash), CHANGES_HEX);
	git.buf_dispose(&text);
	git.diff_free(diff);
	return code < 0 ? repo_fail(err, ERROR_REFUSED, "cannot compare the files") : 0;
}
