#include "base/cleanup.h"
#include "sys/prompt.h"
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Asks as a program in a session of its own does, at a terminal or without one, and says into `out`
 * what came: the answer, or "KIND message".
 */
typedef void (*ask_fn)(struct str *out);

static void say(int result, const struct error *err, const char *answer, struct str *out)
{
	if (result == 0)
		str_adds(out, answer);
	else
		str_addf(out, "%s %s", err->kind == ERROR_AUTH ? "AUTH" : "?", err->msg.buf);
}

static void ask_secret(struct str *out)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(secret_release) struct secret answer = SECRET_INIT;
	int result = prompt_secret("Say it: ", &answer, &err);

	say(result, &err, secret_bytes(&answer), out);
}

static void ask_choice(struct str *out)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	char answer[2] = "";
	int result = prompt_choice("(y)es or (n)o ", "yn", answer, &err);

	say(result, &err, answer, out);
}

static void ask_word(struct str *out)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str answer = STR_INIT;
	int result = prompt_word("Which? ", &answer, &err);

	say(result, &err, answer.buf, out);
}

/* In the child: its terminal is `terminal`, or it has none (-1). */
static void become_asker(int terminal, ask_fn ask, int out_fd)
{
	CLEANUP(str_release) struct str out = STR_INIT;

	if (setsid() >= 0 && (terminal < 0 || ioctl(terminal, TIOCSCTTY, 0) == 0))
		ask(&out);
	if (write(out_fd, out.buf, out.len) != (ssize_t)out.len)
		abort();
}

/* Starts it; *ret_out is where its words can be read. */
static pid_t start(int terminal, ask_fn ask, int *ret_out)
{
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		become_asker(terminal, ask, fds[1]);
		exit(0);
	}
	(void)close(fds[1]);
	*ret_out = fds[0];
	return pid;
}

static void finish(pid_t pid, int out_fd, char *buf, size_t size)
{
	ssize_t len = 0, count;
	int status;

	while ((count = read(out_fd, buf + len, size - 1 - (size_t)len)) > 0)
		len += count;
	buf[len] = '\0';
	(void)close(out_fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void asks_nobody_without_a_terminal(void **state)
{
	static const ask_fn asks[] = { ask_secret, ask_choice, ask_word };

	(void)state;
	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		char said[256];
		int out_fd;
		pid_t pid = start(-1, asks[i], &out_fd);

		finish(pid, out_fd, said, sizeof(said));
		assert_string_equal(said, "AUTH there is no terminal to ask at");
	}
}

static int open_terminal(int *ret_terminal)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	*ret_terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(*ret_terminal >= 0);
	return master;
}

/* What is typed before the question stands is thrown away: a person waits for it, too. */
static void wait_for_question(int master, const char *question)
{
	char shown[256];
	size_t len = 0;

	while (len < sizeof(shown) - 1) {
		assert_int_equal(read(master, shown + len, 1), 1);
		shown[++len] = '\0';
		if (strstr(shown, question))
			return;
	}
	fail_msg("not asked: %s", shown);
}

static void takes_what_is_typed(void **state)
{
	static const struct {
		ask_fn ask;
		const char *question, *typed, *want;
	} rows[] = {
		{ ask_secret, "Say it: ", " 123456 \n", "123456" },
		{ ask_secret, "Say it: ", "\004", "AUTH no answer from the terminal" },
		{ ask_word, "Which? ", " Db \n", "Db" },
		{ ask_word, "Which? ", "\n", "" },
		{ ask_word, "Which? ", "\004", "AUTH no answer from the terminal" },
		{ ask_choice, "(y)es or (n)o ", "\nmaybe\nYes\n", "y" },
		{ ask_choice, "(y)es or (n)o ", "\004", "AUTH no answer from the terminal" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int terminal, master = open_terminal(&terminal), out_fd;
		pid_t pid = start(terminal, rows[i].ask, &out_fd);
		char said[256];

		/* Where the other one ends without a question, so does the waiting for it. */
		(void)close(terminal);
		wait_for_question(master, rows[i].question);
		assert_int_equal(write(master, rows[i].typed, strlen(rows[i].typed)),
				 strlen(rows[i].typed));
		finish(pid, out_fd, said, sizeof(said));
		assert_string_equal(said, rows[i].want);
		(void)close(master);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_nobody_without_a_terminal),
		cmocka_unit_test(takes_what_is_typed),
	};

	return cmocka_run_group_tests_name("prompt", tests, NULL, NULL);
}
