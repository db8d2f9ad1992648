#ifndef DOCKER_CONFIG_H
#define DOCKER_CONFIG_H

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"

#include <jansson.h>
#include <stdbool.h>

/*
 * The docker CLI's own configuration: config.json in DOCKER_CONFIG or ~/.docker, with contexts/ and
 * cli-plugins/ beside it. It belongs to the user: read as it is, edited by splicing bytes, never
 * replaced where it cannot be understood.
 */

/* The folder, owned by the caller (free()), or NULL where neither DOCKER_CONFIG nor HOME is set. */
char *docker_config_dir(const struct env *env);

/*
 * The contents of config.json, {} where there is no file; NULL and ERROR_CONFIG where it is not a
 * JSON object. Owned by the caller: json_auto_t.
 */
json_t *docker_config_read(const struct env *env, struct error *err);

/* Makes the docker CLI ask `docker-credential-HELPER` for the credentials of `host`. */
int docker_config_set_helper(const struct env *env, const char *host, const char *helper,
			     struct error *err);

/*
 * Writes the credentials of `host` as `docker login` does, base64 of "USER:PASSWORD" in clear; a
 * credential helper named for that host is taken out, since it would win.
 */
int docker_config_store(const struct env *env, const char *host, const char *username,
			const struct secret *password, struct error *err);

/* Undoes both for `host`: the helper's entry only where it is `helper`. *ret_changed: was there
 * any. */
int docker_config_forget(const struct env *env, const char *host, const char *helper,
			 bool *ret_changed, struct error *err);

#endif
