#include "sys/serve.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "sys/file.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int listen_at(const char *path, int *ret_fd, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return error_set_errno(err, errno, "cannot make a socket");
	if (strlen(path) >= sizeof(address.sun_path)) {
		error_set(err, ERROR_CONFIG, "'%s' is too long for a socket's path", path);
		return error_fix(err, "set TMPDIR to a shorter path");
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0)
		return error_set_errno(err, errno, "cannot listen at '%s'", path);
	*ret_fd = move_fd(&fd);
	return 0;
}

static bool is_same_user(int connection)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);

	return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       peer.uid == geteuid();
}

static void set_signal(int signum, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };

	(void)sigaction(signum, &action, NULL);
}

/* Lives in a process group of its own: a Ctrl-C is for the parent, which ends us when it is done.
 */
static void become_server(pid_t parent)
{
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0); /* lint:allow: the parent died before it could be watched */
	set_signal(SIGINT, SIG_DFL);
	set_signal(SIGTERM, SIG_DFL);
	set_signal(SIGHUP, SIG_IGN);
	set_signal(SIGCHLD, SIG_IGN);
}

static void become_answer(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	set_signal(SIGCHLD, SIG_DFL);
	set_signal(SIGHUP, SIG_DFL);
	set_signal(SIGPIPE, SIG_DFL);
}

static void serve_forever(int listener, serve_fn answer, void *ctx)
{
	for (;;) {
		int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (connection < 0 && errno != EINTR && errno != ECONNABORTED)
			return;
		if (connection < 0)
			continue;
		if (is_same_user(connection) && fork() == 0) {
			become_answer();
			answer(ctx, connection);
			_exit(0); /* lint:allow: the end of a process that was forked here */
		}
		(void)close(connection);
	}
}

static int start(struct serve *serve, serve_fn answer, void *ctx, struct error *err)
{
	pid_t parent = getpid();
	CLEANUP_CLOSE int listener = -1;

	if (listen_at(serve->path, &listener, err) < 0)
		return -1;
	serve->pid = fork();
	if (serve->pid < 0)
		return error_set_errno(err, errno, "cannot fork");
	if (serve->pid == 0) {
		become_server(parent);
		serve_forever(listener, answer, ctx);
		_exit(0); /* lint:allow: the end of a process that was forked here */
	}
	(void)setpgid(serve->pid, serve->pid);
	return 0;
}

int serve_start(const char *name, serve_fn answer, void *ctx, struct serve *ret, struct error *err)
{
	struct serve serve = SERVE_INIT;

	if (file_make_private_dir("", &serve.dir, err) < 0)
		return -1;
	serve.path = mem_printf("%s/%s", serve.dir, name);
	if (start(&serve, answer, ctx, err) < 0) {
		serve.pid = 0;
		serve_stop(&serve);
		return -1;
	}
	*ret = serve;
	return 0;
}

void serve_stop(struct serve *serve)
{
	if (serve->pid > 0) {
		(void)kill(-serve->pid, SIGKILL);
		while (waitpid(serve->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (serve->dir)
		file_remove_tree(serve->dir);
	free(serve->dir);
	free(serve->path);
	*serve = (struct serve)SERVE_INIT;
}
