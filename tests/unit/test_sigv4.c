/*
 * The vectors of aws-c-auth (awslabs/aws-c-auth, tests/aws-signing-test-suite/v4), read from the
 * conformance folder, and the examples of the S3 API reference, whose values stand below.
 */
#include "aws/sigv4.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "test.h"
#include "vectors.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SUITE_TIME_MS 1440938160000 /* 2015-08-30T12:36:00Z */
#define S3_TIME_MS    1369353600000 /* 2013-05-24T00:00:00Z */
#define EMPTY_HASH    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* One row of the manifest, and the request that its folder holds. */
struct vector {
	struct str folder;
	struct sigv4_options options;
	struct aws_credentials credentials;
	struct str text; /* of request.txt; the request points into it and its lines */
	struct strv lines;
	struct strv headers;
	struct sigv4_request request;
};

#define VECTOR_INIT                                                                                \
	{                                                                                          \
		.folder = STR_INIT, .credentials = AWS_CREDENTIALS_INIT, .text = STR_INIT          \
	}

static void vector_release(struct vector *vector)
{
	str_release(&vector->folder);
	aws_credentials_release(&vector->credentials);
	strv_release(&vector->headers);
	strv_release(&vector->lines);
	str_release(&vector->text);
}

static bool read_file(const char *folder, const char *name, struct str *ret_text)
{
	CLEANUP(str_release) struct str path = STR_INIT;
	CLEANUP_FILE FILE *file = NULL;
	char chunk[4096];
	size_t len;

	str_addf(&path, "%s/%s", folder, name);
	file = fopen(path.buf, "re");
	while (file && (len = fread(chunk, 1, sizeof(chunk), file)) > 0)
		str_add(ret_text, chunk, len);
	return file;
}

static bool read_conformance(const char *name, struct str *ret_text)
{
	return read_file(vectors_dir(), name, ret_text);
}

static void set_credentials(struct aws_credentials *credentials, const char *id, const char *key,
			    const char *token)
{
	str_adds(&credentials->access_key_id, id);
	secret_sets(&credentials->secret_key, key);
	secret_sets(&credentials->session_token, token);
}

/* The target's path may hold blanks: it ends at the last one. */
static void read_target(struct vector *vector, char *line)
{
	char *target = strchr(line, ' ');
	char *end = strrchr(line, ' ');
	char *query;

	assert(target && end);
	*target++ = '\0';
	*end = '\0';
	query = strchr(target, '?');
	if (query)
		*query++ = '\0';
	vector->request.method = line;
	vector->request.path = target;
	vector->request.query = query;
}

/* A line that begins with a blank goes on with the header before it. */
static void add_header_line(struct strv *headers, const char *line)
{
	char *folded;

	if (line[0] != ' ' && line[0] != '\t') {
		strv_add(headers, line);
		return;
	}
	folded = mem_printf("%s\n%s", headers->v[headers->count - 1], line);
	free(headers->v[headers->count - 1]);
	headers->v[headers->count - 1] = folded;
}

static void read_request(struct vector *vector)
{
	char *body;

	assert_true(read_file(vector->folder.buf, "request.txt", &vector->text));
	body = strstr(vector->text.buf, "\n\n");
	if (body) {
		*body = '\0';
		vector->request.body = body + 2;
		vector->request.body_len = strlen(body + 2);
	}
	strv_split(&vector->lines, vector->text.buf, "\n");
	read_target(vector, vector->lines.v[0]);
	for (size_t i = 1; i < vector->lines.count; i++)
		add_header_line(&vector->headers, vector->lines.v[i]);
	vector->request.headers = &vector->headers;
}

/* dir, normalize, double_encode, sign_body, token, omit_token, has_body */
static void read_vector(struct vector *vector, const char *row)
{
	CLEANUP(strv_release) struct strv fields = STRV_INIT;

	strv_split(&fields, row, "\t");
	assert_int_equal(fields.count, 7);
	str_addf(&vector->folder, "%s/sigv4/%s", vectors_dir(), fields.v[0]);
	vector->options = (struct sigv4_options){
		.region = "us-east-1",
		.service = "service",
		.time_ms = SUITE_TIME_MS,
		.normalize = fields.v[1][0] == '1',
		.double_encode = fields.v[2][0] == '1',
		.sign_body = fields.v[3][0] == '1',
		.omit_token = fields.v[5][0] == '1',
		.expires_s = 3600,
	};
	set_credentials(&vector->credentials, "AKIDEXAMPLE",
			"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
			strcmp(fields.v[4], "-") == 0 ? NULL : fields.v[4]);
	read_request(vector);
}

static void assert_file(const struct vector *vector, const char *name, const struct str *got)
{
	CLEANUP(str_release) struct str want = STR_INIT;

	assert_true(read_file(vector->folder.buf, name, &want));
	if (strcmp(want.buf, got->buf) != 0)
		fail_msg("%s/%s:\n%s\n-- got:\n%s", vector->folder.buf, name, want.buf, got->buf);
}

static void check_header_form(const struct vector *vector)
{
	CLEANUP(sigv4_release) struct sigv4 steps = SIGV4_INIT;
	CLEANUP(strv_wipe) struct strv headers = STRV_INIT;
	CLEANUP(str_release) struct str tail = STR_INIT;

	sigv4_sign(&vector->request, &vector->options, &vector->credentials, &headers, &steps);
	assert_file(vector, "header-canonical-request.txt", &steps.canonical_request);
	assert_file(vector, "header-string-to-sign.txt", &steps.string_to_sign);
	assert_file(vector, "header-signature.txt", &steps.signature);
	str_addf(&tail, ", Signature=%s", steps.signature.buf);
	assert_non_null(strstr(headers.v[headers.count - 1], tail.buf));
}

static void check_query_form(const struct vector *vector)
{
	CLEANUP(sigv4_release) struct sigv4 steps = SIGV4_INIT;
	CLEANUP(str_wipe) struct str query = STR_INIT;
	CLEANUP(str_release) struct str tail = STR_INIT;

	sigv4_presign(&vector->request, &vector->options, &vector->credentials, &query, &steps);
	assert_file(vector, "query-canonical-request.txt", &steps.canonical_request);
	assert_file(vector, "query-string-to-sign.txt", &steps.string_to_sign);
	assert_file(vector, "query-signature.txt", &steps.signature);
	str_addf(&tail, "&X-Amz-Signature=%s", steps.signature.buf);
	assert_true(str_ends_with(&query, tail.buf));
}

/* Runs `check` over the rows whose folder is there; returns how many. */
static size_t check_vectors(void (*check)(const struct vector *vector))
{
	CLEANUP(str_release) struct str manifest = STR_INIT;
	CLEANUP(strv_release) struct strv rows = STRV_INIT;
	size_t count = 0;

	vectors_need("sigv4/manifest.tsv");
	assert_true(read_conformance("sigv4/manifest.tsv", &manifest));
	strv_split(&rows, manifest.buf, "\n");
	for (size_t i = 1; i < rows.count; i++) {
		CLEANUP(vector_release)
		struct vector vector = { .folder = STR_INIT, .credentials = AWS_CREDENTIALS_INIT };

		if (strncmp(rows.v[i], "v4/", 3) != 0)
			continue;
		read_vector(&vector, rows.v[i]);
		check(&vector);
		count++;
	}
	return count;
}

static void signs_every_vector_in_the_header_form(void **state)
{
	size_t count = check_vectors(check_header_form);

	(void)state;
	print_message("# SigV4, header form: %zu/38 vectors\n", count);
	assert_int_equal(count, 38);
}

static void signs_every_vector_in_the_query_form(void **state)
{
	size_t count = check_vectors(check_query_form);

	(void)state;
	print_message("# SigV4, query form: %zu/38 vectors\n", count);
	assert_int_equal(count, 38);
}

/*
 * Amazon S3 API Reference, "Signature Calculations for the Authorization Header: Transferring
 * Payload in a Single Chunk" (sig-v4-header-based-auth), its four examples.
 */
static const struct {
	const char *method, *path, *query, *body, *signature;
	const char *headers[4];
} s3_examples[] = {
	{ "GET",
	  "/test.txt",
	  NULL,
	  "",
	  "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
	  { "Host: examplebucket.s3.amazonaws.com", "Range: bytes=0-9" } },
	{ "PUT",
	  "/test%24file.text",
	  NULL,
	  "Welcome to Amazon S3.",
	  "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
	  { "Date: Fri, 24 May 2013 00:00:00 GMT", "Host: examplebucket.s3.amazonaws.com",
	    "x-amz-storage-class: REDUCED_REDUNDANCY" } },
	{ "GET",
	  "/",
	  "lifecycle",
	  "",
	  "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
	  { "Host: examplebucket.s3.amazonaws.com" } },
	{ "GET",
	  "/",
	  "max-keys=2&prefix=J",
	  "",
	  "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
	  { "Host: examplebucket.s3.amazonaws.com" } },
};

#define S3_EXAMPLES (sizeof(s3_examples) / sizeof(s3_examples[0]))

static void set_s3_credentials(struct aws_credentials *credentials)
{
	set_credentials(credentials, "AKIAIOSFODNN7EXAMPLE",
			"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", NULL);
}

static void signs_the_examples_of_the_s3_reference(void **state)
{
	static const struct sigv4_options options = {
		.region = "us-east-1", .service = "s3", .time_ms = S3_TIME_MS, .sign_body = true
	};
	CLEANUP(aws_credentials_release) struct aws_credentials credentials = AWS_CREDENTIALS_INIT;

	(void)state;
	set_s3_credentials(&credentials);
	for (size_t i = 0; i < S3_EXAMPLES; i++) {
		CLEANUP(sigv4_release) struct sigv4 steps = SIGV4_INIT;
		CLEANUP(strv_release) struct strv headers = STRV_INIT;
		CLEANUP(strv_wipe) struct strv signing = STRV_INIT;
		struct sigv4_request request = {
			.method = s3_examples[i].method,
			.path = s3_examples[i].path,
			.query = s3_examples[i].query,
			.headers = &headers,
			.body = s3_examples[i].body,
			.body_len = strlen(s3_examples[i].body),
		};

		for (size_t j = 0; s3_examples[i].headers[j]; j++)
			strv_add(&headers, s3_examples[i].headers[j]);
		sigv4_sign(&request, &options, &credentials, &signing, &steps);
		assert_string_equal(steps.signature.buf, s3_examples[i].signature);
	}
	print_message("# SigV4, S3 reference, header form: %zu/4 examples\n", S3_EXAMPLES);
}

/* Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters", its example. */
static void presigns_the_example_of_the_s3_reference(void **state)
{
	static const struct sigv4_options options = {
		.region = "us-east-1", .service = "s3", .time_ms = S3_TIME_MS, .expires_s = 86400
	};
	CLEANUP(aws_credentials_release) struct aws_credentials credentials = AWS_CREDENTIALS_INIT;
	CLEANUP(sigv4_release) struct sigv4 steps = SIGV4_INIT;
	CLEANUP(strv_release) struct strv headers = STRV_INIT;
	CLEANUP(str_wipe) struct str query = STR_INIT;
	struct sigv4_request request = { .method = "GET",
					 .path = "/test.txt",
					 .headers = &headers,
					 .payload_hash = "UNSIGNED-PAYLOAD" };

	(void)state;
	set_s3_credentials(&credentials);
	strv_add(&headers, "Host: examplebucket.s3.amazonaws.com");
	sigv4_presign(&request, &options, &credentials, &query, &steps);
	assert_string_equal(steps.signature.buf,
			    "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
	print_message("# SigV4, S3 reference, query form: 1/1 example\n");
}

/* What no published vector covers: each row's canonical path and query. */
static void canonicalises_paths_and_queries(void **state)
{
	static const struct {
		bool is_s3;
		const char *path, *query, *want_path, *want_query;
	} rows[] = {
		{ false, "", NULL, "/", "" },
		{ false, "/a%20b", NULL, "/a%2520b", "" },
		{ true, "/a%20b", NULL, "/a%20b", "" },
		{ true, "/a b", NULL, "/a%20b", "" },
		{ true, "//a/./b/../c", NULL, "//a/./b/../c", "" },
		{ true, "/%c3%a9", NULL, "/%C3%A9", "" },
		{ true, "/100%", NULL, "/100%25", "" },
		{ false, "/a/..//b/", NULL, "/b/", "" },
		{ false, "/../..", NULL, "/", "" },
		{ false, "/", "b=2&a=1&a=0", "/", "a=0&a=1&b=2" },
		{ false, "/", "a+b=c+d", "/", "a%2Bb=c%2Bd" },
		{ false, "/", "a=b=c&&d", "/", "a=b%3Dc&d=" },
		{ false, "/", "a=%7e%2F&X-Amz-Signature=00", "/", "a=~%2F" },
	};
	CLEANUP(secret_release) struct secret key = SECRET_INIT;
	CLEANUP(strv_release) struct strv headers = STRV_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(sigv4_release) struct sigv4 steps = SIGV4_INIT;
		CLEANUP(str_release) struct str want = STR_INIT;
		struct sigv4_options options = { .region = "r",
						 .service = "s",
						 .normalize = !rows[i].is_s3,
						 .double_encode = !rows[i].is_s3 };
		struct sigv4_request request = { .method = "GET",
						 .path = rows[i].path,
						 .query = rows[i].query,
						 .headers = &headers };

		sigv4_compute(&request, &options, NULL, &key, &steps);
		str_addf(&want, "GET\n%s\n%s\n\n\n" EMPTY_HASH, rows[i].want_path,
			 rows[i].want_query);
		assert_string_equal(steps.canonical_request.buf, want.buf);
	}
}

static void counts_only_the_headers_that_were_signed(void **state)
{
	static const struct sigv4_options options = { .region = "r", .service = "s" };
	CLEANUP(secret_release) struct secret key = SECRET_INIT;
	CLEANUP(strv_release) struct strv headers = STRV_INIT;
	CLEANUP(sigv4_release) struct sigv4 steps = SIGV4_INIT;
	struct sigv4_request request = { .method = "GET", .path = "/", .headers = &headers };

	(void)state;
	strv_add_all(&headers, "Host: h", "User-Agent: u", "X-Added: by a proxy", "No colon", NULL);
	sigv4_compute(&request, &options, "host;user-agent", &key, &steps);
	assert_string_equal(steps.signed_headers.buf, "host;user-agent");
	sigv4_compute(&request, &options, NULL, &key, &steps);
	assert_string_equal(steps.signed_headers.buf, "host;x-added");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_every_vector_in_the_header_form),
		cmocka_unit_test(signs_every_vector_in_the_query_form),
		cmocka_unit_test(signs_the_examples_of_the_s3_reference),
		cmocka_unit_test(presigns_the_example_of_the_s3_reference),
		cmocka_unit_test(canonicalises_paths_and_queries),
		cmocka_unit_test(counts_only_the_headers_that_were_signed),
	};

	return cmocka_run_group_tests_name("sigv4", tests, NULL, NULL);
}
