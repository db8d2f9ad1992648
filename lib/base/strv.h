#ifndef BASE_STRV_H
#define BASE_STRV_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A list of strings it owns, always NULL-terminated: `v` can be handed to execve() as it is.
 *
 * Invariants: v[count] == NULL once anything was added; an empty STRV_INIT has v == NULL, so
 * iterate by count, or call strv_array() where an array is needed.
 */
struct strv {
	size_t count;
	char **v;
};

#define STRV_INIT                                                                                  \
	{                                                                                          \
		.count = 0, .v = NULL                                                              \
	}

void strv_release(struct strv *list);

/* Overwrites the strings before freeing them: for lists that held a secret. */
void strv_wipe(struct strv *list);

/* Adds a copy of `text`; strv_addf() a formatted string; strv_take() the string itself. */
void strv_add(struct strv *list, const char *text);
void strv_addf(struct strv *list, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strv_take(struct strv *list, char *text);

/* Adds every string up to a NULL: strv_add_all(&args, "up", "--detach", NULL). */
void strv_add_all(struct strv *list, ...) __attribute__((sentinel));
void strv_add_list(struct strv *list, const struct strv *more);

/* Sets "NAME=value" in a list of such strings, replacing an earlier one; NULL removes it. */
void strv_set_env(struct strv *list, const char *name, const char *value);

bool strv_has(const struct strv *list, const char *text);

/* Splits at any of the bytes in `separators`, leaving out empty pieces. */
void strv_split(struct strv *list, const char *text, const char *separators);

/* The NULL-terminated array, also for an empty list. Borrowed. */
char **strv_array(const struct strv *list);

#endif
