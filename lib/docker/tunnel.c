#include "docker/tunnel.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "base/strv.h"
#include "sys/serve.h"

#include <string.h>
#include <unistd.h>

struct tunnel {
	struct strv command;
	struct serve serve;
};

/* What begins with '-' would be an option of ssh's. */
static bool is_harmless(struct slice s)
{
	return s.n > 0 && s.p[0] != '-';
}

static bool parse_host(struct slice host, struct strv *command)
{
	const char *at = memchr(host.p, '@', host.n);
	const char *colon;
	uint64_t port;

	if (at) {
		struct slice user = { host.p, (size_t)(at - host.p) };

		if (!is_harmless(user))
			return false;
		strv_add(command, "-l");
		strv_take(command, slice_dup(user));
		host = (struct slice){ at + 1, host.n - user.n - 1 };
	}
	colon = memchr(host.p, ':', host.n);
	if (colon) {
		size_t len = (size_t)(colon - host.p);

		if (!slice_to_u64((struct slice){ colon + 1, host.n - len - 1 }, 65535, &port))
			return false;
		strv_add(command, "-p");
		strv_addf(command, "%u", (unsigned)port);
		host.n = len;
	}
	strv_add(command, "--");
	strv_take(command, slice_dup(host));
	return is_harmless(host);
}

static bool build_command(const char *address, struct strv *command)
{
	const char *host = address + strlen("ssh://");
	size_t len = strcspn(host, "/");
	const char *path = host + len;

	strv_add_all(command, "ssh", "-o", "ConnectTimeout=30", "-T", NULL);
	if (!parse_host((struct slice){ host, len }, command))
		return false;
	strv_add(command, "docker");
	if (path[0] && path[1]) {
		/* ssh joins its words for the remote shell: nothing in the path may mean more. */
		if (path[strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-/")])
			return false;
		strv_addf(command, "--host=unix://%s", path);
	}
	strv_add_all(command, "system", "dial-stdio", NULL);
	return true;
}

static void answer(void *ctx, int connection)
{
	const struct tunnel *tunnel = ctx;

	if (dup2(connection, 0) < 0 || dup2(connection, 1) < 0)
		return;
	(void)execvp(tunnel->command.v[0], tunnel->command.v);
	/* The connection closes, and the caller says that no Engine answers. */
}

int tunnel_open(const char *address, struct str *ret_socket, struct tunnel **ret_tunnel,
		struct error *err)
{
	struct tunnel *tunnel = mem_zalloc(sizeof(*tunnel));
	int result;

	if (build_command(address, &tunnel->command))
		result = serve_start("docker.sock", answer, tunnel, &tunnel->serve, err);
	else
		result = error_set(err, ERROR_CONFIG, "'%s' is not ssh://USER@HOST:PORT", address);
	if (result < 0) {
		tunnel_close(tunnel);
		return -1;
	}
	str_reset(ret_socket);
	str_adds(ret_socket, tunnel->serve.path);
	*ret_tunnel = tunnel;
	return 0;
}

void tunnel_close(struct tunnel *tunnel)
{
	if (!tunnel)
		return;
	serve_stop(&tunnel->serve);
	strv_release(&tunnel->command);
	free(tunnel);
}
