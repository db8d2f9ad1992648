#include "repo/commit.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "repo/abbreviate.h"
#include "repo/open.h"
#include "repo/worktree.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- git's program ---- */

/* In `dir`, and about the repository there; it asks nothing, and speaks as reason_of_git() reads.
 */
static void proc_git(struct proc *proc, const char *dir)
{
	strv_add_all(&proc->args, "git", NULL);
	strv_add_all(&proc->env, "GIT_TERMINAL_PROMPT=0", "LC_ALL=C", "GIT_DIR", "GIT_WORK_TREE",
		     "GIT_INDEX_FILE", NULL);
	proc->dir = dir;
}

/* The line in which git says what went wrong: a refused branch, else an error, else the first. */
static const char *reason_of_git(struct str *said)
{
	static const char *const heads[] = { " ! ", "fatal: ", "error: ", "" };
	CLEANUP(strv_release) struct strv lines = STRV_INIT;

	strv_split(&lines, said->buf, "\n");
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		for (size_t at = 0; at < lines.count; at++) {
			if (strncmp(lines.v[at], heads[i], strlen(heads[i])) != 0)
				continue;
			str_reset(said);
			str_adds(said, lines.v[at] + strspn(lines.v[at], " !"));
			return said->buf;
		}
	}
	return said->buf;
}

/* ---- a commit ---- */

/* One commit in the making. */
struct draft {
	struct repo repo;
	char *name; /* of the file within the working tree */
	git_commit *parent;
	git_tree *tree;
	git_tree_entry *entry; /* the file as committed */
	git_signature *author;
	git_signature *committer;
};

#define DRAFT_INIT                                                                                 \
	{                                                                                          \
		.repo = REPO_INIT, .name = NULL                                                    \
	}

static void draft_release(struct draft *draft)
{
	/* Where none is open, libgit2 may not even be loaded. */
	if (draft->repo.git) {
		git.signature_free(draft->committer);
		git.signature_free(draft->author);
		git.tree_entry_free(draft->entry);
		git.tree_free(draft->tree);
		git.commit_free(draft->parent);
	}
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
	if (git.repository_state(draft->repo.git) == GIT_REPOSITORY_STATE_NONE)
		return 0;
	error_set(err, ERROR_REFUSED, "a merge, rebase or the like is going on in '%s'",
		  git.repository_workdir(draft->repo.git));
	return error_fix(err, "end it first: git status says how");
}

static int refuse_untracked(const struct draft *draft, struct error *err)
{
	error_set(err, ERROR_REFUSED, "'%s' is in no commit yet", draft->name);
	return error_fix(err, "commit it once by hand: git add '%s' && git commit", draft->name);
}

static int find_committed(struct draft *draft, struct error *err)
{
	CLEANUP(repo_free_object) git_object *head = NULL;

	if (git.repository_head_unborn(draft->repo.git) == 1)
		return refuse_untracked(draft, err);
	if (git.revparse_single(&head, draft->repo.git, "HEAD^{commit}") < 0)
		return repo_fail(err, ERROR_REFUSED, "cannot read HEAD");
	/* ^{commit} gives a commit. */
	draft->parent = (git_commit *)move_ptr(head);
	if (git.commit_tree(&draft->tree, draft->parent) < 0)
		return repo_fail(err, ERROR_REFUSED, "cannot read the last commit's files");
	if (git.tree_entry_bypath(&draft->entry, draft->tree, draft->name) == 0)
		return 0;
	return refuse_untracked(draft, err);
}

/* The first line of that origin in the only hunk; n is 0 where there is none. */
static struct slice line_of(git_patch *patch, char origin)
{
	const git_diff_line *line;

	for (size_t i = 0; git.patch_get_line_in_hunk(&line, patch, 0, i) == 0; i++)
		if (line->origin == origin)
			return (struct slice){ line->content, line->content_len };
	return (struct slice){ "", 0 };
}

/* Whether the line before new ones only got what parts it from them: a comma, a line end. */
static bool is_continued(git_patch *patch)
{
	struct slice was = line_of(patch, GIT_DIFF_LINE_DELETION);
	struct slice is = line_of(patch, GIT_DIFF_LINE_ADDITION);

	while (was.n && strchr("\r\n", was.p[was.n - 1]))
		was.n--;
	if (was.n > is.n || memcmp(was.p, is.p, was.n) != 0)
		return false;
	for (size_t i = was.n; i < is.n; i++)
		if (!strchr(",\r\n", is.p[i]))
			return false;
	return true;
}

static bool is_hunk(git_patch *patch, const git_diff_hunk *hunk,
		    const struct commit_request *request)
{
	/* A run that added a line may have ended before the commit. */
	int added = request->added ? (int)request->added : 1;
	int from_start = (int)request->line - hunk->new_start;

	if (hunk->old_lines > 1 || from_start < 0 || from_start >= hunk->new_lines)
		return false;
	if (hunk->new_lines == 1)
		return true;
	return hunk->new_lines == hunk->old_lines + added &&
	       (hunk->old_lines == 0 || is_continued(patch));
}

/* Whether a difference to the commit is that of the request, or none. */
static bool is_asked_for(git_diff *diff, const struct commit_request *request)
{
	const git_diff_hunk *hunk = NULL;
	git_patch *patch = NULL;
	bool is = git.diff_num_deltas(diff) == 0;

	if (!is && git.patch_from_diff(&patch, diff, 0) == 0)
		is = git.patch_num_hunks(patch) == 0 ||
		     (git.patch_num_hunks(patch) == 1 &&
		      git.patch_get_hunk(&hunk, NULL, patch, 0) == 0 &&
		      is_hunk(patch, hunk, request));
	git.patch_free(patch);
	return is;
}

/* The file in the working tree, or as it is staged, beside the last commit. */
static int compare(const struct draft *draft, bool is_staged, git_diff **ret)
{
	char *name = draft->name;
	git_diff_options options;

	if (git.diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION) < 0)
		return -1;
	options.flags = GIT_DIFF_DISABLE_PATHSPEC_MATCH | GIT_DIFF_FORCE_TEXT;
	options.context_lines = 0;
	options.pathspec = (git_strarray){ &name, 1 };
	if (is_staged)
		return git.diff_tree_to_index(ret, draft->repo.git, draft->tree, NULL, &options);
	return git.diff_tree_to_workdir(ret, draft->repo.git, draft->tree, &options);
}

static int check_difference(const struct draft *draft, const struct commit_request *request,
			    struct error *err)
{
	for (int is_staged = 0; is_staged < 2; is_staged++) {
		git_diff *diff = NULL;
		int code = compare(draft, is_staged, &diff);
		bool is = code == 0 && is_asked_for(diff, request);

		git.diff_free(diff);
		if (code < 0)
			return repo_fail(err, ERROR_REFUSED, "cannot compare '%s' with its commit",
					 draft->name);
		if (is)
			continue;
		error_set(err, ERROR_REFUSED, "'%s' has other changes that are not committed",
			  draft->name);
		return error_fix(err, "commit or undo them first: git diff HEAD '%s'", draft->name);
	}
	return 0;
}

/* As git: NAME and EMAIL of the environment, else of its configuration. */
static int sign_as(const struct draft *draft, const char *name, const char *email,
		   git_signature **ret)
{
	git_config *config = NULL;
	int code = git.repository_config_snapshot(&config, draft->repo.git);

	if (code == 0 && !name)
		code = git.config_get_string(&name, config, "user.name");
	if (code == 0 && !email)
		code = git.config_get_string(&email, config, "user.email");
	if (code == 0)
		code = git.signature_now(ret, name, email);
	git.config_free(config);
	return code;
}

static int find_authors(const struct env *env, struct draft *draft, struct error *err)
{
	if (sign_as(draft, env_get(env, "GIT_AUTHOR_NAME"), env_get(env, "GIT_AUTHOR_EMAIL"),
		    &draft->author) == 0 &&
	    sign_as(draft, env_get(env, "GIT_COMMITTER_NAME"), env_get(env, "GIT_COMMITTER_EMAIL"),
		    &draft->committer) == 0)
		return 0;
	error_set(err, ERROR_REFUSED, "git knows no author for the commit");
	return error_fix(err, "git config --global user.name NAME; git config --global user.email "
			      "ADDRESS");
}

/* Stages what the file holds, and not how its mode has changed. */
static int add_content(const struct draft *draft, git_index *index)
{
	const git_index_entry *staged = git.index_get_bypath(index, draft->name, 0);
	uint32_t mode = staged ? staged->mode : git.tree_entry_filemode(draft->entry);
	git_index_entry entry;

	if (git.index_add_bypath(index, draft->name) < 0)
		return -1;
	staged = git.index_get_bypath(index, draft->name, 0);
	if (!staged || staged->mode == mode)
		return 0;
	entry = *staged;
	entry.mode = mode;
	return git.index_add(index, &entry);
}

static int stage(const struct draft *draft, struct error *err)
{
	CLEANUP(repo_free_index) git_index *index = NULL;

	if (git.repository_index(&index, draft->repo.git) == 0 && add_content(draft, index) == 0 &&
	    git.index_write(index) == 0)
		return 0;
	repo_fail(err, ERROR_REFUSED, "cannot stage '%s'", draft->name);
	return error_fix(err, "wait for other git commands to end, then run this again");
}

/* The last commit's tree with the one file replaced: what else is staged is not in it. */
static int write_tree(const struct draft *draft, const git_oid *blob, git_tree **ret)
{
	const git_tree_update update = {
		.action = GIT_TREE_UPDATE_UPSERT,
		.id = *blob,
		.filemode = git.tree_entry_filemode(draft->entry),
		.path = draft->name,
	};
	git_oid id;

	if (git.tree_create_updated(&id, draft->repo.git, draft->tree, 1, &update) < 0)
		return -1;
	return git.tree_lookup(ret, draft->repo.git, &id);
}

static int write_commit(const struct draft *draft, const char *message, const git_tree *tree,
			git_oid *ret_id, struct error *err)
{
	const git_commit *parents[] = { draft->parent };

	if (git.commit_create(ret_id, draft->repo.git, "HEAD", draft->author, draft->committer,
			      NULL, message, tree, 1, parents) == 0)
		return 0;
	return repo_fail(err, ERROR_REFUSED, "cannot commit '%s'", draft->name);
}

/* ---- signed ones ---- */

static bool wants_signature(const struct draft *draft)
{
	git_config *config = NULL;
	int wants = 0;

	if (git.repository_config_snapshot(&config, draft->repo.git) < 0)
		return false;
	if (git.config_get_bool(&wants, config, "commit.gpgsign") < 0)
		wants = 0;
	git.config_free(config);
	return wants;
}

/* git names the commit that it wrote. */
static int run_commit_tree(struct proc *proc, git_oid *ret_id, struct error *err)
{
	CLEANUP(str_release) struct str out = STR_INIT, said = STR_INIT;
	struct proc_end end;

	proc->ret_out = &out;
	proc->ret_err = &said;
	if (proc_run(proc, &end, err) < 0)
		return -1;
	if (end.status == 0 && git.oid_fromstrn(ret_id, out.buf, strcspn(out.buf, "\n")) == 0)
		return 0;
	error_set(err, ERROR_CHILD, "git cannot sign the commit: %s", reason_of_git(&said));
	return error_fix(err, "see user.signingkey and gpg.format in 'git help config', or set "
			      "commit.gpgsign to false in this repository");
}

/* Signatures are git's: it knows the program and the key. Moves the branch as git would. */
static int write_signed(const struct draft *draft, const char *message, const git_tree *tree,
			git_oid *ret_id, struct error *err)
{
	CLEANUP(repo_free_reference) git_reference *head = NULL;
	CLEANUP(repo_free_reference) git_reference *moved = NULL;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	CLEANUP_FREE char *note = mem_printf("commit: %.*s", (int)strcspn(message, "\n"), message);
	char tree_id[GIT_OID_HEXSZ + 1], parent_id[GIT_OID_HEXSZ + 1];

	(void)git.oid_tostr(tree_id, sizeof(tree_id), git.tree_id(tree));
	(void)git.oid_tostr(parent_id, sizeof(parent_id), git.commit_id(draft->parent));
	proc_git(&proc, git.repository_workdir(draft->repo.git));
	strv_add_all(&proc.args, "commit-tree", "-S", "-p", parent_id, "-m", message, tree_id,
		     NULL);
	/* The key's passphrase may have to be typed. */
	proc.is_foreground = true;
	if (run_commit_tree(&proc, ret_id, err) < 0)
		return -1;
	if (git.repository_head(&head, draft->repo.git) == 0 &&
	    git.oid_equal(git.reference_target(head), git.commit_id(draft->parent)) &&
	    git.reference_set_target(&moved, head, ret_id, note) == 0)
		return 0;
	return repo_fail(err, ERROR_REFUSED, "cannot commit '%s'", draft->name);
}

/* ---- the whole ---- */

static int prepare(const struct commit_request *request, struct draft *draft, struct error *err)
{
	if (find_file(request->path, draft, err) < 0 || check_state(draft, err) < 0 ||
	    find_committed(draft, err) < 0 || check_difference(draft, request, err) < 0)
		return -1;
	return find_authors(request->env, draft, err);
}

int commit_check_line(const struct commit_request *request, struct error *err)
{
	CLEANUP(draft_release) struct draft draft = DRAFT_INIT;

	return prepare(request, &draft, err);
}

int commit_line(const struct commit_request *request, const char *message, struct str *ret_short_id,
		struct error *err)
{
	CLEANUP(draft_release) struct draft draft = DRAFT_INIT;
	CLEANUP(repo_free_tree) git_tree *tree = NULL;
	git_oid blob, id;
	int written;

	if (prepare(request, &draft, err) < 0)
		return -1;
	if (git.blob_create_from_workdir(&blob, draft.repo.git, draft.name) < 0)
		return repo_fail(err, ERROR_REFUSED, "cannot read '%s'", draft.name);
	str_reset(ret_short_id);
	if (git.oid_equal(&blob, git.tree_entry_id(draft.entry)))
		return 0;
	if (stage(&draft, err) < 0)
		return -1;
	if (write_tree(&draft, &blob, &tree) < 0)
		return repo_fail(err, ERROR_REFUSED, "cannot commit '%s'", draft.name);
	written = wants_signature(&draft) ? write_signed(&draft, message, tree, &id, err)
					  : write_commit(&draft, message, tree, &id, err);
	return written < 0 ? -1 : abbreviate(&draft.repo, &id, ret_short_id, err);
}

/* The credential helper for CodeCommit signs with the credentials of AWS. */
static bool is_of_codecommit(const char *dir)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	CLEANUP(repo_release) struct repo repo = REPO_INIT;
	git_strarray names = { NULL, 0 };
	bool is = false;

	if (repo_open(dir, &repo, &ignored) < 0 || git.remote_list(&names, repo.git) < 0)
		return false;
	for (size_t i = 0; i < names.count; i++) {
		git_remote *remote = NULL;
		const char *url = NULL;

		if (git.remote_lookup(&remote, repo.git, names.strings[i]) == 0)
			url = git.remote_url(remote);
		is = is || (url && strstr(url, "codecommit"));
		git.remote_free(remote);
	}
	git.strarray_dispose(&names);
	return is;
}

int commit_push(const char *path, struct error *err)
{
	CLEANUP_FREE char *real = realpath(path, NULL);
	CLEANUP_FREE char *dir = file_dirname(real ? real : path);
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	CLEANUP(str_release) struct str said = STR_INIT;
	struct proc_end end;

	proc_git(&proc, dir);
	strv_add_all(&proc.args, "push", "--quiet", NULL);
	proc.role = is_of_codecommit(dir) ? PROC_OWN : PROC_TOOL;
	proc.ret_out = &said;
	proc.ret_err = &said;
	if (proc_run(&proc, &end, err) < 0)
		return -1;
	if (end.status == 0)
		return 0;
	error_set(err, ERROR_CHILD, "git push: %s", reason_of_git(&said));
	return error_fix(err, "the commit is there: push it by hand, in '%s'", dir);
}
