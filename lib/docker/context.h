#ifndef DOCKER_CONTEXT_H
#define DOCKER_CONTEXT_H

#include "base/error.h"
#include "base/str.h"
#include "base/strv.h"

/*
 * What a build or a container is given of this machine's files, as text that is the same where and
 * only where they are: a line for each, with its mode, its path and the SHA-256 of what is in it,
 * in the order of the paths.
 *
 * ERROR_REFUSED where that cannot be told for certain: a folder ".git", which is another at every
 * commit, a device or a socket, more than 100,000 files or 1 GiB. ERROR_SYSTEM where something
 * cannot be read.
 */

/*
 * Appends the files of a build context that docker would send, and the Dockerfile, whose path may
 * be absolute. The context's .dockerignore is obeyed unless the Dockerfile has one of its own,
 * which some builders take instead: then nothing is left out.
 */
int context_list_files(const char *dir, const char *dockerfile, struct str *out, struct error *err);

/*
 * Appends a file or folder that is mounted into a container, but for `without` (absolute paths).
 * One that is not there is a line too.
 */
int context_list_mount(const char *path, const struct strv *without, struct str *out,
		       struct error *err);

#endif
