#include "repo/log.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "repo/abbreviate.h"
#include "repo/open.h"

void log_release(struct log *log)
{
	for (size_t i = 0; i < log->count; i++) {
		str_release(&log->items[i].id);
		str_release(&log->items[i].short_id);
		str_release(&log->items[i].subject);
		str_release(&log->items[i].author);
	}
	free(log->items);
	*log = (struct log)LOG_INIT;
}

static int add_commit(struct repo *repo, const git_commit *commit, struct log *log,
		      struct error *err)
{
	struct log_entry *entry = mem_grow(&log->items, &log->count, sizeof(*entry));
	const git_oid *id = git.commit_id(commit);
	/* The summary is worked out once and kept in the commit. */
	const char *subject = git.commit_summary((git_commit *)(uintptr_t)commit);
	char hex[GIT_OID_HEXSZ + 1];

	str_adds(&entry->id, git.oid_tostr(hex, sizeof(hex), id));
	str_adds(&entry->subject, subject ? subject : "");
	str_adds(&entry->author, git.commit_author(commit)->name);
	entry->time_ms = (int64_t)git.commit_time(commit) * 1000;
	return abbreviate(repo, id, &entry->short_id, err);
}

static int read_head_commit(struct repo *repo, git_commit **ret, struct error *err)
{
	git_oid id;

	if (git.reference_name_to_id(&id, repo->git, "HEAD") < 0) {
		error_set(err, ERROR_REFUSED, "the repository '%s' has no commit yet",
			  git.repository_path(repo->git));
		return error_fix(err, "make one: git add -A && git commit");
	}
	if (git.commit_lookup(ret, repo->git, &id) < 0)
		return repo_fail(err, ERROR_REFUSED, "HEAD is not a commit that is here");
	return 0;
}

/* NULL after the first commit, which in a shallow clone is the last that is here. */
static int read_parent(struct repo *repo, const git_commit *commit, git_commit **ret,
		       struct error *err)
{
	int code = git.commit_parent(ret, commit, 0);

	if (code == 0)
		return 0;
	*ret = NULL;
	if (git.commit_parentcount(commit) == 0 || git.repository_is_shallow(repo->git) == 1)
		return 0;
	return repo_fail(err, ERROR_REFUSED, "cannot read the history of '%s'",
			 git.repository_path(repo->git));
}

int log_read(const char *dir, size_t max, struct log *ret, struct error *err)
{
	CLEANUP(log_release) struct log log = LOG_INIT;
	CLEANUP(repo_release) struct repo repo = REPO_INIT;
	CLEANUP(repo_free_commit) git_commit *commit = NULL;

	if (repo_open(dir, &repo, err) < 0 || read_head_commit(&repo, &commit, err) < 0)
		return -1;
	while (commit && log.count < max) {
		CLEANUP(repo_free_commit) git_commit *child = commit;

		commit = NULL;
		if (add_commit(&repo, child, &log, err) < 0 ||
		    read_parent(&repo, child, &commit, err) < 0)
			return -1;
	}
	log_release(ret);
	*ret = log;
	log = (struct log)LOG_INIT;
	return 0;
}
