#include "cmd/entrypoint/init.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a process does to itself stays its own, and so do a terminal's stops of its background. */
static const int own[] = { SIGFPE,  SIGILL, SIGSEGV, SIGBUS, SIGABRT,
			   SIGTRAP, SIGSYS, SIGTTIN, SIGTTOU };

static sigset_t forwarded(void)
{
	sigset_t set;

	(void)sigfillset(&set);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		(void)sigdelset(&set, own[i]);
	return set;
}

/* A group of its own, so that a terminal's ^C comes once. */
static void lead(void)
{
	void (*found)(int) = signal(SIGTTOU, SIG_IGN);

	if (setpgid(0, 0) == 0 && isatty(STDIN_FILENO))
		(void)tcsetpgrp(STDIN_FILENO, getpgrp());
	(void)signal(SIGTTOU, found);
}

/* Reaps all that have ended; whether the child is among them. */
static bool reap(pid_t child, int *ret_status)
{
	bool is_over = false;
	int status;

	for (;;) {
		pid_t ended = waitpid(-1, &status, WNOHANG);

		if (ended <= 0)
			return is_over;
		if (ended != child)
			continue;
		is_over = true;
		*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
}

static void attend(pid_t child, const sigset_t *signals, int *ret_status)
{
	for (;;) {
		int signum = sigwaitinfo(signals, NULL);

		if (signum == SIGCHLD) {
			if (reap(child, ret_status))
				return;
		} else if (signum > 0) {
			(void)kill(child, signum);
		}
	}
}

bool init_begin(int *ret_status, struct error *err)
{
	sigset_t signals = forwarded(), found;
	/* Where SIGCHLD is ignored there is nobody to wait for. */
	void (*on_child)(int) = signal(SIGCHLD, SIG_DFL);
	pid_t child;

	/* Orphans come here too where this is not process 1. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	(void)sigprocmask(SIG_BLOCK, &signals, &found);
	child = fork();
	if (child < 0) {
		error_set_errno(err, errno, "cannot start a process");
		return false;
	}
	if (child == 0) {
		lead();
		(void)signal(SIGCHLD, on_child);
		(void)sigprocmask(SIG_SETMASK, &found, NULL);
		return true;
	}
	attend(child, &signals, ret_status);
	return false;
}
