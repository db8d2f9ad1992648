#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include "base/error.h"
#include "base/strv.h"

/*
 * Splits a command line into words as a POSIX shell would, without expanding anything: blanks
 * separate, '...' is literal, "..." knows \" and \\, a backslash elsewhere takes the next byte as
 * it is (Python's shlex.split(), which the AWS CLI uses). Adds to `words`. ERROR_CONFIG where a
 * quote is not closed or nothing follows a backslash; `words` may then hold what came before.
 */
int words_split(struct strv *words, const char *text, struct error *err);

#endif
