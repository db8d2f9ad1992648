#ifndef AWS_S3_H
#define AWS_S3_H

#include "aws/client.h"

#include <stddef.h>

/*
 * An object to store (PutObject). Borrowed; NULL where there is none. bucket_owner: the account
 * that must own the bucket, so that nothing goes to a stranger's bucket of that name. kms_key: the
 * key to encrypt with; without one S3's own, AES256.
 */
struct s3_put_request {
	const char *bucket;
	const char *key;
	const char *body;
	size_t body_len;
	const char *content_type;
	const char *bucket_owner;
	const char *kms_key;
};

/*
 * Stores an object, encrypted, replacing one of that key; doing it twice does no harm. *ret_url is
 * its https URL in the bucket's own region, which may be another than the client's, as
 * CloudFormation's TemplateURL wants it. A missing bucket has the code "NoSuchBucket", a stranger's
 * "AccessDenied".
 */
int s3_put_object(struct aws_client *client, const struct s3_put_request *request,
		  struct str *ret_url, struct error *err);

#endif
