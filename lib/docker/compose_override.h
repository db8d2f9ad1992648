#ifndef DOCKER_COMPOSE_OVERRIDE_H
#define DOCKER_COMPOSE_OVERRIDE_H

#include "base/env.h"
#include "base/error.h"
#include "base/strv.h"
#include "docker/compose.h"

/*
 * One more compose file, put on top of the user's own, which are never edited
 * (docs.docker.com/compose/how-tos/multiple-compose-files/merge).
 */

/*
 * The files that compose takes when none is named, in their order: COMPOSE_FILE of the environment
 * or of the .env file, else the first of the names it knows in its folder and the override file
 * beside it. Naming one more file makes it look for none itself. Absolute where compose->dir is.
 */
int compose_find_files(const struct compose *compose, const struct env *env, struct strv *ret_files,
		       struct error *err);

/*
 * Appends a file that gives each service of `config` with a build these labels ("key=value"), and
 * one that gives services other images ("service=image"). format: compose_file_format().
 */
void compose_override_labels(const struct compose_config *config, const char *format,
			     const struct strv *labels, struct str *out);
void compose_override_images(const struct strv *images, const char *format, struct str *out);

/*
 * The text at `version:` of the first compose file, appended, nothing where it has none: compose v1
 * refuses files that differ in it, v2 ignores it with a warning.
 */
int compose_file_format(const char *path, struct str *ret_format, struct error *err);

#endif
