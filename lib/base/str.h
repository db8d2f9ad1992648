#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A growable byte string, always NUL terminated at buf[len] (embedded NULs are allowed).
 *
 * Invariants: `buf` is never NULL, and buf[len] == '\0'. Only str_* functions change the fields;
 * anyone may read them. Running out of memory ends the program, so nothing here fails.
 */
struct str {
	size_t len;
	size_t cap;
	char *buf;
};

extern char str_empty[];
#define STR_INIT                                                                                   \
	{                                                                                          \
		.len = 0, .cap = 0, .buf = str_empty                                               \
	}

/* Frees the contents and makes `s` empty again; safe on a fresh STR_INIT, usable with CLEANUP(). */
void str_release(struct str *s);

/* Makes room for `extra` more bytes, so that adding them leaves no copy of a secret behind. */
void str_reserve(struct str *s, size_t extra);

/* Empties `s` and keeps its memory. */
void str_reset(struct str *s);

/* Takes the contents out: the caller owns the result (free()), `s` becomes empty. Never NULL. */
char *str_detach(struct str *s);

/* Appending. str_addc() takes one byte. */
void str_add(struct str *s, const void *bytes, size_t len);
void str_addc(struct str *s, char c);
void str_adds(struct str *s, const char *text);
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_vaddf(struct str *s, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* Cuts `s` to its first `len` bytes; longer is a programming error. */
void str_cut(struct str *s, size_t len);

/* Overwrites the contents before freeing them: for buffers that held a secret. */
void str_wipe(struct str *s);

bool str_ends_with(const struct str *s, const char *tail);
bool text_ends_with(const char *text, const char *tail);

#endif
