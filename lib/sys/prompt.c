#include "sys/prompt.h"

#include "base/cleanup.h"
#include "base/sanitize.h"
#include "base/slice.h"
#include "sys/interrupt.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define MAX_ANSWER 1024

static int wait_for_input(int fd, struct error *err)
{
	struct pollfd fds[2] = { { .fd = fd, .events = POLLIN },
				 { .fd = interrupt_fd(), .events = POLLIN } };

	while (poll(fds, 2, -1) < 0) {
		if (errno != EINTR)
			return error_set_errno(err, errno, "waiting for the terminal");
		if (interrupt_pending())
			break;
	}
	return interrupt_check("waiting for an answer", err);
}

/* A terminal gives a line at a time: without the blanks around it, in `line`. */
static int read_line(int fd, char line[MAX_ANSWER], struct slice *ret, struct error *err)
{
	ssize_t len;

	if (wait_for_input(fd, err) < 0)
		return -1;
	len = read(fd, line, MAX_ANSWER);
	if (len < 0)
		return error_set_errno(err, errno, "reading from the terminal");
	if (len == 0)
		return error_set(err, ERROR_AUTH, "no answer from the terminal");
	*ret = slice_trim((struct slice){ line, (size_t)len });
	return 0;
}

static int read_answer(int fd, struct secret *ret_answer, struct error *err)
{
	char line[MAX_ANSWER];
	struct slice answer;

	if (read_line(fd, line, &answer, err) < 0)
		return -1;
	secret_set(ret_answer, answer.p, answer.n);
	explicit_bzero(line, sizeof(line));
	return 0;
}

static int ask(int fd, const struct str *question, struct secret *ret_answer, struct error *err)
{
	struct termios before, silent;
	int result;

	if (tcgetattr(fd, &before) < 0)
		return error_set_errno(err, errno, "the terminal");
	silent = before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	silent.c_lflag |= ICANON;
	if (tcsetattr(fd, TCSAFLUSH, &silent) < 0)
		return error_set_errno(err, errno, "the terminal");
	if (write(fd, question->buf, question->len) < 0)
		result = error_set_errno(err, errno, "the terminal");
	else
		result = read_answer(fd, ret_answer, err);
	(void)tcsetattr(fd, TCSAFLUSH, &before);
	(void)!write(fd, "\n", 1);
	return result;
}

/* Opens the terminal, and makes what is asked there fit to be shown. */
static int begin_question(const char *question, struct str *text, struct error *err)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return error_set(err, ERROR_AUTH, "there is no terminal to ask at");
	sanitize_text(text, question);
	return fd;
}

int prompt_secret(const char *question, struct secret *ret_answer, struct error *err)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP_CLOSE int fd = begin_question(question, &text, err);

	return fd < 0 ? -1 : ask(fd, &text, ret_answer, err);
}

bool prompt_is_possible(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

static int ask_line(int fd, const struct str *question, char line[MAX_ANSWER], struct slice *ret,
		    struct error *err)
{
	if (write(fd, question->buf, question->len) < 0)
		return error_set_errno(err, errno, "the terminal");
	return read_line(fd, line, ret, err);
}

int prompt_word(const char *question, struct str *ret_answer, struct error *err)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP_CLOSE int fd = begin_question(question, &text, err);
	char line[MAX_ANSWER];
	struct slice answer;

	if (fd < 0 || ask_line(fd, &text, line, &answer, err) < 0)
		return -1;
	str_add(ret_answer, answer.p, answer.n);
	return 0;
}

int prompt_choice(const char *question, const char *choices, char *ret_answer, struct error *err)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP_CLOSE int fd = begin_question(question, &text, err);
	char line[MAX_ANSWER];
	struct slice answer = { line, 0 };
	char letter = '\0';

	if (fd < 0)
		return -1;
	while (!letter || !strchr(choices, letter)) {
		if (ask_line(fd, &text, line, &answer, err) < 0)
			return -1;
		letter = '\0';
		if (answer.n)
			letter = (char)tolower((unsigned char)answer.p[0]);
	}
	*ret_answer = letter;
	return 0;
}
