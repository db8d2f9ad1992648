#ifndef AWS_STS_H
#define AWS_STS_H

#include "aws/client.h"

/* Who the credentials belong to (STS GetCallerIdentity). */
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

#endif
