#include "sys/guard.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How often it is looked whether anybody is left in the group. */
#define LOOK_MS 50

static void pause_ms(long ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&time, NULL);
}

static void ignore(int signum)
{
	const struct sigaction action = { .sa_handler = SIG_IGN };

	(void)sigaction(signum, &action, NULL);
}

/* Nothing is kept open but `fd`: a lock or a pipe of the parent's must not outlive it. */
static void close_others(int fd)
{
	if (fd > 0)
		(void)close_range(0, (unsigned)fd - 1, 0);
	(void)close_range((unsigned)fd + 1, ~0U, 0);
}

/* Outside of the group, so that it is empty once all others have ended. */
static void end_group(pid_t group, unsigned grace_ms)
{
	(void)setpgid(0, 0);
	(void)kill(-group, SIGTERM);
	for (unsigned waited = 0; waited < grace_ms && kill(-group, 0) == 0; waited += LOOK_MS)
		pause_ms(LOOK_MS);
	(void)kill(-group, SIGKILL);
}

/* Waits for the end of the parent, which is the end of its pipe. Calls nothing that may allocate.
 */
static void watch_parent(int fd, unsigned grace_ms)
{
	pid_t group = getpid();
	char byte;

	(void)setpgid(0, 0);
	ignore(SIGINT);
	ignore(SIGTERM);
	ignore(SIGHUP);
	ignore(SIGQUIT);
	close_others(fd);
	while (read(fd, &byte, 1) < 0 && errno == EINTR)
		;
	/* Where there is no process more, it does so from within. */
	if (fork() <= 0)
		end_group(group, grace_ms);
	_exit(0); /* lint:allow: the end of a process that was forked here */
}

int guard_start(unsigned grace_ms, struct guard *ret, struct error *err)
{
	CLEANUP_CLOSE int theirs = -1;
	CLEANUP_CLOSE int ours = -1;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_set_errno(err, errno, "cannot make a pipe");
	theirs = fds[0];
	ours = fds[1];
	pid = fork();
	if (pid < 0)
		return error_set_errno(err, errno, "cannot fork");
	if (pid == 0)
		watch_parent(theirs, grace_ms);
	(void)setpgid(pid, pid);
	*ret = (struct guard){ .pid = pid, .fd = move_fd(&ours) };
	return 0;
}

void guard_stop(struct guard *guard)
{
	if (guard->pid > 0) {
		(void)kill(guard->pid, SIGKILL);
		while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (guard->fd >= 0)
		(void)close(guard->fd);
	*guard = (struct guard)GUARD_INIT;
}
