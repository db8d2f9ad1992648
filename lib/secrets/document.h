#ifndef SECRETS_DOCUMENT_H
#define SECRETS_DOCUMENT_H

#include "base/error.h"
#include "secrets/reference.h"
#include "secrets/variables.h"

/*
 * Turns the text of a secret into variables, as `reference` wants it: one for each key of its JSON
 * object, the value of one key, or, with VARIABLE=NAME, the whole text as it is.
 *
 * The value of a string is its bytes; of a number its text as it stands ("1e21", twenty digits); of
 * true and false these words; of an object or a list its text without blanks between. null sets
 * nothing, which the reporter hears.
 *
 * ERROR_CONFIG, never with a value in it: where the text is no JSON object (RFC 8259; a key twice,
 * lone surrogates, \u0000 and more than 64 levels are refused too), where the key is missing, and
 * as secrets_variables_inject().
 */
int secrets_document_read(const struct secrets_reference *reference, const struct secret *text,
			  const struct secrets_rules *rules, struct secrets_variables *ret,
			  struct error *err);

/*
 * Whether the text is such an object: what is looked at before a secret is stored. ERROR_CONFIG as
 * above; `what` is what messages call it.
 */
int secrets_document_check(const char *what, const struct secret *text, struct error *err);

/*
 * Every member as it is, whatever its name: for showing and comparing. A null has the value "null".
 * ERROR_CONFIG as secrets_document_check().
 */
int secrets_document_members(const char *what, const struct secret *text,
			     struct secrets_variables *ret, struct error *err);

/*
 * Writes the object `text` (empty: none) with the variables in it as strings: those of its members
 * that stay keep their bytes. With `replaces`, no other member stays.
 */
int secrets_document_merge(const char *what, const struct secret *text,
			   const struct secrets_variables *variables, bool replaces,
			   struct secret *ret, struct error *err);

#endif
