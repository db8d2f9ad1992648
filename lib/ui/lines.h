#ifndef UI_LINES_H
#define UI_LINES_H

#include "base/report.h"

#include <stdio.h>

/*
 * A reporter for machines: one JSON document a line on `out` (borrowed), each with "event" and the
 * members that the event carries. Owned by the caller: lines_free().
 */
struct report *lines_new(FILE *out);
void lines_free(struct report *report);

#endif
