#include "stack/template_upload.h"

#include "aws/s3.h"
#include "base/cleanup.h"
#include "data/digest.h"

static bool has_text(const char *text)
{
	return text && *text;
}

static int check_size(const struct stack_template *template, const struct template_bucket *bucket,
		      struct error *err)
{
	size_t len = template->body.len;

	if (len > TEMPLATE_MAX_BYTES) {
		error_set(err, ERROR_CONFIG,
			  "template has %zu bytes, and CloudFormation takes at most %d", len,
			  TEMPLATE_MAX_BYTES);
		return error_fix(err, "split it into nested stacks");
	}
	if (has_text(bucket->name))
		return 0;
	error_set(err, ERROR_CONFIG,
		  "template has %zu bytes: more than %d go through a bucket, and none is set", len,
		  TEMPLATE_MAX_BODY_BYTES);
	return error_fix(err, "name a bucket of your account as stack.bucket in deployer.yml");
}

static int explain(const struct template_bucket *bucket, struct error *err)
{
	if (error_has_code(err, "NoSuchBucket")) {
		error_become(err, ERROR_CONFIG);
		error_fix(err, "make the bucket '%s', or name another one as stack.bucket",
			  bucket->name);
	}
	/* S3 says the same of a stranger's bucket and of a missing permission. */
	if (error_has_code(err, "AccessDenied") && has_text(bucket->account))
		return error_wrap(err, "uploading the template to '%s', which must be account %s's",
				  bucket->name, bucket->account);
	return error_wrap(err, "uploading the template to '%s'", bucket->name);
}

int template_upload(struct aws_client *client, const struct stack_template *template,
		    const struct template_bucket *bucket, struct str *ret_url, struct error *err)
{
	CLEANUP(str_release) struct str key = STR_INIT;
	struct s3_put_request request = {
		.bucket = bucket->name,
		.body = template->body.buf,
		.body_len = template->body.len,
		.content_type = "text/plain; charset=utf-8",
		.bucket_owner = has_text(bucket->account) ? bucket->account : NULL,
		.kms_key = bucket->kms_key,
	};

	if (template->body.len <= TEMPLATE_MAX_BODY_BYTES)
		return 0;
	if (check_size(template, bucket, err) < 0)
		return -1;
	str_adds(&key, "deployer/");
	digest_sha256_hex(&key, template->body.buf, template->body.len);
	str_adds(&key, ".template");
	request.key = key.buf;
	return s3_put_object(client, &request, ret_url, err) < 0 ? explain(bucket, err) : 0;
}
