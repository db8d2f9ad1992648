#ifndef AWS_STS_H
#define AWS_STS_H

#include "aws/client.h"
#include "aws/credentials.h"
#include "base/secret.h"

/* STS, API version 2011-06-15. */

/* Who the credentials belong to (GetCallerIdentity). */
struct sts_identity {
	struct str account;
	struct str arn;
	struct str user_id;
};

#define STS_IDENTITY_INIT                                                                          \
	{                                                                                          \
		.account = STR_INIT, .arn = STR_INIT, .user_id = STR_INIT                          \
	}

void sts_identity_release(struct sts_identity *identity);

int sts_get_caller_identity(struct aws_client *client, struct sts_identity *ret_identity,
			    struct error *err);

/*
 * Which role is to be taken on. Borrowed; NULL where there is none. token_code: of the MFA device
 * serial_number. web_identity_token: of an OIDC provider. duration_s: 0 for the role's own.
 */
struct sts_role_request {
	const char *role_arn;
	const char *session_name;
	const char *external_id;
	const char *serial_number;
	const struct secret *token_code;
	const struct secret *web_identity_token;
	unsigned duration_s;
};

/* A role that was taken on. The credentials' source and account are the caller's to fill in. */
struct sts_role {
	struct aws_credentials credentials;
	struct str assumed_role_id;
	struct str arn;
};

#define STS_ROLE_INIT                                                                              \
	{                                                                                          \
		.credentials = AWS_CREDENTIALS_INIT, .assumed_role_id = STR_INIT, .arn = STR_INIT  \
	}

void sts_role_release(struct sts_role *role);

/* Takes a role on with the caller's credentials, or, unsigned, with a web identity token. */
struct aws_caller;
int sts_assume_role(struct aws_caller *caller, const struct sts_role_request *request,
		    struct sts_role *ret, struct error *err);
int sts_assume_role_with_web_identity(struct aws_caller *caller,
				      const struct sts_role_request *request, struct sts_role *ret,
				      struct error *err);

#endif
