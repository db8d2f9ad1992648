#ifndef DOCKER_SESSION_H
#define DOCKER_SESSION_H

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/strv.h"
#include "docker/engine.h"
#include "sys/serve.h"

/*
 * A docker configuration for the programs that we start, which gives them one registry's
 * credentials without writing these anywhere: a private folder with the user's config.json, in
 * which that host is served by docker-credential-deployer (docker/helper.h); the helper asks this
 * process over a socket in the same folder. Contexts, plugins and whatever else the user's folder
 * holds are linked.
 *
 * The user's own entries in config.json are copied, to a file that only the user can read.
 */
struct docker_session {
	struct serve serve;
	struct answer *answer;
};

#define DOCKER_SESSION_INIT                                                                        \
	{                                                                                          \
		.serve = SERVE_INIT, .answer = NULL                                                \
	}

/*
 * Opens one for auth->server. `program` is the file that docker-credential-deployer is a link to:
 * this program's own, NULL for /proc/self/exe. ERROR_CONFIG where the user's config.json is not
 * understood.
 */
int docker_session_open(const struct env *env, const struct engine_auth *auth, const char *program,
			struct docker_session *ret, struct error *err);

/* Sets DOCKER_CONFIG and PATH in a list of "NAME=value" strings for the programs to start. */
void docker_session_add_env(const struct docker_session *session, const struct env *env,
			    struct strv *ret_vars);

/* Ends it and removes the folder. */
void docker_session_close(struct docker_session *session);

/*
 * The other side, in the helper: asks the session that DOCKER_CONFIG names for `host`. The code is
 * "NotFound" where there is no session, or it serves another host.
 */
int docker_session_ask(const struct env *env, const char *host, struct str *ret_username,
		       struct secret *ret_password, struct error *err);

#endif
