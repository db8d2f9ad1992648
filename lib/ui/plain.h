#ifndef UI_PLAIN_H
#define UI_PLAIN_H

#include "base/clock.h"
#include "base/report.h"

#include <stdbool.h>
#include <stdio.h>

/* How much a plain reporter says, and whether it may use colours. */
struct plain_options {
	bool color;
	bool quiet;    /* warnings only */
	bool verbose;  /* progress of every layer, too */
	bool is_short; /* what is said stays in sight: results need not be repeated at the end */
	FILE *data;    /* where data is printed, or NULL: it comes first where both are one file */
};

/*
 * A reporter that appends lines and never goes back: for logs, pipes and CI, and for terminals
 * without a live view. Every string from outside passes base/sanitize.h. `out` and `clock` are
 * borrowed. Owned by the caller: plain_free().
 */
struct report *plain_new(FILE *out, struct clock *clock, const struct plain_options *options);

/* Writes elsewhere from now on. */
void plain_set_out(struct report *report, FILE *out);

/* Prints the results once more, as the last lines of a run that had several stages; then frees. */
void plain_free(struct report *report);

#endif
