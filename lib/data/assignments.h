#ifndef DATA_ASSIGNMENTS_H
#define DATA_ASSIGNMENTS_H

#include "base/error.h"
#include "base/pool.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * One key and its text, with the place of the text in the file it came from, so that it can be
 * replaced by splicing bytes. `value` is what it means, the bytes at `value_at` are how it is
 * written. is_fixed: it has no text of its own that could be replaced (a list, a number, escapes),
 * and only where it begins is known.
 * is_previous: the file asks for the value that is live (UsePreviousValue). The list owns the
 * strings.
 */
struct assignment {
	const char *key;
	const char *value;
	unsigned line; /* of the value, from 1 */
	size_t value_at;
	size_t value_len;
	bool is_fixed;
	bool is_previous;
};

struct assignment_key;

struct assignments {
	size_t count;
	struct assignment *items;
	struct assignment_key *sorted; /* what assignments_check_unique() has seen */
	size_t sorted_count;
	struct pool strings;
};

#define ASSIGNMENTS_INIT                                                                           \
	{                                                                                          \
		.count = 0, .items = NULL, .sorted = NULL, .sorted_count = 0, .strings = POOL_INIT \
	}

/*
 * Reads a file of Key=Value lines (dev.cfg).
 *
 * A line is KEY=VALUE; KEY is [A-Za-z0-9_.:-]+ at the start of the line, the value is everything up
 * to the line end, less a CR before it: blanks, quotes and further '=' belong to it. Lines that are
 * blank or whose first character is '#' are comments. A UTF-8 BOM is tolerated. ERROR_CONFIG naming
 * the line for anything else, for control characters, for what is not UTF-8, for more than 1 MiB or
 * a line over 64 KiB; ERROR_REFUSED naming both lines for a duplicate key.
 */
int assignments_read(const char *text, size_t len, struct assignments *ret, struct error *err);

/*
 * The same for other files of one statement a line: what is text, a comment, too large and a
 * duplicate is as above, and `read_line` adds what a line says. `start` is where the text begins.
 */
typedef int assignments_line_fn(struct assignments *list, const char *start, struct slice line,
				unsigned number, struct error *err);
int assignments_read_lines(const char *text, size_t len, assignments_line_fn *read_line,
			   struct assignments *ret, struct error *err);

/* ERROR_CONFIG as above where a line is too long, or no text. */
int assignments_check_text(const char *text, size_t len, struct error *err);

/* Whether it is a KEY, as a whole. */
bool assignments_is_key(struct slice name);

/* Whether the text begins like such a file: its first line that is no comment is KEY=... */
bool assignments_recognise(const char *text, size_t len);

/* ERROR_REFUSED naming both lines where a key is there twice. What it saw is found faster. */
int assignments_check_unique(struct assignments *list, struct error *err);

/* Adds one with copies of the two, at no place yet. */
struct assignment *assignments_add(struct assignments *list, struct slice key, struct slice value);
const struct assignment *assignments_find(const struct assignments *list, const char *key);
void assignments_release(struct assignments *list);

/* The bytes after a UTF-8 byte order mark, or all. */
struct slice assignments_skip_bom(const char *text, size_t len);

#endif
