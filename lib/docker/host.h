#ifndef DOCKER_HOST_H
#define DOCKER_HOST_H

#include "base/env.h"
#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>

/*
 * Where a Docker Engine listens. Fields that do not apply are "".
 *
 * address: as the user or the context gives it, for messages. base_url: what requests begin with,
 * "http://docker" over a socket. ca, cert, key: PEM files, over TLS. source: what named the
 * address, such as "DOCKER_HOST" or "context 'remote'".
 */
struct docker_host {
	struct str address;
	struct str source;
	struct str base_url;
	struct str socket;
	struct str ca;
	struct str cert;
	struct str key;
	bool is_ssh;
	struct str other; /* beside the default address: the socket of another Engine, or "" */
};

#define DOCKER_HOST_INIT                                                                           \
	{                                                                                          \
		.address = STR_INIT, .source = STR_INIT, .base_url = STR_INIT, .socket = STR_INIT, \
		.ca = STR_INIT, .cert = STR_INIT, .key = STR_INIT, .other = STR_INIT               \
	}

void docker_host_release(struct docker_host *host);

/*
 * Finds the host in the docker CLI's order: DOCKER_HOST, DOCKER_CONTEXT, config.json's
 * currentContext, unix:///var/run/docker.sock (docker/cli, cli/command/cli.go, resolveContextName).
 * ERROR_CONFIG where an address or a context is not usable.
 */
int docker_host_find(const struct env *env, struct docker_host *ret, struct error *err);

#endif
