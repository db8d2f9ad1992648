#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A piece of someone else's bytes, passed by value inside parsers; never owns, never terminated. */
struct slice {
	const char *p;
	size_t n;
};

static inline struct slice slice_of(const char *text)
{
	return (struct slice){ text, strlen(text) };
}

/* Without the ASCII blanks at both ends (space, tab, CR, LF, VT, FF). */
struct slice slice_trim(struct slice s);

bool slice_is(struct slice s, const char *text);
bool slice_starts_with(struct slice s, const char *head);

/* Takes the next line off `rest`, without its LF; a CR before it stays. */
struct slice slice_next_line(struct slice *rest);

/* A decimal number that fills the slice and is at most `max`: false otherwise. No sign, no blanks.
 */
bool slice_to_u64(struct slice s, uint64_t max, uint64_t *ret_number);

/* A copy with a terminating NUL, owned by the caller. */
char *slice_dup(struct slice s);

#endif
