#ifndef STACK_TEMPLATE_UPLOAD_H
#define STACK_TEMPLATE_UPLOAD_H

#include "aws/client.h"
#include "base/error.h"
#include "stack/template.h"

/* Where a template that is too large for a request goes. Borrowed; "" or NULL where unset. */
struct template_bucket {
	const char *name;
	const char *kms_key; /* to encrypt with; S3's own without one */
	const char *account; /* that must own the bucket */
};

/*
 * Puts a template of more than TEMPLATE_MAX_BODY_BYTES into the bucket, under a key made of its
 * contents, so that doing it again changes nothing. *ret_url is for TemplateURL; it stays "" where
 * the template can be sent in the request. ERROR_CONFIG without a bucket, and for a template of
 * more than TEMPLATE_MAX_BYTES, before any call.
 */
int template_upload(struct aws_client *client, const struct stack_template *template,
		    const struct template_bucket *bucket, struct str *ret_url, struct error *err);

#endif
