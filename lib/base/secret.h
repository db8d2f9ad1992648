#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Bytes that must never be seen: a key, a token, a password, a secret's value.
 *
 * A distinct type, so that it cannot slip into a printf or a str by accident: the only way to the
 * bytes is secret_bytes(), which is what to grep for in a review. Overwritten when released; never
 * grown in place, so no copy is left behind by realloc().
 */
struct secret {
	char *bytes_;
	size_t len_;
};

#define SECRET_INIT                                                                                \
	{                                                                                          \
		.bytes_ = NULL, .len_ = 0                                                          \
	}

/* Replaces the contents by a copy of `len` bytes; secret_sets() takes a C string, NULL empties. */
void secret_set(struct secret *secret, const void *bytes, size_t len);
void secret_sets(struct secret *secret, const char *text);
void secret_copy(struct secret *to, const struct secret *from);

/* The bytes, NUL-terminated, "" where empty. Borrowed; for the signer and the wire only. */
const char *secret_bytes(const struct secret *secret);
size_t secret_len(const struct secret *secret);
bool secret_is_set(const struct secret *secret);
bool secret_is_equal(const struct secret *a, const struct secret *b);

/* Overwrites, frees and makes empty; usable with CLEANUP(). */
void secret_release(struct secret *secret);

#endif
