#ifndef TESTS_UNIT_VECTORS_H
#define TESTS_UNIT_VECTORS_H

#include "test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* The folder of third-party vectors. Borrowed. */
static inline const char *vectors_dir(void)
{
	const char *dir = getenv("DEPLOYER_CONFORMANCE");

	return dir ? dir : "../shared/conformance";
}

/*
 * Reads one file of third-party vectors from the folder in DEPLOYER_CONFORMANCE, or skips the test
 * where it is absent. Owned by the caller: json_decref(), or json_auto_t.
 */
static inline json_t *vectors_read(const char *name)
{
	char path[4096];
	json_t *vectors;

	(void)snprintf(path, sizeof(path), "%s/%s", vectors_dir(), name);
	vectors = json_load_file(path, 0, NULL);
	if (!vectors) {
		print_message("%s is absent\n", path);
		skip();
	}
	return vectors;
}

#endif
