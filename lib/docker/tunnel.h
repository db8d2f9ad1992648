#ifndef DOCKER_TUNNEL_H
#define DOCKER_TUNNEL_H

#include "base/error.h"
#include "base/str.h"

/*
 * A way to an Engine behind ssh://[USER@]HOST[:PORT][/PATH]: a local socket, each connection to
 * which becomes `ssh HOST docker system dial-stdio`, as the docker CLI does it (docker/cli,
 * cli/connhelper). ERROR_CONFIG where the address is none. Owned by the caller: tunnel_close().
 */
struct tunnel;

int tunnel_open(const char *address, struct str *ret_socket, struct tunnel **ret_tunnel,
		struct error *err);
void tunnel_close(struct tunnel *tunnel);

#endif
