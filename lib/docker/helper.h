#ifndef DOCKER_HELPER_H
#define DOCKER_HELPER_H

#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/strv.h"

/*
 * The protocol between docker and its credential helpers
 * (github.com/docker/docker-credential-helpers, credentials/credentials.go): one word of an action
 * as argument, bytes on standard input, bytes on standard output. Pure: the program around it
 * reads, prints and exits.
 */

/* What goes behind "docker-credential-" and into credHelpers. */
#define HELPER_NAME "deployer"

/* Where credentials come from. `ctx` is handed to each. */
struct helper {
	/* The credentials of a registry host; the code "NotFound" where it is none of ours. */
	int (*get)(void *ctx, const char *host, struct str *ret_username,
		   struct secret *ret_password, struct error *err);
	/* The hosts that are asked of this helper. */
	int (*list)(void *ctx, struct strv *ret_hosts, struct error *err);
	void *ctx;
};

/*
 * Plays one action: get, store, erase, list, version. What belongs on standard output is appended
 * to *out, also on failure: docker reads its texts. The true cause of a failure is in *err as well,
 * for standard error, which docker passes on. Returns 0, or -1 for exit status 1.
 *
 * store and erase do nothing: the credentials are asked for when they are needed.
 */
int helper_run(const struct helper *helper, const char *action, const struct str *input,
	       struct str *out, struct error *err);

/* {"ServerURL": ..., "Username": ..., "Secret": ...} and back. ERROR_CONFIG where it is not that.
 */
void helper_write(const char *server, const char *username, const struct secret *password,
		  struct str *out);
int helper_read(const struct str *text, struct str *ret_username, struct secret *ret_password,
		struct error *err);

#endif
