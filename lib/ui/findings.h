#ifndef UI_FINDINGS_H
#define UI_FINDINGS_H

#include "base/str.h"
#include "stack/check.h"

#include <stdbool.h>

/*
 * Findings as text, in the forms that people and programs read.
 *
 *	text	"file:line:column: severity: message [rule]" as compilers say it, the fix below
 *	json	{"findings": [...], "errors": N, "warnings": N, "notes": N}
 *	github	workflow commands, which mark lines of a pull request
 *		https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 *	sarif	SARIF 2.1.0 (OASIS), which code-scanning services take
 */
enum findings_format { FINDINGS_TEXT, FINDINGS_JSON, FINDINGS_GITHUB, FINDINGS_SARIF };

/* The format of a name; false where there is none. */
bool findings_format_parse(const char *name, enum findings_format *ret_format);

/* Appends them; files below the folder `dir` are named from there. */
void findings_write(const struct findings *findings, enum findings_format format, const char *dir,
		    struct str *out);

/*
 * Appends what a program that reads them is told where none could be looked for: SARIF has words
 * for that, and the services that take it no use for an empty file. Nothing in the other forms.
 */
void findings_write_failure(const struct error *failure, enum findings_format format,
			    struct str *out);

#endif
