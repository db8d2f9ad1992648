#ifndef UI_TEXT_LINE_H
#define UI_TEXT_LINE_H

#include "base/str.h"

#include <stdbool.h>

/* Colours of ECMA-48's SGR that a terminal is asked for. */
enum text_color { TEXT_PLAIN, TEXT_BOLD, TEXT_DIM, TEXT_RED, TEXT_GREEN, TEXT_YELLOW };

/*
 * One line for a screen of `limit` columns: what does not fit is cut, and the cut shown by "~".
 * text is what to write, colours in it; width is the columns that it takes.
 */
struct text_line {
	struct str text;
	unsigned width;
	unsigned limit;
	bool has_color;
	bool is_full;
};

/* An empty line; text is the caller's to release. */
struct text_line text_line_of(unsigned limit, bool has_color);

/* Appends text, which is clean (base/sanitize.h); in a colour, which ends with it. */
void text_line_add(struct text_line *line, const char *text);
void text_line_color(struct text_line *line, enum text_color color, const char *text);

/* Appends blanks up to a column, at least one where there is something before it. */
void text_line_pad(struct text_line *line, unsigned column);

/*
 * The columns that UTF-8 text takes, SGR sequences being none: two for what is wide in East Asia,
 * none for what combines with the character before (Unicode Standard Annex #11 and the general
 * category Mn, the blocks that people meet).
 */
unsigned text_width(const char *text);

#endif
