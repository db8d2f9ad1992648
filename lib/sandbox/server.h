#ifndef SANDBOX_SERVER_H
#define SANDBOX_SERVER_H

#include "sandbox/sandbox.h"

/* The sandbox on a loopback port, answered by threads of its own until server_stop(). */
struct server;

/*
 * Listens on 127.0.0.1, on `port` or, where that is 0 or taken, on a free one. `sandbox` is
 * borrowed until server_stop(). ERROR_SYSTEM where no port can be had.
 */
int server_start(struct sandbox *sandbox, unsigned port, struct server **ret_server,
		 struct error *err);
/* Where containers find it: an address of this machine, and what to prove it with, in PEM. */
struct server_tls {
	const char *address;
	const char *key;
	const char *certificate;
};

/* The same over TLS on a free port of another address. Everything is borrowed until the stop. */
int server_start_tls(struct sandbox *sandbox, const struct server_tls *tls,
		     struct server **ret_server, struct error *err);
void server_stop(struct server *server);

unsigned server_port(const struct server *server);

#endif
