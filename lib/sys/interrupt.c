#include "sys/interrupt.h"

#include "base/cleanup.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The longest wait: a signal of which the pipe did not tell is seen then. */
#define LOOK_MS 1000

/* Signals belong to the whole process: the one place where the state is, too. */
static volatile sig_atomic_t pending;
static volatile sig_atomic_t count;
static int wake_pipe[2] = { -1, -1 };

static const int asking[] = { SIGINT, SIGTERM, SIGHUP };
#define ASKING (sizeof(asking) / sizeof(asking[0]))
static struct sigaction found[ASKING], found_pipe, found_child;
static bool is_installed;

static void remember(int signum)
{
	int saved = errno;

	pending = signum;
	count = count + 1;
	/* A full pipe wakes as well as a fuller one. */
	if (write(wake_pipe[1], "", 1) < 0)
		errno = saved;
	errno = saved;
}

static void install(int signum, struct sigaction *ret_old)
{
	struct sigaction action = { .sa_handler = remember };

	/* What the parent ignores stays ignored, as nohup has it. */
	if (sigaction(signum, NULL, ret_old) == 0 && ret_old->sa_handler == SIG_IGN)
		return;
	(void)sigaction(signum, &action, NULL);
}

void interrupt_install(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, usual = { .sa_handler = SIG_DFL };

	if (is_installed)
		return;
	is_installed = true;
	/* Without the pipe a signal still ends the system call that waits (signal(7)). */
	if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		wake_pipe[0] = wake_pipe[1] = -1;
	for (size_t i = 0; i < ASKING; i++)
		install(asking[i], &found[i]);
	(void)sigaction(SIGPIPE, &ignore, &found_pipe);
	(void)sigaction(SIGCHLD, &usual, &found_child);
}

void interrupt_restore(void)
{
	if (!is_installed)
		return;
	for (size_t i = 0; i < ASKING; i++)
		(void)sigaction(asking[i], &found[i], NULL);
	(void)sigaction(SIGPIPE, &found_pipe, NULL);
	(void)sigaction(SIGCHLD, &found_child, NULL);
}

int interrupt_pending(void)
{
	return pending;
}

int interrupt_count(void)
{
	return count;
}

void interrupt_clear(void)
{
	char byte;

	pending = 0;
	while (wake_pipe[0] >= 0 && read(wake_pipe[0], &byte, 1) > 0)
		;
}

void interrupt_renew(int signum)
{
	int counted = count;

	if (pending)
		return;
	remember(signum);
	count = counted;
}

int interrupt_fd(void)
{
	return wake_pipe[0];
}

int interrupt_check(const char *what, struct error *err)
{
	return pending ? error_set_signal(err, pending, what) : 0;
}

void interrupt_tell(struct report *report, const char *what)
{
	CLEANUP(str_release) struct str name = STR_INIT;
	const char *abbrev = sigabbrev_np(pending);
	struct report_event event = { .kind = REPORT_INTERRUPT, .source = what };

	if (!pending)
		return;
	str_addf(&name, "SIG%s", abbrev ? abbrev : "?");
	event.text = name.buf;
	report->emit(report, &event);
}

static int64_t read_clock(clockid_t id)
{
	struct timespec now;

	(void)clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_wall_ms(struct clock *clock)
{
	(void)clock;
	return read_clock(CLOCK_REALTIME);
}

static int64_t system_monotonic_ms(struct clock *clock)
{
	(void)clock;
	return read_clock(CLOCK_MONOTONIC);
}

static void system_sleep_ms(struct clock *clock, int64_t ms)
{
	int64_t until = system_monotonic_ms(clock) + ms;
	struct pollfd wake = { .fd = wake_pipe[0], .events = POLLIN };

	while (!pending && (ms = until - system_monotonic_ms(clock)) > 0)
		(void)poll(&wake, 1, ms > LOOK_MS ? LOOK_MS : (int)ms);
}

struct clock system_clock = {
	.wall_ms = system_wall_ms,
	.monotonic_ms = system_monotonic_ms,
	.sleep_ms = system_sleep_ms,
};
