#include "sys/proc.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mask.h"
#include "base/mem.h"
#include "sys/interrupt.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* A line longer than this is handed on in pieces. */
#define LINE_MAX_BYTES 65536

/* How long output is still read after the child is gone but something holds its pipe. */
#define DRAIN_MS 200

/* The longest wait: a signal of which the wake pipe did not tell is seen then. */
#define LOOK_MS 1000

/* As often as a stack that is followed says that it is (lib/stack/follow.c). */
#define SILENCE_MS (30 * 1000)

/* The longest time between SIGTERM and SIGKILL. */
#define KILL_AFTER_MS 5000

/* One of the child's streams on our side: its pipe, and the line that is not whole yet. */
struct stream {
	int fd;
	int failed; /* the errno of what could not be read */
	bool is_stderr;
	struct str *capture;
	struct str line;
};

/* A child that is being waited for. */
struct watch {
	struct proc *proc;
	struct proc_child child;
	struct stream out, err;
	int in;
	size_t fed;
	int64_t started_ms;
	int64_t heard_ms;  /* when it last printed something, or its silence was told */
	int64_t end_at_ms; /* when the next, harder signal is due; 0: nobody asked it to end */
	int signals_sent;
	int interrupts_seen;
	bool timed_out;
};

static int64_t now_ms(void)
{
	return system_clock.monotonic_ms(&system_clock);
}

void proc_release(struct proc *proc)
{
	strv_release(&proc->args);
	strv_release(&proc->env);
}

/*
 * Secrets that lie in the environment. What deployer alone uses comes first, then what it signs
 * with: the AWS CLI's variables, the container's token, and GitHub's, which buys an identity.
 */
static const char *const secret_variables[] = {
	"DEPLOYER_WEBHOOK",
	"AWS_ACCESS_KEY_ID",
	"AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN",
	"AWS_SECURITY_TOKEN",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN",
	"ACTIONS_ID_TOKEN_REQUEST_TOKEN",
};

static void withhold_secrets(enum proc_role role, struct strv *env)
{
	size_t count = sizeof(secret_variables) / sizeof(secret_variables[0]);

	if (role == PROC_SESSION)
		return;
	for (size_t i = 0; i < (role == PROC_OWN ? 1 : count); i++)
		strv_set_env(env, secret_variables[i], NULL);
}

static void build_env(const struct proc *proc, struct strv *ret_env)
{
	const struct strv *changes = &proc->env;

	for (char **var = environ; *var; var++)
		strv_add(ret_env, *var);
	withhold_secrets(proc->role, ret_env);
	for (size_t i = 0; i < changes->count; i++) {
		const char *eq = strchr(changes->v[i], '=');
		size_t len = eq ? (size_t)(eq - changes->v[i]) : strlen(changes->v[i]);
		CLEANUP_FREE char *name = mem_strndup(changes->v[i], len);

		strv_set_env(ret_env, name, eq ? eq + 1 : NULL);
	}
}

/* The ends of the pipes that the child gets; -1 where it gets something else. */
struct child_fds {
	int in, out, err;
};

static void close_fds(struct child_fds *fds)
{
	cleanup_close_(&fds->in);
	cleanup_close_(&fds->out);
	cleanup_close_(&fds->err);
}

/*
 * posix_spawn's dup2() of a descriptor onto itself clears close-on-exec, which is what is wanted.
 * Returns 0 or an errno, as posix_spawn() does.
 */
static int set_files(posix_spawn_file_actions_t *files, const struct proc *proc,
		     const struct child_fds *fds)
{
	int out = fds->out >= 0 ? fds->out : proc->output_fd;
	int err = fds->err >= 0 ? fds->err : proc->output_fd;
	int failed = 0;

	if (fds->in >= 0)
		failed = posix_spawn_file_actions_adddup2(files, fds->in, 0);
	else if (!proc->is_foreground)
		failed = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
	if (!failed && out > 0)
		failed = posix_spawn_file_actions_adddup2(files, out, 1);
	if (!failed && err > 0)
		failed = posix_spawn_file_actions_adddup2(files, err, 2);
	if (!failed && proc->dir)
		failed = posix_spawn_file_actions_addchdir_np(files, proc->dir);
	/* What a library has opened without close-on-exec is nothing to the child. */
	if (!failed && !proc->is_foreground)
		failed = posix_spawn_file_actions_addclosefrom_np(files, 3);
	return failed;
}

static void set_attributes(posix_spawnattr_t *attributes, pid_t group)
{
	short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
	sigset_t set;

	(void)sigemptyset(&set);
	(void)posix_spawnattr_setsigmask(attributes, &set);
	(void)sigaddset(&set, SIGPIPE);
	(void)posix_spawnattr_setsigdefault(attributes, &set);
	if (group) {
		(void)posix_spawnattr_setpgroup(attributes, group);
		flags |= POSIX_SPAWN_SETPGROUP;
	}
	(void)posix_spawnattr_setflags(attributes, flags);
}

static unsigned kill_after_ms(const struct proc *proc)
{
	return proc->grace_ms < KILL_AFTER_MS ? proc->grace_ms : KILL_AFTER_MS;
}

/* Returns 0 or an errno, as posix_spawn() does. */
static int spawn_path(const char *path, struct proc *proc, const struct child_fds *fds,
		      struct proc_child *ret)
{
	CLEANUP(strv_release) struct strv env = STRV_INIT;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int failed = posix_spawn_file_actions_init(&files);

	if (failed)
		return failed;
	failed = posix_spawnattr_init(&attributes);
	if (failed) {
		(void)posix_spawn_file_actions_destroy(&files);
		return failed;
	}
	build_env(proc, &env);
	set_attributes(&attributes, ret->group.pid);
	failed = set_files(&files, proc, fds);
	if (!failed)
		failed = posix_spawn(&ret->pid, path, &files, &attributes, proc->args.v,
				     strv_array(&env));
	(void)posix_spawn_file_actions_destroy(&files);
	(void)posix_spawnattr_destroy(&attributes);
	return failed;
}

/* Without a pidfd (too many files are open), the child is looked at now and then instead. */
static int spawn(struct proc *proc, const struct child_fds *fds, struct proc_child *ret,
		 struct error *err)
{
	CLEANUP_FREE char *path = proc_find_as(proc->role, proc->args.v[0]);
	int failed;

	if (!path)
		return proc_not_found(proc->args.v[0], err);
	ret->group = (struct guard)GUARD_INIT;
	if (!proc->is_foreground && guard_start(kill_after_ms(proc), &ret->group, err) < 0)
		return -1;
	failed = spawn_path(path, proc, fds, ret);
	if (failed) {
		guard_stop(&ret->group);
		return error_set(err, ERROR_TOOL, "cannot start '%s': %s", path,
				 strerrordesc_np(failed));
	}
	ret->pidfd = pidfd_open(ret->pid, 0);
	return 0;
}

static void send_signal(const struct watch *w, int signum)
{
	(void)kill(w->proc->is_foreground ? w->child.pid : -w->child.group.pid, signum);
}

/* Asks the child to end, each time harder: `first`, SIGTERM, SIGKILL. */
static void end_harder(struct watch *w, int first)
{
	static const int ladder[] = { 0, SIGTERM, SIGKILL };
	int step = w->signals_sent < 2 ? w->signals_sent : 2;

	if (step == 0 && (first == SIGTERM || first == SIGKILL))
		w->signals_sent = step = 1;
	send_signal(w, step ? ladder[step] : first);
	w->signals_sent++;
	w->end_at_ms = now_ms() + (step ? kill_after_ms(w->proc) : w->proc->grace_ms);
}

static void check_interrupt(struct watch *w)
{
	int count = interrupt_count();

	if (w->proc->is_shielded || !interrupt_pending() || count == w->interrupts_seen)
		return;
	w->interrupts_seen = count;
	/* A child in the foreground has had the terminal's signal already. */
	if (w->proc->is_foreground && interrupt_pending() == SIGINT)
		return;
	end_harder(w, interrupt_pending());
	if (w->proc->on_interrupt)
		w->proc->on_interrupt(w->proc->ctx);
}

static void check_deadlines(struct watch *w)
{
	int64_t now = now_ms();

	if (!w->end_at_ms && w->proc->timeout_ms && now - w->started_ms >= w->proc->timeout_ms) {
		w->timed_out = true;
		end_harder(w, SIGTERM);
	} else if (w->end_at_ms && now >= w->end_at_ms) {
		end_harder(w, SIGTERM);
	}
}

/* Lines are told as strings, which a NUL of binary output would end early. */
static void mask_nuls(struct str *line)
{
	for (size_t i = 0; i < line->len; i++) {
		if (!line->buf[i])
			line->buf[i] = '?';
	}
}

/* A program may print what it was given, and a proxy's address has a password in it. */
static void mask_line(struct str *line)
{
	static const char *const proxies[] = { "https_proxy", "HTTPS_PROXY", "http_proxy",
					       "HTTP_PROXY" };

	for (size_t i = 0; i < sizeof(secret_variables) / sizeof(secret_variables[0]); i++) {
		const char *value = getenv(secret_variables[i]);

		/* The access key's id is no secret, and tells whose the others are. */
		if (value && strcmp(secret_variables[i], "AWS_ACCESS_KEY_ID") != 0)
			(void)mask_str(line, value);
	}
	for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++) {
		const char *value = getenv(proxies[i]);
		const char *at = value ? strrchr(value, '@') : NULL;
		const char *colon = at ? memrchr(value, ':', (size_t)(at - value)) : NULL;
		CLEANUP_FREE char *password =
			colon ? mem_strndup(colon + 1, (size_t)(at - colon) - 1) : NULL;

		if (password && password[0] != '/')
			(void)mask_str(line, password);
	}
}

static void flush_line(struct proc *proc, struct stream *s)
{
	size_t len = s->line.len;

	if (len && s->line.buf[len - 1] == '\r')
		str_cut(&s->line, len - 1);
	mask_nuls(&s->line);
	mask_line(&s->line);
	proc->on_line(proc->ctx, s->is_stderr, s->line.buf, s->line.len);
	str_reset(&s->line);
}

static void take_lines(struct proc *proc, struct stream *s, const char *bytes, size_t len)
{
	while (len) {
		const char *nl = memchr(bytes, '\n', len);
		size_t part = nl ? (size_t)(nl - bytes) : len;

		str_add(&s->line, bytes, part);
		if (nl || s->line.len >= LINE_MAX_BYTES)
			flush_line(proc, s);
		part += nl ? 1 : 0;
		bytes += part;
		len -= part;
	}
}

static void take_bytes(struct proc *proc, struct stream *s, const char *bytes, size_t len)
{
	if (s->capture && s->capture->len < proc->max_capture) {
		size_t room = proc->max_capture - s->capture->len;

		str_add(s->capture, bytes, len < room ? len : room);
	}
	if (proc->on_line)
		take_lines(proc, s, bytes, len);
}

/* Reads what is there; false at the stream's end. */
static bool read_stream(struct proc *proc, struct stream *s)
{
	char buf[16384];
	ssize_t n = read(s->fd, buf, sizeof(buf));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n < 0)
		s->failed = errno;
	if (n <= 0)
		return false;
	take_bytes(proc, s, buf, (size_t)n);
	if (proc->is_secret)
		explicit_bzero(buf, (size_t)n);
	return true;
}

static void close_stream(struct proc *proc, struct stream *s)
{
	if (proc->on_line && s->line.len)
		flush_line(proc, s);
	cleanup_close_(&s->fd);
	s->fd = -1;
	str_release(&s->line);
}

static void feed_input(struct watch *w)
{
	size_t left = w->proc->input_len - w->fed;
	ssize_t n = left ? write(w->in, w->proc->input + w->fed, left) : 0;

	if (n > 0)
		w->fed += (size_t)n;
	if (w->fed == w->proc->input_len || (n < 0 && errno != EINTR && errno != EAGAIN)) {
		cleanup_close_(&w->in);
		w->in = -1;
	}
}

/* CI ends what says nothing for long, and people wonder. */
static void check_silence(struct watch *w, bool is_heard)
{
	const struct proc *proc = w->proc;
	int64_t now = now_ms();

	if (is_heard)
		w->heard_ms = now;
	if (!proc->on_silence || now - w->heard_ms < proc->silence_ms)
		return;
	w->heard_ms = now;
	proc->on_silence(proc->ctx, now - w->started_ms);
}

static int poll_timeout_ms(const struct watch *w)
{
	int64_t at = w->end_at_ms;
	int64_t left;

	if (!at && w->proc->timeout_ms)
		at = w->started_ms + w->proc->timeout_ms;
	if (w->signals_sent || w->child.pidfd < 0)
		return 100;
	if (!at)
		return LOOK_MS;
	left = at - now_ms();
	return left < 0 ? 0 : left > LOOK_MS ? LOOK_MS : (int)left;
}

/* One wait for anything that moves; true once the child itself has ended. */
static bool step(struct watch *w)
{
	bool watch_signals = !w->proc->is_shielded && !w->signals_sent;
	struct pollfd fds[] = {
		{ .fd = w->out.fd, .events = POLLIN },
		{ .fd = w->err.fd, .events = POLLIN },
		{ .fd = w->in, .events = POLLOUT },
		{ .fd = w->child.pidfd, .events = POLLIN },
		{ .fd = watch_signals ? interrupt_fd() : -1, .events = POLLIN },
	};

	/* Where it fails nothing is ready, and what came meanwhile is looked at all the same. */
	(void)poll(fds, sizeof(fds) / sizeof(fds[0]), poll_timeout_ms(w));
	if (fds[0].revents && !read_stream(w->proc, &w->out))
		close_stream(w->proc, &w->out);
	if (fds[1].revents && !read_stream(w->proc, &w->err))
		close_stream(w->proc, &w->err);
	if (fds[2].revents)
		feed_input(w);
	check_silence(w, fds[0].revents || fds[1].revents);
	check_interrupt(w);
	check_deadlines(w);
	return w->child.pidfd < 0 ? !proc_is_running(&w->child) : fds[3].revents != 0;
}

/* What is still in the pipes, without waiting for those who hold them open. */
static void drain(struct watch *w)
{
	int64_t until = now_ms() + DRAIN_MS;

	while ((w->out.fd >= 0 || w->err.fd >= 0) && now_ms() < until) {
		struct pollfd fds[] = {
			{ .fd = w->out.fd, .events = POLLIN },
			{ .fd = w->err.fd, .events = POLLIN },
		};

		if (poll(fds, 2, DRAIN_MS / 4) <= 0)
			break;
		if (fds[0].revents && !read_stream(w->proc, &w->out))
			close_stream(w->proc, &w->out);
		if (fds[1].revents && !read_stream(w->proc, &w->err))
			close_stream(w->proc, &w->err);
	}
	close_stream(w->proc, &w->out);
	close_stream(w->proc, &w->err);
	cleanup_close_(&w->in);
	w->in = -1;
}

/* Returns 0, or the errno where nobody can tell any more how it ended. */
static int reap(struct proc_child *child, struct proc_end *end)
{
	int status = 0, failed;
	pid_t reaped;

	do
		reaped = waitpid(child->pid, &status, 0);
	while (reaped < 0 && errno == EINTR);
	failed = reaped < 0 ? errno : 0;
	guard_stop(&child->group);
	cleanup_close_(&child->pidfd);
	child->pidfd = -1;
	end->status = !failed && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	end->signal = !failed && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	return failed;
}

static int make_pipe(int *ret_ours, int *ret_theirs, bool we_read, struct error *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_set_errno(err, errno, "cannot make a pipe");
	*ret_ours = we_read ? fds[0] : fds[1];
	*ret_theirs = we_read ? fds[1] : fds[0];
	(void)fcntl(*ret_ours, F_SETFL, O_NONBLOCK);
	return 0;
}

static int make_pipes(struct watch *w, struct child_fds *fds, struct error *err)
{
	struct proc *proc = w->proc;

	if (proc->input && make_pipe(&w->in, &fds->in, false, err) < 0)
		return -1;
	if ((proc->on_line || proc->ret_out) && make_pipe(&w->out.fd, &fds->out, true, err) < 0)
		return -1;
	if ((proc->on_line || proc->ret_err) && make_pipe(&w->err.fd, &fds->err, true, err) < 0)
		return -1;
	return 0;
}

static void reserve_captures(const struct proc *proc)
{
	if (proc->is_secret && proc->ret_out)
		str_reserve(proc->ret_out, proc->max_capture);
	if (proc->is_secret && proc->ret_err)
		str_reserve(proc->ret_err, proc->max_capture);
}

/* What was read in part is not what it printed. */
static int check_streams(const struct watch *w, struct error *err)
{
	int failed = w->out.failed ? w->out.failed : w->err.failed;

	if (!failed)
		return 0;
	return error_set_errno(err, failed, "cannot read what '%s' prints", w->proc->args.v[0]);
}

int proc_run(struct proc *proc, struct proc_end *ret_end, struct error *err)
{
	struct child_fds fds = { -1, -1, -1 };
	struct watch w = {
		.proc = proc,
		.in = -1,
		.out = { .fd = -1, .capture = proc->ret_out, .line = STR_INIT },
		.err = { .fd = -1, .is_stderr = true, .capture = proc->ret_err, .line = STR_INIT },
		.started_ms = now_ms(),
		.heard_ms = now_ms(),
	};
	int result, lost;

	assert(proc->args.count);
	if (!proc->is_shielded && interrupt_check(proc->args.v[0], err) < 0)
		return -1;
	reserve_captures(proc);
	result = make_pipes(&w, &fds, err);
	if (result == 0)
		result = spawn(proc, &fds, &w.child, err);
	close_fds(&fds);
	if (result < 0) {
		drain(&w);
		return -1;
	}
	while (!step(&w))
		;
	lost = reap(&w.child, ret_end);
	drain(&w);
	ret_end->timed_out = w.timed_out;
	ret_end->elapsed_ms = now_ms() - w.started_ms;
	if (!proc->is_shielded && interrupt_check(proc->args.v[0], err) < 0)
		return -1;
	if (lost)
		return error_set_errno(err, lost, "cannot tell how '%s' ended", proc->args.v[0]);
	return check_streams(&w, err);
}

int proc_check(const struct proc *proc, const struct proc_end *end, struct error *err)
{
	const char *given = proc->args.v[0];
	const char *name = *given == '/' ? strrchr(given, '/') + 1 : given;
	const char *abbrev = end->signal ? sigabbrev_np(end->signal) : NULL;

	if (end->timed_out)
		return error_set(err, ERROR_CHILD, "%s was ended after %u s", name,
				 proc->timeout_ms / 1000);
	if (end->signal)
		return error_set(err, ERROR_CHILD, "%s was ended by SIG%s", name,
				 abbrev ? abbrev : "?");
	if (end->status)
		return error_set(err, ERROR_CHILD, "%s exited with status %d", name, end->status);
	return 0;
}

int proc_start(struct proc *proc, struct proc_child *ret_child, struct error *err)
{
	const struct child_fds none = { -1, -1, -1 };

	return spawn(proc, &none, ret_child, err);
}

bool proc_is_running(const struct proc_child *child)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == 0;
}

void proc_stop(struct proc_child *child, unsigned grace_ms)
{
	struct pollfd gone = { .fd = child->pidfd, .events = POLLIN };
	struct proc_end end;

	(void)kill(-child->group.pid, SIGTERM);
	if (poll(&gone, 1, (int)grace_ms) <= 0)
		(void)kill(-child->group.pid, SIGKILL);
	(void)reap(child, &end);
}

static void report_line(void *ctx, bool is_stderr, const char *line, size_t len)
{
	const struct proc_output *output = ctx;

	(void)is_stderr;
	(void)len;
	report_output(output->report, output->source, line);
}

static void report_interrupt(void *ctx)
{
	const struct proc_output *output = ctx;

	interrupt_tell(output->report, output->source);
}

static void report_silence(void *ctx, int64_t elapsed_ms)
{
	const struct proc_output *output = ctx;
	CLEANUP(str_release) struct str text = STR_INIT;

	str_adds(&text, "still runs after ");
	clock_format_duration(elapsed_ms, &text);
	report_state(output->report, output->source, text.buf);
}

void proc_report_to(struct proc *proc, struct proc_output *output)
{
	proc->on_line = report_line;
	proc->on_silence = report_silence;
	proc->silence_ms = SILENCE_MS;
	proc->on_interrupt = report_interrupt;
	proc->ctx = output;
}
