#ifndef SECRETS_ENVIRONMENT_FILE_H
#define SECRETS_ENVIRONMENT_FILE_H

#include "base/error.h"
#include "secrets/variables.h"

#include <stddef.h>

/*
 * Reads a file of NAME=VALUE lines (/init/environment, .env) as data: nothing is expanded or run.
 *
 * Blank lines and lines that begin with '#' are comments; "export " before a name is passed over.
 * A value is all up to the line end, less the blanks around it. In '...' everything stands for
 * itself; in "..." a backslash before one of \ " $ ` takes that byte, \n, \r and \t are the control
 * characters, and any other backslash stays. After the closing quotation mark only blanks and a
 * comment may follow.
 *
 * ERROR_CONFIG with "'SOURCE': line N: ..." for anything else: a line without '=', a name that is
 * none, a name twice, an open quotation mark, a NUL, more than 1 MiB. Never with a value in it.
 */
int secrets_environment_read(const char *source, const char *text, size_t len,
			     const struct secrets_rules *rules, struct secrets_variables *ret,
			     struct error *err);

#endif
