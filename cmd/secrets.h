#ifndef CMD_SECRETS_H
#define CMD_SECRETS_H

#include "cmd/app.h"
#include "secrets/reference.h"
#include "secrets/store.h"
#include "secrets/variables.h"

/* What the commands on secrets have in common. */

/*
 * Reads the one reference that an operand is, and its secret's text. ERROR_USAGE where it is more
 * than one reference or an SSM path.
 */
int secrets_read_operand(struct app *app, const char *operand, struct secrets_references *ret_refs,
			 struct secret *ret_text, struct error *err);

/* Adds the remedy where the error says that there is no such secret, version or parameter. */
int secrets_explain_absence(struct error *err);

/* Reads a file, "-" or NULL for standard input, which must not be a terminal: 64 KiB at most. */
int secrets_read_input(const char *path, struct secret *ret, struct error *err);

/*
 * Stores and says what came of it, by name: "'app' has a new version". Where that is only
 * rehearsed, prints what would change as secrets_format_changes() does, without values.
 */
int secrets_store_and_tell(struct app *app, const struct secrets_store_request *request,
			   struct error *err);

/* Appends "KEY  ********  (12 bytes)", or the value where `reveal`. */
void secrets_format_member(const struct secrets_variable *member, bool reveal, struct str *out);

/*
 * Appends the members that differ, "- " before the old and "+ " before the new one of each. Returns
 * whether there are any.
 */
bool secrets_format_changes(const struct secrets_variables *old,
			    const struct secrets_variables *fresh, bool reveal, struct str *out);

#endif
