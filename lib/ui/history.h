#ifndef UI_HISTORY_H
#define UI_HISTORY_H

#include "base/str.h"
#include "deploy/records.h"

/*
 * Runs as people read them afterwards. Every string passes base/sanitize.h, and in Markdown what
 * could be read as markup is escaped.
 */

/* The heading of the list, and a line of it: when, where, what, how it ended, how long, by whom. */
void history_heading(struct str *out);
void history_line(const struct records_item *item, const char *subject, struct str *out);

/* Everything about one run, as text or as Markdown (GitHub Flavored Markdown, tables). */
void history_report(const struct records_item *item, struct str *out);
void history_markdown(const struct records_item *item, struct str *out);

#endif
