#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "sys/file.h"
#include "sys/interrupt.h"
#include "sys/path.h"
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Each test runs in an empty folder of its own, which is its current one. */
static int enter_folder(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	char *dir;

	if (file_make_private_dir("test-file", &dir, &err) < 0 || chdir(dir) < 0)
		return -1;
	*state = dir;
	return 0;
}

static int leave_folder(void **state)
{
	if (chdir("/") < 0)
		return -1;
	file_remove_tree(*state);
	assert_false(file_exists(*state));
	free(*state);
	return 0;
}

static void put(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void assert_holds(const char *path, const char *want)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str bytes = STR_INIT;

	assert_int_equal(file_read(path, 1 << 20, &bytes, &err), 0);
	assert_string_equal(bytes.buf, want);
}

static int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

static int write_text(const char *path, const char *text, struct error *err)
{
	return file_write_atomic(path, text, strlen(text), 0644, err);
}

static void assert_refuses(const char *path, enum error_kind kind, const char *part)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	int before = count_entries(".");

	assert_int_equal(write_text(path, "new", &err), -1);
	assert_int_equal(err.kind, kind);
	if (!strstr(err.msg.buf, part))
		fail_msg("'%s' lacks '%s'", err.msg.buf, part);
	assert_int_equal(count_entries("."), before);
}

static void reads_a_file_up_to_its_limit(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str bytes = STR_INIT;

	(void)state;
	put("f", "12345", 0644);
	assert_int_equal(file_read("f", 5, &bytes, &err), 0);
	assert_string_equal(bytes.buf, "12345");
	assert_int_equal(file_read("f", 4, &bytes, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_string_equal(bytes.buf, "12345");
	error_release(&err);
	assert_int_equal(file_read("none", 4, &bytes, &err), -1);
	assert_int_equal(err.kind, ERROR_SYSTEM);
}

static void expands_a_path_as_the_aws_cli_does(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "/a/b", "/a/b" },
		{ "~", "/home/me" },
		{ "~/.aws/config", "/home/me/.aws/config" },
		{ "a~/b", "a~/b" },
		{ "~root/x", "/root/x" },
		{ "~nobody.of.that.name/x", "~nobody.of.that.name/x" },
		{ "$DIR/x", "/d/x" },
		{ "${DIR}x$DIR", "/dx/d" },
		{ "$DIRx/$NOT/${NOT}", "$DIRx/$NOT/${NOT}" },
		{ "$EMPTY/x", "/x" },
		{ "$TILDE/x", "/home/me/x" },
		{ "$MONEY/x", "$DIR/x" },
		{ "$/${DIR/$-", "$/${DIR/$-" },
		{ "${}/x", "${}/x" },
		{ "", "" },
	};
	char *vars[] = { (char[]){ "HOME=/home/me" }, (char[]){ "DIR=/d" },
			 (char[]){ "EMPTY=" },	      (char[]){ "TILDE=~" },
			 (char[]){ "MONEY=$DIR" },    NULL };
	struct env env = { vars };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP_FREE char *got = path_expand(&env, rows[i].in);

		assert_string_equal(got, rows[i].want);
	}
}

static void does_not_wait_at_a_fifo(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str bytes = STR_INIT;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(file_read("fifo", 4, &bytes, &err), -1);
	assert_string_equal(err.msg.buf, "'fifo' is not a regular file");
	assert_refuses("fifo", ERROR_CONFIG, "not a regular file");
}

static void says_why_a_file_cannot_be_read(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str bytes = STR_INIT;

	(void)state;
	/* Nothing lies at the address 0. */
	assert_int_equal(file_read("/proc/self/mem", 10, &bytes, &err), -1);
	assert_int_equal(err.kind, ERROR_SYSTEM);
	assert_string_equal(err.msg.buf, "cannot read '/proc/self/mem': Input/output error");
	assert_int_equal(bytes.len, 0);
}

static void makes_a_new_file_with_its_mode(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	mode_t mask = umask(022);
	struct stat st;

	(void)state;
	assert_int_equal(file_write_atomic("f", "x", 1, 0666, &err), 0);
	(void)umask(mask);
	assert_int_equal(stat("f", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(count_entries("."), 1);
}

static void keeps_mode_and_attributes(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	bool has_xattr;
	struct stat st;

	(void)state;
	put("f", "old", 0640);
	has_xattr = setxattr("f", "user.note", "kept", 4, 0) == 0;
	assert_int_equal(write_text("f", "new", &err), 0);
	assert_holds("f", "new");
	assert_int_equal(stat("f", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	if (has_xattr) {
		char value[8];

		assert_int_equal(getxattr("f", "user.note", value, sizeof(value)), 4);
		assert_memory_equal(value, "kept", 4);
	}
}

static void keeps_the_owner(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip();
	put("f", "old", 0640);
	assert_int_equal(chown("f", 1234, 4321), 0);
	assert_int_equal(write_text("f", "new", &err), 0);
	assert_int_equal(stat("f", &st), 0);
	assert_int_equal(st.st_uid, 1234);
	assert_int_equal(st.st_gid, 4321);
}

/* In a folder that others can reach, wherever TMPDIR is. */
static char *enter_shared_memory(void)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	char *dir;

	assert_int_equal(file_make_memory_dir("test-file", &dir, &err), 0);
	assert_int_equal(chdir(dir), 0);
	return dir;
}

/* Where another user may write the folder, it still can give the new file to nobody. */
static void leaves_alone_what_another_user_may_write(void **state)
{
	static const struct {
		mode_t folder;
		const char *want, *fix;
	} rows[] = {
		{ 0777, "cannot keep the owner and group of '",
		  "run this as the owner of the file" },
		{ 0755, "cannot write '", "make the folder '" },
	};
	CLEANUP_FREE char *dir = NULL;

	if (geteuid() != 0)
		skip();
	dir = enter_shared_memory();
	put("f", "old", 0666);
	assert_int_equal(chown("f", 1234, 1234), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		int result;

		assert_int_equal(chmod(".", rows[i].folder), 0);
		assert_int_equal(seteuid(4321), 0);
		result = write_text("f", "new", &err);
		assert_int_equal(seteuid(0), 0);
		assert_int_equal(result, -1);
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_ptr_equal(strstr(err.msg.buf, rows[i].want), err.msg.buf);
		assert_ptr_equal(strstr(err.fix.buf, rows[i].fix), err.fix.buf);
		assert_holds("f", "old");
		assert_int_equal(count_entries("."), 1);
	}
	assert_int_equal(chdir(*state), 0);
	file_remove_tree(dir);
}

static void follows_a_link_and_keeps_it(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct stat st;

	(void)state;
	assert_int_equal(mkdir("sub", 0755), 0);
	put("sub/real", "old", 0644);
	assert_int_equal(symlink("sub/real", "one"), 0);
	assert_int_equal(symlink("one", "two"), 0);
	assert_int_equal(write_text("two", "new", &err), 0);
	assert_holds("sub/real", "new");
	assert_int_equal(lstat("two", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(count_entries("sub"), 1);
	assert_int_equal(count_entries("."), 3);
}

static void refuses_what_cannot_be_replaced(void **state)
{
	(void)state;
	put("read-only", "old", 0444);
	put("first", "old", 0644);
	assert_int_equal(link("first", "second"), 0);
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_int_equal(mkdir("dir", 0755), 0);
	assert_refuses("read-only", ERROR_CONFIG, "read only");
	assert_refuses("first", ERROR_CONFIG, "hard links");
	assert_refuses("dangling", ERROR_CONFIG, "link to nothing");
	assert_refuses("loop", ERROR_CONFIG, "loop");
	assert_refuses("dir", ERROR_CONFIG, "not a regular file");
	assert_refuses("none/f", ERROR_SYSTEM, "No such file");
	assert_refuses("first/f", ERROR_SYSTEM, "Not a directory");
	assert_holds("read-only", "old");
	assert_holds("first", "old");
	assert_false(file_exists("nowhere"));
	assert_false(file_exists("loop"));
}

static void refuses_anothers_file_behind_a_link(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdir("shared", 0777), 0);
	assert_int_equal(chmod("shared", 01777), 0);
	put("shared/theirs", "old", 0666);
	assert_int_equal(chown("shared/theirs", 1234, 1234), 0);
	assert_int_equal(symlink("shared/theirs", "link"), 0);
	assert_refuses("link", ERROR_CONFIG, "another user's file");
}

static void writes_into_a_mount_point_what_fits(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str old = STR_INIT;
	const struct file_change longer = { 0, 2, { "add", 3 } };
	const struct file_change as_long = { 0, 2, { "ad", 2 } };
	int before;

	(void)state;
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0)
		skip();
	put("source", "old", 0644);
	put("f", "below", 0644);
	assert_int_equal(mount("source", "f", "none", MS_BIND, NULL), 0);
	before = count_entries(".");
	assert_int_equal(write_text("f", "new", &err), -1);
	assert_int_equal(err.kind, ERROR_REFUSED);
	assert_non_null(strstr(err.fix.buf, "mount its folder"));
	assert_holds("f", "old");
	error_release(&err);
	str_adds(&old, "old");
	assert_int_equal(file_edit_atomic("f", &old, &longer, &err), -1);
	assert_int_equal(err.kind, ERROR_REFUSED);
	assert_holds("f", "old");
	error_release(&err);
	assert_int_equal(file_edit_atomic("f", &old, &as_long, &err), 0);
	assert_holds("f", "add");
	assert_holds("source", "add");
	assert_int_equal(count_entries("."), before);
	assert_int_equal(umount("f"), 0);
}

static void leaves_the_old_bytes_on_a_full_disk(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *big = NULL;

	(void)state;
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0)
		skip();
	big = mem_zalloc(1 << 20);
	assert_int_equal(mkdir("small", 0755), 0);
	assert_int_equal(mount("none", "small", "tmpfs", 0, "size=16k"), 0);
	put("small/f", "old", 0644);
	assert_int_equal(file_write_atomic("small/f", big, 1 << 20, 0644, &err), -1);
	assert_non_null(strstr(err.msg.buf, "No space left"));
	assert_holds("small/f", "old");
	assert_int_equal(count_entries("small"), 1);
	assert_int_equal(umount("small"), 0);
}

static void refuses_an_edit_of_other_bytes(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str old = STR_INIT;
	const struct file_change all = { 0, 3, { "edited", 6 } };
	const struct file_change within = { 1, 1, { "-l-", 3 } };

	(void)state;
	str_adds(&old, "old");
	put("f", "old", 0644);
	assert_int_equal(file_edit_atomic("f", &old, &all, &err), 0);
	assert_holds("f", "edited");
	put("f", "old", 0644);
	assert_int_equal(file_edit_atomic("f", &old, &within, &err), 0);
	assert_holds("f", "o-l-d");
	for (int longer = 0; longer < 2; longer++) {
		put("f", longer ? "older" : "odd", 0644);
		assert_int_equal(file_edit_atomic("f", &old, &all, &err), -1);
		assert_int_equal(err.kind, ERROR_REFUSED);
		assert_non_null(strstr(err.msg.buf, "changed meanwhile"));
		error_release(&err);
		assert_int_equal(count_entries("."), 1);
	}
	assert_int_equal(unlink("f"), 0);
	assert_int_equal(file_edit_atomic("f", &old, &all, &err), -1);
	assert_int_equal(err.kind, ERROR_REFUSED);
	assert_int_equal(count_entries("."), 0);
}

static void removes_what_killed_writers_left(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_CLOSE int fd = -1;

	(void)state;
	put(".deployer-dead.tmp", "half", 0600);
	put(".deployer-used.tmp", "half", 0600);
	put(".deployer-other", "mine", 0600);
	assert_int_equal(file_lock(".deployer-used.tmp", 0, &fd, &err), 0);
	assert_int_equal(write_text("f", "new", &err), 0);
	assert_false(file_exists(".deployer-dead.tmp"));
	assert_true(file_exists(".deployer-used.tmp"));
	assert_true(file_exists(".deployer-other"));
	assert_true(file_is_leftover(".deployer-dead.tmp"));
	assert_false(file_is_leftover(".deployer-other"));
	assert_false(file_is_leftover(".tmp"));
}

static void names_the_owner_of_a_lock(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *owner = mem_printf("process %d of ", (int)getpid());
	int64_t until_ms = system_clock.wall_ms(&system_clock) + 2000;
	CLEANUP_CLOSE int fd = -1;
	char host[HOST_NAME_MAX + 1] = "";
	int second = -1;
	const char *since;
	int64_t since_ms;

	(void)state;
	(void)gethostname(host, sizeof(host) - 1);
	assert_int_equal(file_lock("lock", 0, &fd, &err), 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(file_lock("lock", 30, &second, &err), -1);
	assert_int_equal(err.kind, ERROR_REFUSED);
	assert_true(error_has_code(&err, FILE_IS_LOCKED));
	assert_non_null(strstr(err.msg.buf, owner));
	assert_non_null(strstr(err.msg.buf, host));
	since = strstr(err.msg.buf, "running since ");
	assert_non_null(since);
	assert_true(clock_parse_rfc3339(since + strlen("running since "), &since_ms));
	assert_in_range(since_ms, until_ms - 3600000, until_ms);
	assert_int_equal(second, -1);
	error_release(&err);
	close(fd);
	fd = -1;
	assert_int_equal(file_lock("lock", 0, &fd, &err), 0);
	assert_true(file_exists("lock"));
}

/* As in a container with a PID namespace of its own: there is no /proc/locks that has it. */
static void refuses_a_lock_whose_owner_cannot_be_named(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_CLOSE int fd = -1;
	int second = -1;

	(void)state;
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0)
		skip();
	assert_int_equal(file_lock("lock", 0, &fd, &err), 0);
	assert_int_equal(mount("none", "/proc", "tmpfs", 0, "size=16k"), 0);
	assert_int_equal(file_lock("lock", 0, &second, &err), -1);
	assert_int_equal(umount("/proc"), 0);
	assert_int_equal(err.kind, ERROR_REFUSED);
	assert_string_equal(err.msg.buf, "'lock' is locked by another process");
	assert_string_equal(err.fix.buf, "wait until it is done, then run this again");
}

static void locks_the_file_that_the_path_names_now(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_CLOSE int before = -1;
	CLEANUP_CLOSE int after = -1;

	(void)state;
	assert_int_equal(file_lock_for_edit("f", 0, &before, &err), -1);
	assert_false(file_exists("f"));
	error_release(&err);
	put("f", "old", 0644);
	assert_int_equal(file_lock_for_edit("f", 0, &before, &err), 0);
	assert_int_equal(write_text("f", "new", &err), 0);
	assert_int_equal(file_lock_for_edit("f", 0, &after, &err), 0);
}

static void frees_the_lock_of_a_killed_owner(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_CLOSE int fd = -1;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		if (file_lock("lock", 0, &fd, &err) == 0)
			(void)raise(SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(file_lock("lock", 0, &fd, &err), 0);
}

static void makes_folders_and_removes_them(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	put("outside", "kept", 0644);
	assert_int_equal(file_make_dirs("a/b/c", &err), 0);
	assert_int_equal(file_make_dirs("a/b/c", &err), 0);
	assert_int_equal(file_make_dirs("/", &err), 0);
	assert_int_equal(symlink("../../outside", "a/b/link"), 0);
	file_remove_tree("a");
	assert_false(file_exists("a"));
	assert_holds("outside", "kept");
	assert_int_equal(file_make_dirs("outside/x", &err), -1);
}

static void takes_paths_apart_and_together(void **state)
{
	static const struct {
		const char *path, *dir;
	} dirs[] = { { "a/b", "a" }, { "b", "." }, { "/b", "/" }, { "/a/b/", "/a" }, { "", "." } };
	static const struct {
		const char *dir, *name, *want;
	} joins[] = {
		{ "a", "b", "a/b" }, { "a/", "b", "a/b" }, { "a", "/b", "/b" }, { "", "b", "b" }
	};

	(void)state;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		CLEANUP_FREE char *got = file_dirname(dirs[i].path);

		assert_string_equal(got, dirs[i].dir);
	}
	for (size_t i = 0; i < sizeof(joins) / sizeof(joins[0]); i++) {
		CLEANUP_FREE char *got = file_join(joins[i].dir, joins[i].name);

		assert_string_equal(got, joins[i].want);
	}
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

/* The folder of a child that ends without removing it. */
static void leave_dir_behind(char *path, size_t size)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	int pipe_fds[2];
	ssize_t len;
	pid_t child;

	assert_int_equal(pipe(pipe_fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		char *dir = NULL;

		if (file_make_private_dir("gone", &dir, &err) == 0)
			(void)!write(pipe_fds[1], dir, strlen(dir) + 1);
		_exit(0);
	}
	(void)close(pipe_fds[1]);
	len = read(pipe_fds[0], path, size);
	(void)close(pipe_fds[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_true(len > 1);
}

static void removes_what_killed_processes_left(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *mine = NULL;
	CLEANUP_FREE char *next = NULL;
	char theirs[512] = "";

	(void)state;
	assert_int_equal(file_make_private_dir("mine", &mine, &err), 0);
	leave_dir_behind(theirs, sizeof(theirs));
	assert_true(file_exists(theirs));
	assert_int_equal(file_make_private_dir("", &next, &err), 0);
	assert_false(file_exists(theirs));
	assert_true(file_exists(mine));
	file_remove_tree(mine);
	file_remove_tree(next);
}

static void says_why_nothing_is_made(void **state)
{
	static const struct {
		const char *path, *text; /* NULL: a folder */
		const char *want;
	} rows[] = {
		{ "/proc/nope", NULL,
		  "cannot create the folder '/proc/nope': No such file or directory" },
		{ "/nope/f", "x", "cannot open '/nope/f': No such file or directory" },
		{ "/dev/full", "x", "cannot write '/dev/full': No space left on device" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		int result = rows[i].text ? file_append(rows[i].path, rows[i].text, 1, &err)
					  : file_make_dirs(rows[i].path, &err);

		assert_int_equal(result, -1);
		assert_int_equal(err.kind, ERROR_SYSTEM);
		assert_string_equal(err.msg.buf, rows[i].want);
	}
}

static void makes_no_folder_where_there_is_no_parent(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *before = getenv("TMPDIR") ? mem_strdup(getenv("TMPDIR")) : NULL;
	char *dir = NULL;
	int result;

	(void)state;
	assert_int_equal(setenv("TMPDIR", "/nope", 1), 0);
	result = file_make_private_dir("test", &dir, &err);
	assert_int_equal(before ? setenv("TMPDIR", before, 1) : unsetenv("TMPDIR"), 0);
	assert_int_equal(result, -1);
	assert_null(dir);
	assert_int_equal(err.kind, ERROR_SYSTEM);
	assert_non_null(strstr(err.msg.buf, "cannot create the folder '/nope/deployer-test-"));
	assert_non_null(strstr(err.msg.buf, "': No such file or directory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expands_a_path_as_the_aws_cli_does),
		IN_FOLDER(reads_a_file_up_to_its_limit),
		IN_FOLDER(does_not_wait_at_a_fifo),
		cmocka_unit_test(says_why_a_file_cannot_be_read),
		IN_FOLDER(makes_a_new_file_with_its_mode),
		IN_FOLDER(keeps_mode_and_attributes),
		IN_FOLDER(keeps_the_owner),
		IN_FOLDER(leaves_alone_what_another_user_may_write),
		IN_FOLDER(follows_a_link_and_keeps_it),
		IN_FOLDER(refuses_what_cannot_be_replaced),
		IN_FOLDER(refuses_anothers_file_behind_a_link),
		IN_FOLDER(writes_into_a_mount_point_what_fits),
		IN_FOLDER(leaves_the_old_bytes_on_a_full_disk),
		IN_FOLDER(refuses_an_edit_of_other_bytes),
		IN_FOLDER(removes_what_killed_writers_left),
		IN_FOLDER(removes_what_killed_processes_left),
		cmocka_unit_test(says_why_nothing_is_made),
		cmocka_unit_test(makes_no_folder_where_there_is_no_parent),
		IN_FOLDER(names_the_owner_of_a_lock),
		IN_FOLDER(refuses_a_lock_whose_owner_cannot_be_named),
		IN_FOLDER(locks_the_file_that_the_path_names_now),
		IN_FOLDER(frees_the_lock_of_a_killed_owner),
		IN_FOLDER(makes_folders_and_removes_them),
		IN_FOLDER(takes_paths_apart_and_together),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
