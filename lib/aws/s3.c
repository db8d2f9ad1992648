#include "aws/s3.h"

#include "aws/call.h"
#include "base/cleanup.h"
#include "base/url.h"

#include <string.h>

static const struct aws_operation put_object = {
	.service = AWS_S3, .name = "PutObject", .method = "PUT", .header = "etag"
};

/* "/a/b%20c": slashes of a key are slashes of the path. */
static void add_key_path(struct str *path, const char *key)
{
	str_addc(path, '/');
	while (*key) {
		size_t len = strcspn(key, "/");

		url_encode(path, key, len);
		key += len;
		if (*key)
			str_addc(path, *key++);
	}
}

static void add_encryption(struct strv *headers, const char *kms_key)
{
	if (!kms_key || !*kms_key) {
		strv_add(headers, "x-amz-server-side-encryption: AES256");
		return;
	}
	strv_add(headers, "x-amz-server-side-encryption: aws:kms");
	strv_addf(headers, "x-amz-server-side-encryption-aws-kms-key-id: %s", kms_key);
}

static int object_url(struct aws_client *client, const char *region, const char *bucket,
		      const char *path, struct str *ret_url, struct error *err)
{
	CLEANUP(aws_endpoint_release) struct aws_endpoint endpoint = AWS_ENDPOINT_INIT;

	if (aws_caller_endpoint(aws_client_caller(client), AWS_S3, region, bucket, &endpoint, err) <
	    0)
		return -1;
	str_reset(ret_url);
	str_addf(ret_url, "%s%s%s", endpoint.url.buf, endpoint.path.buf, path);
	return 0;
}

int s3_put_object(struct aws_client *client, const struct s3_put_request *request,
		  struct str *ret_url, struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;
	CLEANUP(strv_release) struct strv headers = STRV_INIT;
	struct aws_input input = {
		.path = NULL,
		.headers = &headers,
		.body = request->body,
		.body_len = request->body_len,
		.bucket = request->bucket,
	};

	add_key_path(&path, request->key);
	input.path = path.buf;
	strv_addf(&headers, "Content-Type: %s",
		  request->content_type ? request->content_type : "application/octet-stream");
	if (request->bucket_owner)
		strv_addf(&headers, "x-amz-expected-bucket-owner: %s", request->bucket_owner);
	add_encryption(&headers, request->kms_key);
	if (aws_call(aws_client_caller(client), &put_object, &input, &reply, err) < 0)
		return -1;
	return object_url(client, reply.region.buf, request->bucket, path.buf, ret_url, err);
}
