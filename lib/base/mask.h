#ifndef BASE_MASK_H
#define BASE_MASK_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Secrets that others quote: a service in its message, a program in its output. Each writes "***"
 * over a secret wherever it stands in a text, as it is and as a URL has it, and over the part of
 * one that a text which was cut ends with, and wipes what the text was; true where it stood there.
 * A secret of less than 4 bytes would be found in innocent words: nothing is done about it.
 */
bool mask_str(struct str *text, const char *secret);

/* The same for a string that was allocated: replaced by a fresh one. */
bool mask_text(char **text, const char *secret);

#endif
