#ifndef AWS_CREDENTIALS_H
#define AWS_CREDENTIALS_H

#include "base/secret.h"
#include "base/str.h"

#include <stdint.h>

/*
 * One set of AWS credentials and where it came from.
 *
 * access_key_id and account_id are names, not secrets. expires_ms: wall clock, 0 where they do not
 * end. source: for people, such as "environment" or "profile 'dev' (~/.aws/credentials)".
 */
struct aws_credentials {
	struct str access_key_id;
	struct secret secret_key;
	struct secret session_token;
	int64_t expires_ms;
	struct str account_id;
	struct str source;
};

#define AWS_CREDENTIALS_INIT                                                                       \
	{                                                                                          \
		.access_key_id = STR_INIT, .secret_key = SECRET_INIT,                              \
		.session_token = SECRET_INIT, .account_id = STR_INIT, .source = STR_INIT           \
	}

void aws_credentials_release(struct aws_credentials *credentials);
void aws_credentials_copy(struct aws_credentials *to, const struct aws_credentials *from);

#endif
