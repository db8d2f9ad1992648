#ifndef DATA_TOML_H
#define DATA_TOML_H

#include "base/error.h"
#include "base/slice.h"
#include "base/str.h"
#include "base/strv.h"

/*
 * Where values stand in a TOML document (toml.io, 1.0.0): for reading a few of them, and for edits
 * that change one and keep every other byte. Values are told apart by where they begin and end;
 * what numbers and dates mean is not looked at.
 *
 *	struct toml_walk walk = TOML_WALK_INIT(text);
 *	while ((more = toml_next(&walk, err)) > 0) ...
 */
struct toml_walk {
	struct slice text;
	struct slice rest;
	struct strv table; /* that the next keys belong to */
	struct strv key;   /* from the top: table and key */
	struct slice value;
};

#define TOML_WALK_INIT(bytes)                                                                      \
	{                                                                                          \
		.text = (bytes), .rest = (bytes), .table = STRV_INIT, .key = STRV_INIT             \
	}

void toml_walk_release(struct toml_walk *walk);

/*
 * Finds the next key and its value: 1, or 0 at the end. -1 with ERROR_CONFIG and the place of what
 * is no TOML, or nested more than 64 levels deep. The key of an array of tables has "[]" in it.
 */
int toml_next(struct toml_walk *walk, struct error *err);

/* Takes the next item off what is left of an array (at first: its whole value). False at the end.
 */
bool toml_next_item(struct slice *rest, struct slice *ret_item);

/*
 * What a string of one line means, and in (*ret_at)[i] where in `value` its byte i is written; one
 * more says where it ends. Owned by the caller (free()). False where the value is no such string,
 * or has an escape in it that is not \" or \\.
 */
bool toml_text(struct slice value, struct str *ret_text, size_t **ret_at);

#endif
