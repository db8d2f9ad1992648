#ifndef AWS_ROLE_H
#define AWS_ROLE_H

#include "aws/provider.h"
#include "base/secret.h"

/*
 * A role that a profile or the environment asks to be taken on. Borrowed strings, NULL where not
 * set; without a session name one is made up. duration_s: 0 for the role's own.
 */
struct aws_role {
	const char *arn;
	const char *session_name;
	const char *external_id;
	const char *mfa_serial;
	unsigned duration_s;
};

/* Appends the role's name in the AWS CLI's cache. What it is taken on from is no part of it. */
void aws_role_key(const struct aws_role *role, struct str *out);

/*
 * Takes the role on with the credentials `source`, asking for the MFA code where one is needed, or
 * with a web identity token; writes the cache. Fills all of *ret but its source.
 */
int aws_role_assume(const struct aws_search *search, const struct aws_role *role,
		    const struct aws_credentials *source, struct aws_credentials *ret,
		    struct error *err);
int aws_role_assume_by_token(const struct aws_search *search, const struct aws_role *role,
			     const struct secret *token, struct aws_credentials *ret,
			     struct error *err);

#endif
