#ifndef AWS_CREDENTIALS_JSON_H
#define AWS_CREDENTIALS_JSON_H

#include "aws/credentials.h"
#include "base/error.h"
#include "data/json.h"

/* What the members of a credentials document are called; every source has its own names. */
struct aws_credentials_names {
	const char *id;
	const char *secret;
	const char *token;
	const char *expires; /* an RFC 3339 time, or milliseconds since 1970 as a number */
	const char *account;
};

/*
 * Fills *ret from a JSON object. `id` and `secret` must be there, the rest may be absent.
 * ERROR_AUTH with "no 'X' in it" or "'X' is not a time" otherwise; nothing of the values is in the
 * message.
 */
int aws_credentials_read(const json_t *object, const struct aws_credentials_names *names,
			 struct aws_credentials *ret, struct error *err);

/* Overwrites every text in a document before releasing it: for those that hold keys. CLEANUP(). */
void aws_json_wipe(json_t **document);

#endif
