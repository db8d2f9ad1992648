#ifndef DOCKER_CONFIG_H
#define DOCKER_CONFIG_H

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/strv.h"

#include <jansson.h>
#include <stdbool.h>

/*
 * The docker CLI's own configuration: config.json in DOCKER_CONFIG or ~/.docker, with contexts/ and
 * cli-plugins/ beside it. It belongs to the user: read as it is, edited under a kernel lock by
 * splicing bytes, never replaced where it cannot be understood (ERROR_CONFIG).
 */

/* The folder, owned by the caller (free()), or NULL where neither DOCKER_CONFIG nor HOME is set. */
char *docker_config_dir(const struct env *env);

/*
 * The contents of config.json, {} where there is no file; NULL and ERROR_CONFIG where it is not a
 * JSON object. Owned by the caller: json_auto_t.
 */
json_t *docker_config_read(const struct env *env, struct error *err);

/* The same as text, valid but untouched; "{}" where there is none. May hold secrets: str_wipe(). */
int docker_config_text(const struct env *env, struct str *ret_text, struct error *err);

/*
 * Makes the docker CLI ask `docker-credential-HELPER` for the credentials of `host`. ERROR_REFUSED
 * where it asks another helper for that host already. Credentials of that host that lie in the file
 * in clear go; those in a credential store stay.
 */
int docker_config_set_helper(const struct env *env, const char *host, const char *helper,
			     struct error *err);

/*
 * Keeps the credentials of `host` where `docker login` would: in the user's credential store, where
 * one is configured (ERROR_TOOL where it fails), else in config.json, base64 of "USER:PASSWORD" in
 * clear. An entry of `helper` for that host goes, since it would win; another helper's is
 * ERROR_REFUSED.
 */
struct docker_login {
	const char *host;
	const char *username;
	const struct secret *password;
	const char *helper;
};

int docker_config_store(const struct env *env, const struct docker_login *login, struct error *err);

/*
 * Undoes both for `host`; another helper's entry stays. *ret_changed: whether there was anything.
 */
int docker_config_forget(const struct env *env, const char *host, const char *helper,
			 bool *ret_changed, struct error *err);

/*
 * The hosts for which the docker CLI asks `helper`; with `username`, also those whose stored
 * credentials are that user's.
 */
int docker_config_hosts(const struct env *env, const char *helper, const char *username,
			struct strv *ret_hosts, struct error *err);

/* Whether the docker CLI asks `helper` at all; no, where its configuration cannot be read. */
bool docker_config_asks(const struct env *env, const char *helper);

#endif
