#ifndef DOCKER_IGNORE_H
#define DOCKER_IGNORE_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A .dockerignore file: which files of a build context are not sent to the Engine
 * (docs.docker.com/build/concepts/context, ".dockerignore files"; github.com/moby/patternmatcher).
 *
 * Paths are relative to the context, without "./" and without a slash at either end. A pattern that
 * is not understood here (character classes, escapes, very long ones, what follows 24 KiB of them)
 * leaves nothing out, and as an exception lets everything in: what this calls ignored, docker
 * ignores too.
 */
struct ignore_pattern {
	char *text;	/* cleaned: "src", "**" "/" "*.pyc" */
	regex_t *regex; /* NULL where it is not understood */
	bool is_exception;
};

struct ignore {
	size_t count;
	struct ignore_pattern *items;
};

#define IGNORE_INIT                                                                                \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

/* Adds the patterns of a file's text. */
void ignore_read(const char *text, size_t len, struct ignore *ret);
void ignore_release(struct ignore *ignore);

/* Whether the path is left out: the last pattern that fits it, or a folder above it, decides. */
bool ignore_has(const struct ignore *ignore, const char *path);

/* Whether an exception may let something below the folder in again, which is itself left out. */
bool ignore_may_return(const struct ignore *ignore, const char *folder);

#endif
