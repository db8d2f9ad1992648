#ifndef DATA_JSON_WALK_H
#define DATA_JSON_WALK_H

#include "base/slice.h"

#include <stdbool.h>

/*
 * Where things stand in a JSON text: for edits that change one value and keep every other byte.
 *
 * Only for texts that json_read() has accepted; it checks nothing itself. A value is the slice of
 * its own bytes, a string with its quotation marks.
 *
 *	struct json_walk walk = json_walk_begin(json_walk_top(text));
 *	while (json_walk_next(&walk, &key, &value)) ...
 */
struct json_walk {
	struct slice rest;
	bool is_object;
};

/* The one value of a text. */
struct slice json_walk_top(struct slice text);

/* Goes through the members of an object or a list; a scalar has none. */
struct json_walk json_walk_begin(struct slice container);

/* The next member: its key (in a list: empty) and its value. False at the end. */
bool json_walk_next(struct json_walk *walk, struct slice *ret_key, struct slice *ret_value);

/* What a string means, owned by the caller (free()); NULL where the value is not a string. */
char *json_walk_string(struct slice value);

#endif
