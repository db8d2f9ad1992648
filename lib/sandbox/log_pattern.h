#ifndef SANDBOX_LOG_PATTERN_H
#define SANDBOX_LOG_PATTERN_H

#include "base/error.h"

#include <stdbool.h>

/*
 * Filter patterns of CloudWatch Logs, those for unstructured text (Amazon CloudWatch Logs user
 * guide, "Filter pattern syntax"): words and "quoted texts" that must all be there, -word that must
 * not, ?word of which one must. Case matters; an empty pattern fits all.
 */

/* Refuses the patterns for JSON and for columns, which nobody here needs, and open quotes. */
int log_pattern_check(const char *pattern, struct error *err);

/* Whether the message fits a pattern that was checked. */
bool log_pattern_fits(const char *pattern, const char *message);

#endif
