#ifndef TESTS_UNIT_VECTORS_H
#define TESTS_UNIT_VECTORS_H

#include "test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The folder of third-party vectors. Borrowed. */
static inline const char *vectors_dir(void)
{
	const char *dir = getenv("DEPLOYER_CONFORMANCE");

	return dir ? dir : "../shared/conformance";
}

/*
 * Skips the test where NAME is not among the vectors. To be asked before anything is allocated:
 * skip() jumps over whatever would release it.
 */
static inline void vectors_need(const char *name)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", vectors_dir(), name);
	if (access(path, R_OK) == 0)
		return;
	print_message("%s is absent\n", path);
	skip();
}

/*
 * Reads one file of third-party vectors, named as printf() does, or skips the test where it is
 * absent: vectors_need(). Owned by the caller: json_decref(), or json_auto_t.
 */
__attribute__((format(printf, 1, 2))) static inline json_t *vectors_read(const char *fmt, ...)
{
	char name[256], path[4096];
	json_t *vectors;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	vectors_need(name);
	(void)snprintf(path, sizeof(path), "%s/%s", vectors_dir(), name);
	vectors = json_load_file(path, 0, NULL);
	assert_non_null(vectors);
	return vectors;
}

#endif
