#ifndef DATA_ASSIGNMENTS_H
#define DATA_ASSIGNMENTS_H

#include "base/error.h"
#include "base/str.h"

#include <stddef.h>

/*
 * A file of Key=Value lines (dev.cfg), read as data and edited by splicing bytes.
 *
 * A line is KEY=VALUE; KEY is [A-Za-z0-9_.:-]+ at the start of the line, the value is everything up
 * to the line end, less a CR before it. Lines that are blank or start with '#' are comments. A
 * UTF-8 BOM is tolerated and kept. ERROR_CONFIG naming the line for anything else, for NUL bytes
 * and UTF-16, for more than 1 MiB or a line over 64 KiB; ERROR_REFUSED naming both lines for a
 * duplicate key.
 */
struct assignment {
	char *key;
	char *value;
	unsigned line;
	size_t value_at; /* byte offset of the value in the text */
	size_t value_len;
};

struct assignments {
	size_t count;
	struct assignment *items;
};

#define ASSIGNMENTS_INIT                                                                           \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

int assignments_read(const char *text, size_t len, struct assignments *ret, struct error *err);
const struct assignment *assignments_find(const struct assignments *list, const char *key);
void assignments_release(struct assignments *list);

#endif
