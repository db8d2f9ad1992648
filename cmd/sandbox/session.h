#ifndef CMD_SANDBOX_SESSION_H
#define CMD_SANDBOX_SESSION_H

#include "cmd/app.h"
#include "sandbox/sandbox.h"

/* The options of every command that starts the sandbox. */
struct session_args {
	const char *state;
	const char *account;
	const char *scenario;
	unsigned speed;
	unsigned port;
	struct strv exports;
	struct strv repositories;
	struct strv immutable; /* repositories too */
	struct strv buckets;
	bool no_registry;
	bool containers;
};

extern const struct opt session_opts[];

/* A running sandbox: account, server, and the registry beside it. */
struct session {
	struct sandbox *sandbox;
	struct server *server;
	struct registry *registry;
	struct containers *containers; /* what answers them, NULL: nothing does */
	char *private_dir; /* the registry's files where there is no --state, removed at the end */
	int lock_fd;
};

#define SESSION_INIT                                                                               \
	{                                                                                          \
		.sandbox = NULL, .lock_fd = -1                                                     \
	}

/* Starts all of it. ERROR_REFUSED where another sandbox has the same --state. */
int session_start(struct app *app, const struct session_args *args, struct session *ret,
		  struct error *err);

/* The environment that points AWS's tools here: "NAME=value" to set, "NAME" to unset. */
void session_environment(const struct app *app, const struct session *session, struct strv *out);

/* Stops everything, saves the account and tells on `talk` what happened. */
int session_stop(struct app *app, struct session *session, struct error *err);
void session_release(struct session *session);

#endif
