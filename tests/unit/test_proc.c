#include "base/cleanup.h"
#include "base/mem.h"
#include "sys/file.h"
#include "sys/guard.h"
#include "sys/interrupt.h"
#include "sys/proc.h"
#include "sys/serve.h"
#include "test.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct lines {
	struct str text;
};

#define SIGRTMAX_OF_LINUX 64 /* it has no name */

/* What is reported of interruptions. */
struct told {
	struct report report;
	char text[256];
};

static void keep_interrupt(struct report *report, const struct report_event *event)
{
	struct told *told = (struct told *)report;
	size_t len = strlen(told->text);

	if (event->kind == REPORT_INTERRUPT)
		(void)snprintf(told->text + len, sizeof(told->text) - len, "%s %s;", event->source,
			       event->text);
}

static void keep_line(void *ctx, bool is_stderr, const char *line, size_t len)
{
	struct lines *lines = ctx;

	str_adds(&lines->text, is_stderr ? "E:" : "O:");
	str_add(&lines->text, line, len);
	str_addc(&lines->text, '|');
}

static void hands_on_whole_lines(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	struct lines lines = { STR_INIT };
	struct proc_end end;

	(void)state;
	strv_add_all(&proc.args, "sh", "-c", "printf 'one\\r\\nt\\0o'; exit 3", NULL);
	proc.on_line = keep_line;
	proc.ctx = &lines;
	assert_int_equal(proc_run(&proc, &end, &err), 0);
	assert_string_equal(lines.text.buf, "O:one|O:t?o|");
	assert_int_equal(end.status, 3);
	assert_int_equal(proc_check(&proc, &end, &err), -1);
	assert_string_equal(err.msg.buf, "sh exited with status 3");
	str_release(&lines.text);
}

static void keeps_the_two_streams_apart(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	CLEANUP(str_release) struct str out = STR_INIT;
	CLEANUP(str_release) struct str talk = STR_INIT;
	struct proc_end end;

	(void)state;
	strv_add_all(&proc.args, "sh", "-c", "echo data; echo talk >&2", NULL);
	proc.ret_out = &out;
	proc.ret_err = &talk;
	assert_int_equal(proc_run(&proc, &end, &err), 0);
	assert_string_equal(out.buf, "data\n");
	assert_string_equal(talk.buf, "talk\n");
}

static void never_moves_a_capture_that_is_secret(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	CLEANUP(str_wipe) struct str out = STR_INIT;
	struct proc_end end;
	const char *before;

	(void)state;
	strv_add_all(&proc.args, "sh", "-c", "head -c 100000 /dev/zero | tr '\\0' s", NULL);
	proc.ret_out = &out;
	proc.is_secret = true;
	proc.max_capture = 65536;
	str_reserve(&out, proc.max_capture);
	before = out.buf;
	assert_int_equal(proc_run(&proc, &end, &err), 0);
	assert_ptr_equal(out.buf, before);
	assert_int_equal(out.len, 65536);
	str_release(&out);
	assert_int_equal(proc_run(&proc, &end, &err), 0);
	assert_int_equal(out.cap, 65536 + 1);
}

static void fails_where_the_end_of_a_child_is_not_told(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	struct proc_end end;

	(void)state;
	strv_add_all(&proc.args, "true", NULL);
	assert_true(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
	assert_int_equal(proc_run(&proc, &end, &err), -1);
	assert_true(signal(SIGCHLD, SIG_DFL) == SIG_IGN);
	assert_string_equal(err.msg.buf, "cannot tell how 'true' ended: No child processes");
	assert_int_equal(end.status, -1);
}

static void feeds_more_than_a_pipe_holds(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	CLEANUP(str_release) struct str in = STR_INIT;
	CLEANUP(str_release) struct str out = STR_INIT;
	struct proc_end end;

	(void)state;
	for (int i = 0; i < 50000; i++)
		str_addf(&in, "%d\n", i);
	strv_add(&proc.args, "cat");
	proc.input = in.buf;
	proc.input_len = in.len;
	proc.ret_out = &out;
	assert_int_equal(proc_run(&proc, &end, &err), 0);
	assert_int_equal(out.len, in.len);
	assert_memory_equal(out.buf, in.buf, in.len);
}

static void changes_the_environment_of_the_child_only(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	CLEANUP(str_release) struct str out = STR_INIT;
	struct proc_end end;

	(void)state;
	assert_int_equal(setenv("GONE", "1", 1), 0);
	strv_add_all(&proc.args, "sh", "-c", "echo \"$NEW-${GONE-unset}\"; pwd", NULL);
	strv_add_all(&proc.env, "NEW=a b", "GONE", NULL);
	proc.dir = "/";
	proc.ret_out = &out;
	assert_int_equal(proc_run(&proc, &end, &err), 0);
	assert_string_equal(out.buf, "a b-unset\n/\n");
	assert_string_equal(getenv("GONE"), "1");
}

static void hands_secrets_to_none_but_those_they_are_for(void **state)
{
	static const struct {
		enum proc_role role;
		const char *out;
	} rows[] = {
		{ PROC_TOOL, "----" },
		{ PROC_OWN, "-key-token-oidc-" },
		{ PROC_SESSION, "-key-token-oidc-hook" },
	};

	(void)state;
	assert_int_equal(setenv("AWS_SECRET_ACCESS_KEY", "key", 1), 0);
	assert_int_equal(setenv("AWS_SESSION_TOKEN", "token", 1), 0);
	assert_int_equal(setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "oidc", 1), 0);
	assert_int_equal(setenv("DEPLOYER_WEBHOOK", "hook", 1), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(proc_release) struct proc proc = PROC_INIT;
		CLEANUP(str_release) struct str out = STR_INIT;
		struct proc_end end;

		strv_add_all(&proc.args, "sh", "-c",
			     "printf -- \"-$AWS_SECRET_ACCESS_KEY-$AWS_SESSION_TOKEN-"
			     "$ACTIONS_ID_TOKEN_REQUEST_TOKEN-$DEPLOYER_WEBHOOK\"",
			     NULL);
		proc.role = rows[i].role;
		proc.ret_out = &out;
		assert_int_equal(proc_run(&proc, &end, &err), 0);
		assert_string_equal(out.buf, rows[i].out);
	}
}

static void ends_a_child_that_takes_too_long(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	struct proc_end end;

	(void)state;
	strv_add_all(&proc.args, "sh", "-c", "sleep 30 & wait", NULL);
	proc.timeout_ms = 100;
	assert_int_equal(proc_run(&proc, &end, &err), 0);
	assert_true(end.timed_out);
	assert_int_equal(end.signal, SIGTERM);
	assert_true(end.elapsed_ms < 20000);
}

static void kills_a_child_that_ignores_the_first_signal(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	struct proc_end end;

	(void)state;
	strv_add_all(&proc.args, "sh", "-c",
		     "trap '' TERM INT; kill -INT $PPID; sleep 30 & wait; wait", NULL);
	proc.grace_ms = 50;
	interrupt_install();
	assert_int_equal(proc_run(&proc, &end, &err), -1);
	assert_int_equal(err.kind, ERROR_SIGNAL);
	assert_int_equal(err.signal, SIGINT);
	assert_int_equal(end.signal, SIGKILL);
	interrupt_clear();
}

static void remembers_its_own_interruption_whatever_the_child_says(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	struct proc_end end;

	(void)state;
	strv_add_all(&proc.args, "sh", "-c", "trap 'exit 0' TERM; kill -TERM $PPID; sleep 5 & wait",
		     NULL);
	interrupt_install();
	assert_int_equal(proc_run(&proc, &end, &err), -1);
	assert_int_equal(end.status, 0);
	assert_int_equal(error_exit_status(&err), 143);
	interrupt_clear();
}

static void runs_clean_up_work_to_its_end(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	struct proc_end end;

	(void)state;
	interrupt_install();
	(void)raise(SIGTERM);
	strv_add_all(&proc.args, "sh", "-c", "sleep 0.1; exit 7", NULL);
	proc.is_shielded = true;
	assert_int_equal(proc_run(&proc, &end, &err), 0);
	assert_int_equal(end.status, 7);
	interrupt_clear();
}

static void names_a_program_that_is_missing(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	struct proc_end end;

	(void)state;
	strv_add(&proc.args, "no-such-program");
	assert_int_equal(proc_run(&proc, &end, &err), -1);
	assert_int_equal(err.kind, ERROR_TOOL);
	assert_string_equal(err.msg.buf, "program 'no-such-program' is not in PATH");
}

static void names_a_program_that_cannot_be_started(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	CLEANUP_FREE char *dir = NULL, *path = NULL, *want = NULL;
	struct proc_end end;

	(void)state;
	assert_int_equal(file_make_private_dir("test-proc", &dir, &err), 0);
	path = file_join(dir, "script");
	want = mem_printf("cannot start '%s': No such file or directory", path);
	assert_int_equal(file_write_atomic(path, "#!/nope/sh\n", 11, 0755, &err), 0);
	strv_add(&proc.args, path);
	assert_int_equal(proc_run(&proc, &end, &err), -1);
	assert_int_equal(err.kind, ERROR_TOOL);
	assert_string_equal(err.msg.buf, want);
	file_remove_tree(dir);
}

static void says_how_a_program_ended(void **state)
{
	static const struct {
		struct proc_end end;
		const char *want;
	} rows[] = {
		{ { .status = 3 }, "tool exited with status 3" },
		{ { .signal = SIGSEGV }, "tool was ended by SIGSEGV" },
		{ { .signal = SIGRTMAX_OF_LINUX }, "tool was ended by SIG?" },
		{ { .signal = SIGKILL, .timed_out = true }, "tool was ended after 2 s" },
	};
	CLEANUP(proc_release) struct proc proc = PROC_INIT;

	(void)state;
	strv_add(&proc.args, "/usr/bin/tool");
	proc.timeout_ms = 2000;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;

		assert_int_equal(proc_check(&proc, &rows[i].end, &err), -1);
		assert_int_equal(err.kind, ERROR_CHILD);
		assert_string_equal(err.msg.buf, rows[i].want);
	}
}

static void answer_nobody(void *ctx, int connection)
{
	(void)ctx;
	(void)connection;
}

static int run_for_its_words(struct error *err)
{
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	CLEANUP(str_release) struct str said = STR_INIT;
	struct proc_end end;

	strv_add_all(&proc.args, "true", NULL);
	proc.ret_out = &said;
	return proc_run(&proc, &end, err);
}

static int guard(struct error *err)
{
	struct guard guard = GUARD_INIT;

	return guard_start(0, &guard, err);
}

static int serve_beside(struct error *err)
{
	struct serve serve = SERVE_INIT;

	return serve_start("s", answer_nobody, NULL, &serve, err);
}

static void says_that_too_many_files_are_open(void **state)
{
	static const struct {
		int (*attempt)(struct error *err);
		const char *want;
	} rows[] = {
		{ run_for_its_words, "cannot make a pipe: Too many open files" },
		{ guard, "cannot make a pipe: Too many open files" },
		{ serve_beside, "cannot make a socket: Too many open files" },
	};
	struct rlimit before, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		int result;

		assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
		result = rows[i].attempt(&err);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_int_equal(result, -1);
		assert_int_equal(err.kind, ERROR_SYSTEM);
		assert_string_equal(err.msg.buf, rows[i].want);
	}
}

static void serves_in_no_folder_that_is_not_there(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct serve serve = SERVE_INIT;

	(void)state;
	assert_int_equal(serve_start("nope/s", answer_nobody, NULL, &serve, &err), -1);
	assert_int_equal(err.kind, ERROR_SYSTEM);
	assert_non_null(strstr(err.msg.buf, "cannot listen at '"));
	assert_non_null(strstr(err.msg.buf, "/nope/s': No such file or directory"));
}

static void serves_at_no_path_that_is_too_long(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *dir = NULL, *deep = NULL, *before = NULL;
	struct serve serve = SERVE_INIT;
	int result;

	(void)state;
	before = getenv("TMPDIR") ? mem_strdup(getenv("TMPDIR")) : NULL;
	assert_int_equal(file_make_private_dir("test-proc", &dir, &err), 0);
	deep = mem_printf("%s/%0108d", dir, 0);
	assert_int_equal(file_make_dirs(deep, &err), 0);
	assert_int_equal(setenv("TMPDIR", deep, 1), 0);
	result = serve_start("s", answer_nobody, NULL, &serve, &err);
	assert_int_equal(before ? setenv("TMPDIR", before, 1) : unsetenv("TMPDIR"), 0);
	assert_int_equal(result, -1);
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_non_null(strstr(err.msg.buf, "/s' is too long for a socket's path"));
	assert_string_equal(err.fix.buf, "set TMPDIR to a shorter path");
	/* Its own folder is gone. */
	assert_int_equal(rmdir(deep), 0);
	file_remove_tree(dir);
}

static void leaves_relative_path_entries_out(void **state)
{
	const char *path = getenv("PATH");
	char *saved = mem_strdup(path ? path : "");
	char *found;

	(void)state;
	assert_int_equal(setenv("PATH", ".::bin:/usr/bin:/bin", 1), 0);
	found = proc_find("sh");
	assert_non_null(found);
	assert_int_equal(found[0], '/');
	free(found);
	assert_int_equal(setenv("PATH", saved, 1), 0);
	free(saved);
}

/* For mkdtemp(). */
static char *temporary_name(void)
{
	const char *parent = getenv("TMPDIR");

	return mem_printf("%s/deployer-proc-XXXXXX", parent ? parent : "/tmp");
}

/* A folder with a program in it, first in PATH. */
static char *make_folder(mode_t folder, mode_t file)
{
	char *dir = temporary_name();
	CLEANUP_FREE char *program = NULL;
	CLEANUP_FREE char *path = NULL;
	int fd;

	assert_non_null(mkdtemp(dir));
	program = mem_printf("%s/deployer-test-tool", dir);
	fd = open(program, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(chmod(program, file), 0);
	assert_int_equal(chmod(dir, folder), 0);
	path = mem_printf("%s:/usr/bin:/bin", dir);
	assert_int_equal(setenv("PATH", path, 1), 0);
	return dir;
}

static void starts_no_tool_that_others_may_write(void **state)
{
	static const struct {
		mode_t folder, file;
		bool is_trusted;
	} rows[] = {
		{ 0755, 0755, true },
		{ 0777, 0755, false },
		{ 01777, 0755, false },
		{ 0755, 0757, false },
	};
	CLEANUP_FREE char *saved = mem_strdup(getenv("PATH"));

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP_FREE char *dir = make_folder(rows[i].folder, rows[i].file);
		CLEANUP_FREE char *tool = proc_find("deployer-test-tool");
		CLEANUP_FREE char *own = proc_find_as(PROC_OWN, "deployer-test-tool");

		assert_int_equal(tool != NULL, rows[i].is_trusted);
		assert_non_null(own);
		(void)proc_not_found("deployer-test-tool", &err);
		assert_int_equal(strstr(err.msg.buf, "others may write") != NULL,
				 !rows[i].is_trusted);
		file_remove_tree(dir);
	}
	assert_int_equal(setenv("PATH", saved, 1), 0);
}

/* Groups: root's, and the user's own of the same number, are as good as none. */
static void tells_a_group_of_others_from_ones_own(void **state)
{
	static const struct {
		uid_t owner;
		gid_t group;
		bool is_trusted;
	} rows[] = { { 0, 0, true }, { 1000, 1000, true }, { 1000, 100, false }, { 0, 50, false } };
	CLEANUP_FREE char *saved = NULL;

	(void)state;
	if (geteuid() != 0)
		skip();
	saved = mem_strdup(getenv("PATH"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP_FREE char *dir = make_folder(0775, 0755);
		CLEANUP_FREE char *tool = NULL;

		assert_int_equal(chown(dir, rows[i].owner, rows[i].group), 0);
		tool = proc_find("deployer-test-tool");
		assert_int_equal(tool != NULL, rows[i].is_trusted);
		file_remove_tree(dir);
	}
	assert_int_equal(setenv("PATH", saved, 1), 0);
}

static void stops_a_program_that_runs_beside(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	struct proc_child child;

	(void)state;
	strv_add_all(&proc.args, "sleep", "30", NULL);
	assert_int_equal(proc_start(&proc, &child, &err), 0);
	assert_true(proc_is_running(&child));
	proc_stop(&child, 2000);
	assert_int_equal(kill(child.pid, 0), -1);
}

/* Runs a program and is killed meanwhile; the program's second process says that it is there. */
static void run_until_killed(const char *fifo)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	struct proc_end end;

	strv_add_all(&proc.args, "sh", "-c", "(exec 3>$0; echo there >&3; sleep 60) & wait", fifo,
		     NULL);
	(void)proc_run(&proc, &end, &err);
	_exit(0); /* lint:allow: the end of a process that was forked here */
}

/* Whoever holds the pipe open has not ended. */
static void ends_the_group_of_who_is_killed(void **state)
{
	CLEANUP_FREE char *dir = temporary_name();
	char byte;
	struct pollfd end = { .fd = -1, .events = POLLIN };
	CLEANUP_FREE char *fifo = NULL;
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fifo = mem_printf("%s/fifo", dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		run_until_killed(fifo);
	end.fd = open(fifo, O_RDONLY | O_CLOEXEC);
	assert_true(end.fd >= 0);
	assert_int_equal(read(end.fd, &byte, 1), 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	while (poll(&end, 1, 20000) == 1 && read(end.fd, &byte, 1) > 0)
		;
	assert_int_equal(end.revents & POLLHUP, POLLHUP);
	(void)close(end.fd);
	assert_int_equal(unlink(fifo), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* What is told is told once, with the signal's name. */
static void tells_that_it_is_interrupted(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	struct told told = { .report = { .emit = keep_interrupt } };
	struct proc_output output = { &told.report, "program" };
	struct proc_end end;

	(void)state;
	strv_add_all(&proc.args, "sh", "-c", "kill -TERM $PPID; sleep 5 & wait", NULL);
	proc_report_to(&proc, &output);
	interrupt_install();
	assert_int_equal(proc_run(&proc, &end, &err), -1);
	assert_string_equal(told.text, "program SIGTERM;");
	interrupt_clear();
	interrupt_tell(&told.report, "nothing");
	assert_string_equal(told.text, "program SIGTERM;");
}

static void keep_state(struct report *report, const struct report_event *event)
{
	struct told *told = (struct told *)report;

	assert_int_equal(event->kind, REPORT_STATE);
	(void)snprintf(told->text, sizeof(told->text), "%s %.16s", event->source, event->text);
}

static void tells_that_a_silent_program_still_runs(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	struct told told = { .report = { .emit = keep_state } };
	struct proc_output output = { &told.report, "test" };
	struct proc_end end;

	(void)state;
	strv_add_all(&proc.args, "sleep", "1.5", NULL);
	proc_report_to(&proc, &output);
	assert_true(proc.silence_ms >= 1000);
	assert_int_equal(proc_run(&proc, &end, &err), 0);
	assert_string_equal(told.text, "");
	proc.silence_ms = 1;
	assert_int_equal(proc_run(&proc, &end, &err), 0);
	assert_string_equal(told.text, "test still runs after");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hands_on_whole_lines),
		cmocka_unit_test(keeps_the_two_streams_apart),
		cmocka_unit_test(never_moves_a_capture_that_is_secret),
		cmocka_unit_test(feeds_more_than_a_pipe_holds),
		cmocka_unit_test(changes_the_environment_of_the_child_only),
		cmocka_unit_test(hands_secrets_to_none_but_those_they_are_for),
		cmocka_unit_test(ends_a_child_that_takes_too_long),
		cmocka_unit_test(kills_a_child_that_ignores_the_first_signal),
		cmocka_unit_test(remembers_its_own_interruption_whatever_the_child_says),
		cmocka_unit_test(runs_clean_up_work_to_its_end),
		cmocka_unit_test(names_a_program_that_is_missing),
		cmocka_unit_test(names_a_program_that_cannot_be_started),
		cmocka_unit_test(says_how_a_program_ended),
		cmocka_unit_test(says_that_too_many_files_are_open),
		cmocka_unit_test(serves_in_no_folder_that_is_not_there),
		cmocka_unit_test(serves_at_no_path_that_is_too_long),
		cmocka_unit_test(leaves_relative_path_entries_out),
		cmocka_unit_test(starts_no_tool_that_others_may_write),
		cmocka_unit_test(tells_a_group_of_others_from_ones_own),
		cmocka_unit_test(stops_a_program_that_runs_beside),
		cmocka_unit_test(ends_the_group_of_who_is_killed),
		cmocka_unit_test(tells_that_it_is_interrupted),
		cmocka_unit_test(tells_that_a_silent_program_still_runs),
		cmocka_unit_test(fails_where_the_end_of_a_child_is_not_told),
	};

	/* As interrupt_install() has it in the programs. */
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("proc", tests, NULL, NULL);
}
