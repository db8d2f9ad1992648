#include "data/digest.h"
#include "sandbox/s3.h"
#include "sandbox_client.h"

/* Calls S3 with a signature of S3's kind; `digest` NULL: that of the body. The HTTP status. */
static int call(struct client *client, const char *method, const char *target, const char *body,
		const char *owner, const char *digest)
{
	CLEANUP(request_release) struct request request = REQUEST_INIT;
	CLEANUP(auth_claim_release) struct auth_claim claim = { .signed_headers = STRV_INIT };
	CLEANUP(str_release) struct str date = STR_INIT;
	CLEANUP(str_release) struct str content = STR_INIT;
	CLEANUP(str_release) struct str signature = STR_INIT;

	request.method = method;
	request.target = target;
	str_adds(&request.body, body);
	digest_sha256_hex(&content, body, strlen(body));
	clock_format_compact(client->now_ms, &date);
	strv_add(&request.headers, "host: 127.0.0.1:1");
	strv_addf(&request.headers, "x-amz-content-sha256: %s", digest ? digest : content.buf);
	strv_addf(&request.headers, "x-amz-date: %s", date.buf);
	strv_addf(&request.headers, "x-amz-expected-bucket-owner: %s", owner);
	claim.date = mem_strndup(date.buf, 8);
	claim.region = mem_strdup(sandbox_region(client->sandbox));
	claim.service = mem_strdup("s3");
	strv_add_all(&claim.signed_headers, "host", "x-amz-content-sha256", "x-amz-date",
		     "x-amz-expected-bucket-owner", NULL);
	auth_sign(&request, &claim, secret_bytes(&client->sandbox->keys[0].secret), &signature);
	strv_addf(&request.headers,
		  "authorization: AWS4-HMAC-SHA256 Credential=%s/%s/%s/s3/aws4_request, "
		  "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-expected-bucket-owner, "
		  "Signature=%s",
		  client->sandbox->keys[0].access_key_id, claim.date, claim.region, signature.buf);
	client_answer(client, &request);
	return client->reply.status;
}

#define MINE "123456789012"

static void keeps_objects_byte_for_byte(void **state)
{
	struct client client;

	(void)state;
	client_open(&client);
	assert_int_equal(call(&client, "PUT", "/team/a%20b/c", "x", MINE, NULL), 404);
	assert_string_equal(client_text(&client, "Code"), "NoSuchBucket");
	assert_int_equal(call(&client, "HEAD", "/team", "", MINE, NULL), 404);
	assert_int_equal(call(&client, "PUT", "/team", "", MINE, NULL), 200);
	assert_int_equal(call(&client, "PUT", "/team", "", MINE, NULL), 409);
	assert_int_equal(call(&client, "HEAD", "/team", "", MINE, NULL), 200);
	assert_int_equal(call(&client, "PUT", "/team/a%20b/c", "\xff<y>\n", MINE, NULL), 200);
	assert_true(strv_has(&client.reply.headers, "x-amz-server-side-encryption: AES256"));
	assert_int_equal(call(&client, "GET", "/team/a%20b/c", "", MINE, NULL), 200);
	assert_string_equal(client.reply.body.buf, "\xff<y>\n");
	assert_int_equal(call(&client, "GET", "/team/a", "", MINE, NULL), 404);
	assert_string_equal(client_text(&client, "Code"), "NoSuchKey");
	client_close(&client);
}

static void refuses_what_s3_refuses(void **state)
{
	static const char digest[] =
		"0000000000000000000000000000000000000000000000000000000000000000";
	struct client client;

	(void)state;
	client_open(&client);
	s3_ensure_bucket(client.sandbox, "team");
	assert_int_equal(call(&client, "PUT", "/team/k", "x", "999999999999", NULL), 403);
	assert_string_equal(client_text(&client, "Code"), "AccessDenied");
	assert_int_equal(call(&client, "PUT", "/team/k", "x", MINE, digest), 400);
	assert_string_equal(client_text(&client, "Code"), "XAmzContentSHA256Mismatch");
	assert_int_equal(call(&client, "DELETE", "/team/k", "", MINE, NULL), 400);
	assert_int_equal(call(&client, "GET", "/team/k", "", MINE, NULL), 404);
	client_close(&client);
}

static void reads_objects_by_url(void **state)
{
	static const struct {
		const char *url, *want;
	} rows[] = {
		{ "http://127.0.0.1:1/team/dir/k", "x" },
		{ "https://team.s3.eu-west-1.amazonaws.com/dir/k", "x" },
		{ "https://s3.eu-west-1.amazonaws.com/team/dir/k", "x" },
		{ "https://team.s3.eu-west-1.amazonaws.com/k", NULL },
		{ "https://other.s3.eu-west-1.amazonaws.com/dir/k", NULL },
		{ "team/dir/k", NULL },
	};
	struct client client;

	(void)state;
	client_open(&client);
	s3_ensure_bucket(client.sandbox, "team");
	assert_int_equal(call(&client, "PUT", "/team/dir/k", "x", MINE, NULL), 200);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str out = STR_INIT;
		int result = s3_read_url(client.sandbox, rows[i].url, &out, &err);

		assert_int_equal(result, rows[i].want ? 0 : -1);
		assert_string_equal(out.buf, rows[i].want ? rows[i].want : "");
	}
	client_close(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_objects_byte_for_byte),
		cmocka_unit_test(refuses_what_s3_refuses),
		cmocka_unit_test(reads_objects_by_url),
	};

	return cmocka_run_group_tests_name("sandbox_s3", tests, NULL, NULL);
}
