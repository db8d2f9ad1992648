#ifndef SYS_PROC_H
#define SYS_PROC_H

#include "base/error.h"
#include "base/report.h"
#include "base/str.h"
#include "base/strv.h"
#include "sys/guard.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * One line that a child printed, without its line end, and with the secrets of the environment
 * masked (base/mask.h). `is_stderr` tells the stream.
 */
typedef void (*proc_line_fn)(void *ctx, bool is_stderr, const char *line, size_t len);

/*
 * Whose program a child is: which of the secrets in this process's environment it gets, and where
 * it may lie. A program that is looked up in PATH lies in a folder with an absolute name; a tool's
 * file and folder are, besides, such that only root and their owner write them (facts: S16, S17).
 */
enum proc_role {
	PROC_TOOL,    /* docker, compose, git, an editor: none of them */
	PROC_OWN,     /* the user's step or hook: credentials, not what is deployer's alone */
	PROC_SESSION, /* the command of a session that this program only frames: all */
};

/*
 * A program to run: the only way to start one here. Never a shell.
 *
 * args[0] is looked up in PATH. `env` are "NAME=value" strings on top of what `role` leaves of the
 * parent's environment, "NAME" alone removes one. Where `on_line` is NULL, output goes to the
 * parent's own streams, unless `ret_out` or `ret_err` capture it (up to `max_capture` bytes, the
 * rest is dropped). `input` is fed to the child's stdin, which is /dev/null otherwise.
 *
 * Where the output `is_secret`, room for `max_capture` bytes is made beforehand, so that no copy
 * stays behind when a capture grows; whoever owns the captures releases them with str_wipe().
 *
 * The child has the three standard streams open and nothing else, unless it `is_foreground`: then
 * also what this process was started with.
 *
 * The child is in a process group of its own. When this process is interrupted (sys/interrupt.h),
 * the signal is passed on once; after `grace_ms` the group gets SIGTERM and then SIGKILL.
 * `timeout_ms` (0: none) ends it the same way. Where this process is killed, the group gets SIGTERM
 * at once, and SIGKILL a few seconds later (sys/guard.h).
 */
struct proc {
	struct strv args;
	struct strv env;
	enum proc_role role;
	const char *dir;
	const char *input;
	size_t input_len;
	proc_line_fn on_line;
	void (*on_interrupt)(void *ctx); /* a signal was passed on; NULL: nobody is told */
	void (*on_silence)(void *ctx, int64_t elapsed_ms); /* each `silence_ms` without a line */
	void *ctx;
	struct str *ret_out;
	struct str *ret_err;
	int output_fd;	    /* where both streams go instead, 0: unset */
	bool is_foreground; /* keeps the terminal: stdin and the process group are the parent's */
	bool is_shielded;   /* clean-up work: runs to its end although a signal is pending */
	bool is_secret;	    /* what it prints is not to stay in memory */
	size_t max_capture;
	unsigned timeout_ms;
	unsigned silence_ms;
	unsigned grace_ms;
};

/* What proc_report_to() needs: where to, and whose lines they are. Borrowed. */
struct proc_output {
	struct report *report;
	const char *source;
};

#define PROC_INIT                                                                                  \
	{                                                                                          \
		.args = STRV_INIT, .env = STRV_INIT, .max_capture = 1 << 20, .grace_ms = 10000     \
	}

/* How a child ended. status: its exit status, or -1 where signal `signal` ended it. */
struct proc_end {
	int status;
	int signal;
	bool timed_out;
	int64_t elapsed_ms;
};

/*
 * Starts the program and waits for it. Fails with ERROR_TOOL where it cannot be started, and with
 * ERROR_SIGNAL where this process was interrupted, whatever status the child then reported;
 * ERROR_SYSTEM where what it printed or how it ended could not be read. A child that fails is not
 * an error here: look at *ret_end, or call proc_check().
 */
int proc_run(struct proc *proc, struct proc_end *ret_end, struct error *err);

/* Turns an end that is not status 0 into ERROR_CHILD: "docker exited with status 1". */
int proc_check(const struct proc *proc, const struct proc_end *end, struct error *err);

void proc_release(struct proc *proc);

/*
 * Has each line of the program reported (REPORT_OUTPUT), that it is interrupted, and every half
 * minute in which it prints nothing that it still runs (REPORT_STATE). Borrows.
 */
void proc_report_to(struct proc *proc, struct proc_output *output);

/* A program that runs beside this one. */
struct proc_child {
	pid_t pid;
	int pidfd;
	struct guard group;
};

/* Starts it and returns at once. Its output goes to output_fd, or to the parent's own streams. */
int proc_start(struct proc *proc, struct proc_child *ret_child, struct error *err);
bool proc_is_running(const struct proc_child *child);

/* Ends its process group: SIGTERM, and SIGKILL after `grace_ms`. Reaps it. */
void proc_stop(struct proc_child *child, unsigned grace_ms);

/* The absolute path of a tool in PATH, owned by the caller, or NULL: where a PROC_TOOL starts. */
char *proc_find(const char *name);

/* The same for any role. A name with a slash in it is taken as it is. */
char *proc_find_as(enum proc_role role, const char *name);

/* What to say of a program that is not found: that, or whose folder in PATH others may write. */
int proc_not_found(const char *name, struct error *err);

#endif
