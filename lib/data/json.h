#ifndef DATA_JSON_H
#define DATA_JSON_H

#include "base/error.h"
#include "base/str.h"

#include <jansson.h>
#include <stddef.h>

/*
 * The one JSON reader. Values are jansson's json_t; hold them with json_auto_t.
 *
 * Strict RFC 8259 with its permitted limits (section 9): UTF-8 without a byte order mark, duplicate
 * keys and \u0000 refused, integers within 64 bits, reals within a double, at most 64 levels deep,
 * nothing after the value, and no more values than 12 MiB hold.
 * ERROR_CONFIG with "line L, column C: ..." otherwise, nothing of the text in it; callers wrap it
 * with what was read. Input from a service becomes ERROR_REMOTE by error_become().
 *
 * All memory of values and of the decoder is overwritten when it is freed: documents hold keys.
 */
json_t *json_read(const char *bytes, size_t len, struct error *err);

/* The same for what this very program has written: there may be as many values as it had. */
json_t *json_read_own(const char *bytes, size_t len, struct error *err);

/* The same as json_read() for those who look for keys that are there twice: the last one counts. */
json_t *json_read_duplicates(const char *bytes, size_t len, struct error *err);

/* A member's text, borrowed, or NULL where `object` has no such string. */
const char *json_text(const json_t *object, const char *key);

/*
 * A scalar's text as a person would write it (reals with 15 digits), owned by the caller; NULL for
 * null, maps and lists.
 */
char *json_scalar_text(const json_t *value);

/* Appends the value as compact JSON, keys in their order; reals with 15 digits. Grows `out` once.
 */
void json_write(const json_t *value, struct str *out);

/* Appends `text` as a quoted JSON string; bytes that are not UTF-8 become U+FFFD. */
void json_quote(struct str *out, const char *text);

#endif
