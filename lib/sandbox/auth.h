#ifndef SANDBOX_AUTH_H
#define SANDBOX_AUTH_H

#include "sandbox/call.h"

/*
 * Signature version 4, header form, checked on its own: nothing here is shared with the signer in
 * lib/aws, so that neither can hide a mistake of the other
 * (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
 */

/* What an Authorization header says. Owned by the struct. */
struct auth_claim {
	char *access_key_id;
	char *date; /* "20150830" */
	char *region;
	char *service;
	struct strv signed_headers;
	char *signature;
};

void auth_claim_release(struct auth_claim *claim);

/* Takes the header apart; refuses with MissingAuthenticationToken or IncompleteSignature. */
int auth_read_claim(const struct request *request, struct auth_claim *ret, struct error *err);

/* The signature that `claim` should have carried, in hex, for a caller with `secret`. */
void auth_sign(const struct request *request, const struct auth_claim *claim, const char *secret,
	       struct str *ret_signature);

/*
 * Checks key, scope, date (5 minutes either way), session token and signature. The codes are those
 * of the query protocol; protocol_write_error() has the JSON services' names for them.
 */
int auth_check(const struct sandbox *sandbox, const struct request *request, int64_t now_ms,
	       const struct sandbox_key **ret_caller, struct error *err);

#endif
