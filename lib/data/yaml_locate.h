#ifndef DATA_YAML_LOCATE_H
#define DATA_YAML_LOCATE_H

#include "data/place.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Finds what stands at a dotted path of keys and of numbers of list items (from 0), such as
 * "stack.name" or "Resources.Task.Properties.ContainerDefinitions.0.Image", in a YAML or JSON text
 * that yaml_read() has read; a member stands where its key does. For messages about the text.
 *
 * False where the path leads nowhere, or through an alias: *ret_place is then the place of the
 * deepest part of the path that is there, else line 1, column 1.
 */
bool yaml_locate(const char *bytes, size_t len, const char *path, struct place *ret_place);

/* A path, borrowed, and what yaml_locate() has for it. */
struct location {
	const char *path;
	bool found;
	struct place place;
};

/* The same for many paths: the text is gone through once. */
void yaml_locate_all(const char *bytes, size_t len, struct location *locations, size_t count);

#endif
