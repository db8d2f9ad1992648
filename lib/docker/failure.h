#ifndef DOCKER_FAILURE_H
#define DOCKER_FAILURE_H

#include "base/error.h"

#include <stdbool.h>

/*
 * Sets the error for what an Engine or a registry said, with the kind, the code and the remedy that
 * fit the text; `fallback` is the kind of a text that is not known. The codes, all ours:
 *
 * "NoCredentials" "ExpiredToken" "Denied" "Certificate" (ERROR_AUTH); "RepositoryNotFound"
 * "TagIsImmutable" "InsecureRegistry" (ERROR_PUBLISH); "NoSpace" (ERROR_TOOL);
 * "RegistryUnreachable" (ERROR_NETWORK); "Throttled" (ERROR_BUSY); "Platform" (as `fallback`): for
 * another processor; "ImageVanished" (as `fallback`): somebody removes images beneath a build;
 * "NotFound" (as `fallback`): no such image or container here.
 *
 * The texts are those of docs.docker.com's Engine, of Docker's registry client, and of Amazon ECR.
 */
int docker_failure_set(struct error *err, enum error_kind fallback, const char *text);

/*
 * Whether a line of a build tells why it had to fail, whatever the project's own steps do: no space
 * is left, a registry throttles, an image is for another processor, or was removed meanwhile.
 */
bool docker_failure_ends_build(const char *line);

/* The code alone, "" where the text is not known. */
const char *docker_failure_code(const char *text);

#endif
