#ifndef AWS_S3_H
#define AWS_S3_H

#include "aws/client.h"

#include <stddef.h>

/*
 * An object to store (PutObject). Borrowed; NULL where there is none. bucket_owner: the account
 * that must own the bucket, so that nothing goes to a stranger's bucket of that name.
 */
struct s3_put_request {
	const char *bucket;
	const char *key;
	const char *body;
	size_t body_len;
	const char *content_type;
	const char *bucket_owner;
};

/* Stores an object, replacing one of that key; doing it twice does no harm. */
int s3_put_object(struct aws_client *client, const struct s3_put_request *request,
		  struct error *err);

/* The https URL of an object in the client's region, as CloudFormation's TemplateURL wants it. */
int s3_object_url(struct aws_client *client, const char *bucket, const char *key,
		  struct str *ret_url, struct error *err);

#endif
