#include "docker/session.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "data/json.h"
#include "data/json_edit.h"
#include "docker/config.h"
#include "docker/helper.h"
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_NAME "credentials.sock"

/* A registry's name is at most 255 bytes; a token of ECR's is about 2.5 kB. */
#define QUESTION_MAX_BYTES 512
#define ANSWER_MAX_BYTES   65536

/* What the serving process knows: the one host, and what to say when it is asked for it. */
struct answer {
	char *host;
	struct secret bytes;
};

static void answer_free(struct answer *answer)
{
	if (!answer)
		return;
	free(answer->host);
	secret_release(&answer->bytes);
	free(answer);
}

static struct answer *answer_new(const struct engine_auth *auth)
{
	CLEANUP(str_wipe) struct str text = STR_INIT;
	struct answer *answer = mem_zalloc(sizeof(*answer));

	helper_write(auth->server, auth->username, auth->password, &text);
	answer->host = mem_strdup(auth->server);
	secret_set(&answer->bytes, text.buf, text.len);
	return answer;
}

/* Reads to the end of what the other side sends, at most `max` bytes. */
static bool read_all(int fd, size_t max, struct str *out)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || out->len + (size_t)n > max)
			return false;
		str_add(out, buf, (size_t)n);
		explicit_bzero(buf, (size_t)n);
	}
	return true;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return true;
}

/* Another host is answered with nothing. */
static void answer_one(void *ctx, int connection)
{
	const struct answer *answer = ctx;
	CLEANUP(str_release) struct str host = STR_INIT;

	if (read_all(connection, QUESTION_MAX_BYTES, &host) && strcmp(host.buf, answer->host) == 0)
		(void)write_all(connection, secret_bytes(&answer->bytes),
				secret_len(&answer->bytes));
}

/* Links everything in the user's folder but what is made anew in the private one. */
static int link_entries(const char *from, const char *to, struct error *err)
{
	CLEANUP_FREE char *absolute = realpath(from, NULL);
	DIR *dir = absolute ? opendir(absolute) : NULL;
	const struct dirent *entry;
	int result = 0;

	if (!dir)
		return 0; /* no folder, nothing in it to link */
	while (result == 0 && (entry = readdir(dir))) {
		CLEANUP_FREE char *target = mem_printf("%s/%s", absolute, entry->d_name);
		CLEANUP_FREE char *link = mem_printf("%s/%s", to, entry->d_name);

		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "config.json") == 0 ||
		    strcmp(entry->d_name, "bin") == 0 || strcmp(entry->d_name, SOCKET_NAME) == 0)
			continue;
		if (symlink(target, link) < 0)
			result = error_set_errno(err, errno, "cannot make the link '%s'", link);
	}
	(void)closedir(dir);
	return result;
}

static int write_config(const struct env *env, const char *dir, const char *host, struct error *err)
{
	CLEANUP(str_wipe) struct str text = STR_INIT;
	CLEANUP_FREE char *path = file_join(dir, "config.json");
	const char *const member[] = { "credHelpers", host, NULL };

	if (docker_config_text(env, &text, err) < 0 ||
	    json_edit_set(&text, member, "\"" HELPER_NAME "\"", err) < 0)
		return -1;
	return file_write_atomic(path, text.buf, text.len, 0600, err);
}

static int link_helper(const char *program, const char *dir, struct error *err)
{
	CLEANUP_FREE char *bin = file_join(dir, "bin");
	CLEANUP_FREE char *link = file_join(bin, "docker-credential-" HELPER_NAME);
	char self[PATH_MAX];

	if (!program) {
		ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

		if (len < 0)
			return error_set_errno(err, errno, "cannot read /proc/self/exe");
		self[len] = '\0';
		program = self;
	}
	if (mkdir(bin, 0700) < 0 || symlink(program, link) < 0)
		return error_set_errno(err, errno, "cannot make the link '%s'", link);
	return 0;
}

static int fill_folder(const struct env *env, const char *dir, const char *host,
		       const char *program, struct error *err)
{
	CLEANUP_FREE char *own = docker_config_dir(env);

	if (write_config(env, dir, host, err) < 0 || link_helper(program, dir, err) < 0)
		return -1;
	return own ? link_entries(own, dir, err) : 0;
}

int docker_session_open(const struct env *env, const struct engine_auth *auth, const char *program,
			struct docker_session *ret, struct error *err)
{
	struct docker_session session = DOCKER_SESSION_INIT;

	session.answer = answer_new(auth);
	if (serve_start(SOCKET_NAME, answer_one, session.answer, &session.serve, err) < 0 ||
	    fill_folder(env, session.serve.dir, auth->server, program, err) < 0) {
		docker_session_close(&session);
		return error_wrap(err, "docker configuration for the programs to start");
	}
	*ret = session;
	return 0;
}

void docker_session_add_env(const struct docker_session *session, const struct env *env,
			    struct strv *ret_vars)
{
	const char *path = env_get(env, "PATH");
	CLEANUP_FREE char *value = mem_printf("%s/bin:%s", session->serve.dir,
					      path ? path : "/usr/local/bin:/usr/bin:/bin");

	strv_set_env(ret_vars, "DOCKER_CONFIG", session->serve.dir);
	strv_set_env(ret_vars, "PATH", value);
}

void docker_session_close(struct docker_session *session)
{
	serve_stop(&session->serve);
	answer_free(session->answer);
	session->answer = NULL;
}

static int no_session(struct error *err)
{
	error_set(err, ERROR_CONFIG, "no session of deployer's serves this host");
	error_set_code(err, "NotFound");
	return -1;
}

static int connect_to(const char *path, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	*ret_fd = move_fd(&fd);
	return 0;
}

int docker_session_ask(const struct env *env, const char *host, struct str *ret_username,
		       struct secret *ret_password, struct error *err)
{
	CLEANUP_FREE char *dir = docker_config_dir(env);
	CLEANUP_FREE char *path = dir ? file_join(dir, SOCKET_NAME) : NULL;
	CLEANUP(str_wipe) struct str text = STR_INIT;
	CLEANUP_CLOSE int fd = -1;

	if (!path || !file_exists(path) || connect_to(path, &fd) < 0)
		return no_session(err);
	str_reserve(&text, ANSWER_MAX_BYTES);
	if (!write_all(fd, host, strlen(host)) || shutdown(fd, SHUT_WR) < 0 ||
	    !read_all(fd, ANSWER_MAX_BYTES, &text) || text.len == 0)
		return no_session(err);
	return helper_read(&text, ret_username, ret_password, err);
}
