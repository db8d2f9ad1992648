#ifndef DATA_MAKEFILE_H
#define DATA_MAKEFILE_H

#include "base/error.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What stands in a Makefile (GNU make manual, "Writing Makefiles"), read as text: nothing of it is
 * run, no other file is opened, no condition evaluated. Variables are replaced by what the file
 * itself gives them ("=", ":=", "?=", "+="); what only make could tell, "$(shell ...)" and its
 * like, stays as it stands.
 */

/* A line of a recipe, continuation lines joined as the shell joins them. */
struct makefile_line {
	char *text; /* without make's prefixes; "$$" read as "$" */
	unsigned line;
	bool is_ignored; /* "-": make goes on where it fails */
	bool is_known;	 /* false: something of make's is left in it */
};

/* A target and what is done for it; "deploy/%" for a pattern. */
struct makefile_rule {
	char *target;
	unsigned line;
	struct strv needs; /* prerequisites */
	size_t count;
	struct makefile_line *lines;
};

/* What was passed over, and why (static text). */
struct makefile_unread {
	unsigned line;
	char *text;
	const char *why;
};

struct makefile_variable {
	char *name;
	char *value;
	bool is_simple; /* its value is final: ":=" */
	bool is_known;
};

struct makefile {
	size_t rule_count;
	struct makefile_rule *rules;
	size_t unread_count;
	struct makefile_unread *unread;
	size_t variable_count;
	struct makefile_variable *variables;
	size_t budget; /* bytes: variables that refer to each other multiply */
};

#define MAKEFILE_INIT                                                                              \
	{                                                                                          \
		.rule_count = 0, .rules = NULL, .unread_count = 0, .unread = NULL,                 \
		.variable_count = 0, .variables = NULL                                             \
	}

/*
 * Reads the text of one. ERROR_CONFIG where it is none: more than 256 KiB, NUL bytes, more than
 * 1,000 variables or targets.
 */
int makefile_read(const char *bytes, size_t len, struct makefile *ret, struct error *err);
void makefile_release(struct makefile *makefile);

/* The rule of a target, NULL where there is none. Borrowed. */
const struct makefile_rule *makefile_find(const struct makefile *makefile, const char *target);

#endif
