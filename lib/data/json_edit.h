#ifndef DATA_JSON_EDIT_H
#define DATA_JSON_EDIT_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>

/*
 * Edits of a JSON text by splicing: every byte that is not part of the member stays as it is, so
 * that a user's file keeps its order, its blanks and its numbers.
 *
 * `path` is a NULL-terminated list of keys from the top object down. The text must be what
 * json_read() accepts, with an object at the top and at each step of the path, where null counts as
 * none: ERROR_CONFIG otherwise, and *text is untouched.
 */

/*
 * Gives the member at `path` the value `value`, which is JSON text. A missing member is added after
 * the last one in the style of its neighbours; missing objects on the way are made.
 */
int json_edit_set(struct str *text, const char *const *path, const char *value, struct error *err);

/*
 * Takes the member at `path` out, with its comma, and the objects that are empty without it, except
 * the top one. *ret_found: whether there was such a member.
 */
int json_edit_remove(struct str *text, const char *const *path, bool *ret_found, struct error *err);

#endif
