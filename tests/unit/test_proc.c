#include "base/cleanup.h"
#include "sys/interrupt.h"
#include "sys/proc.h"
#include "test.h"

#include <signal.h>
#include <string.h>

struct lines {
	struct str text;
};

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
	strv_add_all(&proc.args, "sh", "-c", "printf 'one\\r\\ntwo'; exit 3", NULL);
	proc.on_line = keep_line;
	proc.ctx = &lines;
	assert_int_equal(proc_run(&proc, &end, &err), 0);
	assert_string_equal(lines.text.buf, "O:one|O:two|");
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
	assert_true(end.elapsed_ms < 5000);
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

static void leaves_relative_path_entries_out(void **state)
{
	const char *path = getenv("PATH");
	char *saved = strdup(path ? path : "");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hands_on_whole_lines),
		cmocka_unit_test(keeps_the_two_streams_apart),
		cmocka_unit_test(never_moves_a_capture_that_is_secret),
		cmocka_unit_test(feeds_more_than_a_pipe_holds),
		cmocka_unit_test(changes_the_environment_of_the_child_only),
		cmocka_unit_test(ends_a_child_that_takes_too_long),
		cmocka_unit_test(kills_a_child_that_ignores_the_first_signal),
		cmocka_unit_test(remembers_its_own_interruption_whatever_the_child_says),
		cmocka_unit_test(runs_clean_up_work_to_its_end),
		cmocka_unit_test(names_a_program_that_is_missing),
		cmocka_unit_test(leaves_relative_path_entries_out),
		cmocka_unit_test(stops_a_program_that_runs_beside),
	};

	return cmocka_run_group_tests_name("proc", tests, NULL, NULL);
}
