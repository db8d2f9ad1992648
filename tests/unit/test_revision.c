#include "base/cleanup.h"
#include "base/mem.h"
#include "repo/commit.h"
#include "repo/history.h"
#include "repo/log.h"
#include "repo/packs.h"
#include "repo/revision.h"
#include "sys/file.h"
#include "sys/proc.h"
#include "test.h"

#include <arpa/inet.h>
#include <string.h>

/*
 * libgit2 1.5 loses a list where a walk meets a missing commit (git_graph_descendant_of()). What we
 * ourselves forget to free, the cli tests see.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libgit2.so";
}

/* Each test gets an empty folder. */
static int make_folder(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	char *dir;

	if (file_make_private_dir("test-revision", &dir, &err) < 0)
		return -1;
	*state = dir;
	return 0;
}

static int remove_folder(void **state)
{
	file_remove_tree(*state);
	free(*state);
	return 0;
}

/* git in the folder, up to a NULL; false where it fails or is absent. */
__attribute__((sentinel)) static bool git(const char *dir, ...)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	CLEANUP(str_release) struct str said = STR_INIT;
	struct proc_end end;
	const char *arg;
	va_list ap;

	strv_add_all(&proc.args, "git", "-c", "user.name=A U Thor", "-c",
		     "user.email=author@example.com", NULL);
	va_start(ap, dir);
	while ((arg = va_arg(ap, const char *)))
		strv_add(&proc.args, arg);
	va_end(ap);
	strv_add_all(&proc.env, "GIT_AUTHOR_DATE=1700000000 +0100",
		     "GIT_COMMITTER_DATE=1700000000 +0100", "GIT_DIR", NULL);
	proc.dir = dir;
	proc.ret_out = &said;
	proc.ret_err = &said;
	return proc_run(&proc, &end, &err) == 0 && end.status == 0;
}

static bool make_repository(const char *dir)
{
	return git(dir, "init", "-q", "-b", "main", NULL) &&
	       git(dir, "commit", "-q", "--allow-empty", "-m", "first\n\nbody", NULL);
}

static void put(const char *dir, const char *name, const void *bytes, size_t len)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *path = file_join(dir, name);
	CLEANUP_FREE char *folder = file_dirname(path);

	assert_int_equal(file_make_dirs(folder, &err), 0);
	assert_int_equal(file_write_atomic(path, bytes, len, 0644, &err), 0);
}

static void describes_a_commit(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(revision_release) struct revision revision = REVISION_INIT;

	if (!make_repository(*state)) {
		skip();
		return;
	}
	assert_int_equal(revision_read(*state, NULL, &revision, &err), 0);
	assert_int_equal(revision.id.len, 40);
	assert_int_equal(revision.short_id.len, 7);
	assert_memory_equal(revision.id.buf, revision.short_id.buf, 7);
	assert_string_equal(revision.branch.buf, "main");
	assert_string_equal(revision.subject.buf, "first");
	assert_string_equal(revision.author.buf, "A U Thor <author@example.com>");
	assert_int_equal(revision.time_ms, 1700000000000);
	assert_string_equal(revision.root.buf, *state);
	assert_false(revision.is_dirty);
	assert_false(revision.is_shallow);
	assert_false(revision.is_bare);
}

static void reads_the_id_alone(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(revision_release) struct revision revision = REVISION_INIT;
	CLEANUP(str_release) struct str id = STR_INIT;

	assert_int_equal(revision_read_id(*state, &id, &err), -1);
	assert_int_equal(err.kind, ERROR_REFUSED);
	error_release(&err);
	if (!make_repository(*state)) {
		skip();
		return;
	}
	put(*state, "untracked", "x", 1);
	assert_int_equal(revision_read(*state, NULL, &revision, &err), 0);
	assert_int_equal(revision_read_id(*state, &id, &err), 0);
	assert_string_equal(id.buf, revision.id.buf);
}

static void looks_away_from_the_files_that_it_edits_itself(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(revision_release) struct revision revision = REVISION_INIT;
	CLEANUP(strv_release) struct strv own_files = STRV_INIT;

	if (!make_repository(*state)) {
		skip();
		return;
	}
	strv_take(&own_files, file_join(*state, "env/dev.cfg"));
	put(*state, "env/dev.cfg", "a=1", 3);
	assert_true(git(*state, "add", "-A", NULL));
	assert_int_equal(revision_read(*state, &own_files, &revision, &err), 0);
	assert_false(revision.is_dirty);
	put(*state, "dev.cfg", "", 0);
	assert_int_equal(revision_read(*state, &own_files, &revision, &err), 0);
	assert_string_equal(revision.dirty_paths.buf, "dev.cfg");
}

static void names_the_first_few_changes(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(revision_release) struct revision revision = REVISION_INIT;

	if (!make_repository(*state)) {
		skip();
		return;
	}
	put(*state, "b", "", 0);
	put(*state, "a", "", 0);
	assert_int_equal(revision_read(*state, NULL, &revision, &err), 0);
	assert_true(revision.is_dirty);
	assert_string_equal(revision.dirty_paths.buf, "a, b");
	put(*state, "d/e", "", 0);
	put(*state, "c", "", 0);
	put(*state, "f", "", 0);
	assert_int_equal(revision_read(*state, NULL, &revision, &err), 0);
	assert_string_equal(revision.dirty_paths.buf, "a, b, c and 2 more");
}

static void tells_ancestors_from_others(void **state)
{
	static const struct {
		const char *older, *newer;
		bool want;
	} rows[] = { { "HEAD~1", "HEAD", true },
		     { "HEAD", "HEAD", true },
		     { "HEAD", "HEAD~1", false },
		     { "v1", "main", true } };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	bool is_ancestor;

	if (!make_repository(*state) || !git(*state, "tag", "-a", "-m", "v1", "v1", NULL) ||
	    !git(*state, "commit", "-q", "--allow-empty", "-m", "second", NULL)) {
		skip();
		return;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(revision_is_ancestor(*state, rows[i].older, rows[i].newer,
						      &is_ancestor, &err),
				 0);
		assert_int_equal(is_ancestor, rows[i].want);
	}
	assert_int_equal(revision_is_ancestor(*state, "none", "HEAD", &is_ancestor, &err), -1);
	assert_int_equal(err.kind, ERROR_REFUSED);
}

static void does_not_guess_beyond_a_shallow_history(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(revision_release) struct revision revision = REVISION_INIT;
	CLEANUP_FREE char *full = file_join(*state, "full");
	CLEANUP_FREE char *clone = file_join(*state, "clone");
	CLEANUP_FREE char *url = mem_printf("file://%s", full);
	bool is_ancestor;

	assert_int_equal(file_make_dirs(full, &err), 0);
	if (!make_repository(full) || !git(full, "checkout", "-q", "-b", "side", NULL) ||
	    !git(full, "commit", "-q", "--allow-empty", "-m", "second", NULL) ||
	    !git(full, "commit", "-q", "--allow-empty", "-m", "third", NULL) ||
	    !git(*state, "clone", "-q", "--depth=1", "--no-single-branch", url, clone, NULL)) {
		skip();
		return;
	}
	assert_int_equal(revision_read(clone, NULL, &revision, &err), 0);
	assert_true(revision.is_shallow);
	assert_int_equal(revision_is_ancestor(clone, "origin/main", "HEAD", &is_ancestor, &err),
			 -1);
	assert_int_equal(err.kind, ERROR_REFUSED);
	assert_non_null(strstr(err.fix.buf, "--unshallow"));
}

static bool add_version(void *ctx, int64_t time_ms, const char *bytes, size_t len)
{
	struct str *seen = ctx;

	assert_int_equal(time_ms, 1700000000000);
	str_add(seen, bytes, len);
	str_addc(seen, ';');
	return seen->len < 5;
}

/* Every version of a file once, whatever other commits lie between, and no more than asked for. */
static void hands_out_the_versions_of_a_file(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str seen = STR_INIT;
	CLEANUP_FREE char *path = file_join(*state, "sub/dev.cfg");

	if (!make_repository(*state))
		skip();
	for (const char *version = "1123"; *version; version++) {
		put(*state, "sub/dev.cfg", version, 1);
		assert_true(git(*state, "add", ".", NULL));
		assert_true(git(*state, "commit", "-q", "--allow-empty", "-m", "c", NULL));
	}
	assert_int_equal(history_of_file(path, add_version, &seen, &err), 0);
	assert_string_equal(seen.buf, "3;2;1;");
	put(*state, "new", "x", 1);
	str_reset(&seen);
	free(path);
	path = file_join(*state, "new");
	assert_int_equal(history_of_file(path, add_version, &seen, &err), 0);
	assert_string_equal(seen.buf, "");
}

static void tells_in_which_files_commits_differ(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(strv_release) struct strv paths = STRV_INIT;
	CLEANUP(strv_release) struct strv names = STRV_INIT;
	struct history_commit commits[] = { HISTORY_COMMIT_INIT, HISTORY_COMMIT_INIT };

	if (!make_repository(*state))
		skip();
	put(*state, "b/migrations/1.sql", "x", 1);
	put(*state, "a", "x", 1);
	assert_true(git(*state, "add", ".", NULL));
	assert_true(git(*state, "commit", "-q", "-m", "second", NULL));
	/* In both directions, and no more than asked for. */
	assert_int_equal(history_changed_paths(*state, "HEAD~1", "HEAD", 9, &paths, &err), 0);
	assert_int_equal(history_changed_paths(*state, "HEAD", "HEAD~1", 1, &paths, &err), 0);
	assert_int_equal(paths.count, 3);
	assert_string_equal(paths.v[0], "a");
	assert_string_equal(paths.v[1], "b/migrations/1.sql");
	assert_string_equal(paths.v[2], "a");
	assert_int_equal(history_changed_paths(*state, "HEAD", "0000000", 9, &paths, &err), -1);
	assert_non_null(strstr(err.msg.buf, "'0000000' is no commit"));

	strv_add_all(&names, "HEAD", "0000000", NULL);
	assert_int_equal(history_describe(*state, &names, commits, &err), 0);
	assert_true(commits[0].is_known);
	assert_string_equal(commits[0].subject.buf, "second");
	assert_string_equal(commits[0].author.buf, "A U Thor");
	assert_false(commits[1].is_known);
	history_commit_release(&commits[0]);
}

static void reads_the_history_newest_first(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(log_release) struct log log = LOG_INIT;
	CLEANUP_FREE char *url = mem_printf("file://%s", (char *)*state);
	CLEANUP_FREE char *clone = file_join(*state, "clone");

	if (!make_repository(*state))
		skip();
	assert_true(git(*state, "commit", "-q", "--allow-empty", "-m", "second", NULL));
	assert_true(git(*state, "commit", "-q", "--allow-empty", "-m", "third", NULL));
	assert_int_equal(log_read(*state, 2, &log, &err), 0);
	assert_int_equal(log.count, 2);
	assert_string_equal(log.items[0].subject.buf, "third");
	assert_string_equal(log.items[1].subject.buf, "second");
	assert_string_equal(log.items[1].author.buf, "A U Thor");
	assert_int_equal(log.items[1].time_ms, 1700000000000);
	assert_memory_equal(log.items[0].id.buf, log.items[0].short_id.buf, 7);
	assert_int_equal(log_read(*state, 10, &log, &err), 0);
	assert_int_equal(log.count, 3);

	/* A clone that is cut off has what it has. */
	assert_true(git(*state, "clone", "-q", "--depth=2", url, clone, NULL));
	assert_int_equal(log_read(clone, 10, &log, &err), 0);
	assert_int_equal(log.count, 2);
}

static void has_no_history_before_the_first_commit(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(log_release) struct log log = LOG_INIT;

	if (!git(*state, "init", "-q", NULL))
		skip();
	assert_int_equal(log_read(*state, 10, &log, &err), -1);
	assert_int_equal(err.kind, ERROR_REFUSED);
	assert_non_null(strstr(err.msg.buf, "no commit yet"));
}

/* An index of version 1 or 2 that says it has `count` objects. */
static void put_index(const char *dir, const char *name, int version, uint32_t count)
{
	CLEANUP(str_release) struct str bytes = STR_INIT;
	CLEANUP(str_release) struct str index = STR_INIT;
	CLEANUP(str_release) struct str pack = STR_INIT;
	const char zeros[255 * 4] = { 0 };
	uint32_t last = htonl(count);

	if (version == 2)
		str_add(&bytes, "\377tOc\0\0\0\2", 8);
	str_add(&bytes, zeros, sizeof(zeros));
	str_add(&bytes, &last, sizeof(last));
	str_addf(&index, "pack/%s.idx", name);
	str_addf(&pack, "pack/%s.pack", name);
	put(dir, index.buf, bytes.buf, bytes.len);
	put(dir, pack.buf, "PACK", 4);
}

static void counts_the_objects_of_packs(void **state)
{
	CLEANUP_FREE char *own = file_join(*state, "own");
	CLEANUP_FREE char *other = file_join(*state, "other");
	CLEANUP_FREE char *alternates = mem_printf("# comment\n\n%s\n", other);
	CLEANUP_FREE char *orphan = file_join(*state, "own/pack/orphan.pack");

	assert_int_equal(packs_count_objects(own), 0);
	put_index(own, "pack-1", 1, 100);
	put_index(own, "pack-2", 2, 20);
	put_index(own, "orphan", 2, 7000);
	assert_int_equal(remove(orphan), 0);
	put(own, "pack/broken.idx", "\377tOc", 4);
	put(own, "pack/broken.pack", "PACK", 4);
	put_index(other, "pack-3", 2, 3);
	assert_int_equal(packs_count_objects(own), 120);
	put(own, "info/alternates", alternates, strlen(alternates));
	assert_int_equal(packs_count_objects(own), 123);
	/* Round and round goes no further than git goes. */
	put(other, "info/alternates", "../own\n", 7);
	assert_true(packs_count_objects(own) >= 123);
}

static void survives_a_broken_multi_pack_index(void **state)
{
	static const char head[] = "MIDX\1\1\2\0\0\0\0\1"
				   "PNAM\0\0\0\0\0\0\0\x30"
				   "OIDF\x7f\xff\xff\xff\xff\xff\xff\xff"
				   "\0\0\0\0\0\0\0\0\0\0\0\0";

	put_index(*state, "pack-1", 2, 100);
	for (size_t len = 0; len < sizeof(head); len++) {
		put(*state, "pack/multi-pack-index", head, len);
		assert_int_equal(packs_count_objects(*state), 100);
	}
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

/* ---- commits ---- */

/* A working tree whose file "f" is committed, and has another line since. */
static bool make_draft(const char *dir)
{
	if (!make_repository(dir))
		return false;
	put(dir, "f", "old\n", 4);
	return git(dir, "add", "f", NULL) && git(dir, "commit", "-q", "-m", "second", NULL) &&
	       git(dir, "config", "user.name", "A U Thor", NULL) &&
	       git(dir, "config", "user.email", "author@example.com", NULL);
}

static int commit(const char *dir, const char *name, struct str *ret_id, struct error *err)
{
	CLEANUP_FREE char *path = file_join(dir, name);
	char *const no_vars[] = { NULL };
	const struct env env = { no_vars };
	const struct commit_request request = { path, 1, 0, &env };

	return commit_line(&request, "message", ret_id, err);
}

static void commits_nothing_while_something_is_in_the_way(void **state)
{
	static const struct {
		const char *file; /* what is in the way */
		const char *want, *fix;
	} rows[] = {
		{ ".git/MERGE_HEAD", "a merge, rebase or the like is going on in '",
		  "end it first: git status says how" },
		{ ".git/index.lock",
		  "cannot stage 'f': ", "wait for other git commands to end, then run this again" },
	};
	const char *dir = *state;

	if (!make_draft(dir))
		skip();
	put(dir, "f", "new\n", 4);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str id = STR_INIT;
		CLEANUP_FREE char *path = file_join(dir, rows[i].file);

		put(dir, rows[i].file, "0123456789012345678901234567890123456789\n", 41);
		assert_int_equal(commit(dir, "f", &id, &err), -1);
		assert_int_equal(err.kind, ERROR_REFUSED);
		if (strncmp(err.msg.buf, rows[i].want, strlen(rows[i].want)) != 0)
			fail_msg("%s", err.msg.buf);
		assert_string_equal(err.fix.buf, rows[i].fix);
		assert_int_equal(id.len, 0);
		assert_int_equal(remove(path), 0);
	}
}

static void commits_only_what_a_working_tree_has(void **state)
{
	const char *dir = *state;
	static const struct {
		const char *name;
		enum error_kind kind;
		const char *want;
	} rows[] = {
		{ "gone", ERROR_SYSTEM, "/gone': No such file or directory" },
		{ "bare/HEAD", ERROR_REFUSED, "/bare/HEAD' is in no working tree" },
	};

	if (!git(dir, "init", "-q", "--bare", "bare", NULL))
		skip();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str id = STR_INIT;

		assert_int_equal(commit(dir, rows[i].name, &id, &err), -1);
		assert_int_equal(err.kind, rows[i].kind);
		if (!strstr(err.msg.buf, rows[i].want))
			fail_msg("%s", err.msg.buf);
	}
}

static void names_a_way_around_a_broken_repository(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str id = STR_INIT;
	const char *dir = *state;

	if (!make_draft(dir))
		skip();
	put(dir, ".git/config", "[core\n", 6);
	assert_int_equal(commit(dir, "f", &id, &err), -1);
	assert_int_equal(err.kind, ERROR_REFUSED);
	assert_non_null(strstr(err.msg.buf, "cannot read the repository around '"));
	assert_string_equal(err.fix.buf, "name the version yourself: set APP_VERSION to it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(describes_a_commit),
		IN_FOLDER(reads_the_id_alone),
		IN_FOLDER(looks_away_from_the_files_that_it_edits_itself),
		IN_FOLDER(names_the_first_few_changes),
		IN_FOLDER(tells_ancestors_from_others),
		IN_FOLDER(does_not_guess_beyond_a_shallow_history),
		IN_FOLDER(reads_the_history_newest_first),
		IN_FOLDER(has_no_history_before_the_first_commit),
		IN_FOLDER(hands_out_the_versions_of_a_file),
		IN_FOLDER(tells_in_which_files_commits_differ),
		IN_FOLDER(counts_the_objects_of_packs),
		IN_FOLDER(survives_a_broken_multi_pack_index),
		IN_FOLDER(commits_nothing_while_something_is_in_the_way),
		IN_FOLDER(commits_only_what_a_working_tree_has),
		IN_FOLDER(names_a_way_around_a_broken_repository),
	};

	return cmocka_run_group_tests_name("revision", tests, NULL, NULL);
}
