/* S3, API version 2006-03-01: buckets by path, objects in one piece. */
#include "sandbox/s3.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "base/url.h"
#include "data/digest.h"
#include "data/json.h"
#include "sandbox/document.h"

#include <string.h>

/* ---- the account's buckets: {"Buckets": {NAME: {KEY: {"Body": base64, "ETag": ...}}}} ---- */

static json_t *find_bucket(struct sandbox *sandbox, const char *name, struct error *err)
{
	json_t *bucket = json_object_get(sandbox_map(sandbox, "Buckets"), name);

	if (!bucket)
		(void)refuse(err, "NoSuchBucket", "The specified bucket does not exist");
	return bucket;
}

static json_t *find_object(struct sandbox *sandbox, const char *bucket, const char *key,
			   struct error *err)
{
	json_t *there = find_bucket(sandbox, bucket, err);
	json_t *object = json_object_get(there, key);

	if (there && !object)
		(void)refuse(err, "NoSuchKey", "The specified key does not exist.");
	return object;
}

void s3_ensure_bucket(struct sandbox *sandbox, const char *name)
{
	json_t *buckets = sandbox_map(sandbox, "Buckets");

	if (json_object_get(buckets, name))
		return;
	(void)json_object_set_new(buckets, name, json_object());
	sandbox->is_changed = true;
}

static void split_path(struct slice path, struct str *ret_bucket, struct str *ret_key)
{
	CLEANUP_FREE char *text = slice_dup(path);
	size_t start = strspn(text, "/"), len = strcspn(text + start, "/");

	url_decode(ret_bucket, text + start, len);
	start += len;
	start += text[start] == '/' ? 1 : 0;
	url_decode(ret_key, text + start, strlen(text + start));
}

/* A host that begins with a bucket's name, as S3's own hosts do. */
static void take_host_bucket(const char *host, struct str *bucket, struct str *key)
{
	const char *tail = strstr(host, ".s3");

	if (!tail || (tail[3] != '.' && tail[3] != '-'))
		return;
	if (key->len) {
		CLEANUP(str_release) struct str whole = STR_INIT;

		str_addf(&whole, "%s/%s", bucket->buf, key->buf);
		str_reset(key);
		str_adds(key, whole.buf);
	} else {
		str_adds(key, bucket->buf);
	}
	str_reset(bucket);
	str_add(bucket, host, (size_t)(tail - host));
}

int s3_read_url(struct sandbox *sandbox, const char *url, struct str *out, struct error *err)
{
	CLEANUP(str_release) struct str host = STR_INIT;
	CLEANUP(str_release) struct str bucket = STR_INIT;
	CLEANUP(str_release) struct str key = STR_INIT;
	const char *scheme = strstr(url, "://");
	const char *path = scheme ? strchr(scheme + 3, '/') : NULL;
	const char *body;

	if (!path)
		return refuse(err, "ValidationError",
			      "TemplateURL must be a supported URL, but '%s' is none.", url);
	url_host(url, &host);
	split_path((struct slice){ path, strcspn(path, "?#") }, &bucket, &key);
	take_host_bucket(host.buf, &bucket, &key);
	body = json_text(find_object(sandbox, bucket.buf, key.buf, err), "Body");
	if (!body)
		return error_wrap(err, "S3 error");
	(void)base64_decode(out, body, strlen(body));
	return 0;
}

/* ---- operations ---- */

/* Nothing goes to a stranger's bucket (S3 user guide, "Verifying bucket ownership"). */
static int check_owner(const struct call *call, struct error *err)
{
	const char *owner = json_text(call->input, "x-amz-expected-bucket-owner");

	if (!owner || strcmp(owner, sandbox_account(call->sandbox)) == 0)
		return 0;
	return refuse(err, "AccessDenied", "Access Denied");
}

static json_t *describe_object(const json_t *object, bool with_body)
{
	json_t *headers = json_object();
	json_t *result = json_pack("{s:o}", "Headers", headers);

	(void)json_object_update(headers, json_object_get(object, "Headers"));
	if (with_body)
		(void)json_object_set(result, "Body", json_object_get(object, "Body"));
	return result;
}

static json_t *put_object(struct call *call, struct error *err)
{
	json_t *bucket = find_bucket(call->sandbox, json_text(call->input, "Bucket"), err);
	const char *encryption = json_text(call->input, "x-amz-server-side-encryption");
	const char *body = json_text(call->input, "Body");
	CLEANUP(str_release) struct str hash = STR_INIT;
	json_t *object;

	if (!bucket || check_owner(call, err) < 0)
		return NULL;
	digest_sha256_hex(&hash, body, strlen(body));
	str_cut(&hash, 32);
	object = json_pack("{s:s, s:{s:o, s:s}}", "Body", body, "Headers", "ETag",
			   json_sprintf("\"%s\"", hash.buf), "x-amz-server-side-encryption",
			   encryption ? encryption : "AES256");
	(void)json_object_set_new(bucket, json_text(call->input, "Key"), object);
	call->sandbox->is_changed = true;
	return describe_object(object, false);
}

static json_t *get_object(struct call *call, struct error *err)
{
	const json_t *object = find_object(call->sandbox, json_text(call->input, "Bucket"),
					   json_text(call->input, "Key"), err);

	if (!object || check_owner(call, err) < 0)
		return NULL;
	return describe_object(object, true);
}

static json_t *create_bucket(struct call *call, struct error *err)
{
	const char *name = json_text(call->input, "Bucket");

	if (json_object_get(sandbox_map(call->sandbox, "Buckets"), name)) {
		(void)refuse(err, "BucketAlreadyOwnedByYou",
			     "Your previous request to create the named bucket succeeded and you "
			     "already own it.");
		return NULL;
	}
	s3_ensure_bucket(call->sandbox, name);
	return json_pack("{s:{s:o}}", "Headers", "Location", json_sprintf("/%s", name));
}

static json_t *head_bucket(struct call *call, struct error *err)
{
	if (!find_bucket(call->sandbox, json_text(call->input, "Bucket"), err) ||
	    check_owner(call, err) < 0)
		return NULL;
	return json_pack("{s:{s:s}}", "Headers", "x-amz-bucket-region",
			 sandbox_region(call->sandbox));
}

/* ---- which operation a request is ---- */

static void take_headers(const struct request *request, json_t *input)
{
	for (size_t i = 0; i < request->headers.count; i++) {
		const char *header = request->headers.v[i];
		CLEANUP_FREE char *name = mem_strndup(header, strcspn(header, ":"));

		if (strncmp(name, "x-amz-", 6) == 0)
			document_set_text(input, name, request_header(request, name));
	}
}

static const char *route(const struct request *request, json_t **ret_input)
{
	static const struct {
		const char *method;
		bool has_key;
		const char *operation;
	} rows[] = {
		{ "PUT", true, "PutObject" },	 { "GET", true, "GetObject" },
		{ "HEAD", true, "HeadObject" },	 { "PUT", false, "CreateBucket" },
		{ "HEAD", false, "HeadBucket" },
	};
	CLEANUP(str_release) struct str bucket = STR_INIT;
	CLEANUP(str_release) struct str key = STR_INIT;
	CLEANUP(str_release) struct str body = STR_INIT;

	split_path((struct slice){ request->target, strcspn(request->target, "?") }, &bucket, &key);
	base64_encode(&body, request->body.buf, request->body.len);
	*ret_input = json_pack("{s:s, s:s, s:s}", "Bucket", bucket.buf, "Key", key.buf, "Body",
			       body.buf);
	if (!*ret_input)
		return NULL;
	take_headers(request, *ret_input);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].method, request->method) == 0 && rows[i].has_key == !!key.len)
			return rows[i].operation;
	}
	return NULL;
}

static const struct operation operations[] = {
	{ "CreateBucket", create_bucket, false }, { "GetObject", get_object, false },
	{ "HeadBucket", head_bucket, false },	  { "HeadObject", get_object, false },
	{ "PutObject", put_object, false },
};

const struct service service_s3 = {
	.signing_name = "s3",
	.protocol = PROTOCOL_REST_XML,
	.route = route,
	.operations = operations,
	.operation_count = sizeof(operations) / sizeof(operations[0]),
};
