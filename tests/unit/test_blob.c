#include "base/cleanup.h"
#include "base/slice.h"
#include "canned_http.h"
#include "data/digest.h"
#include "docker/blob.h"
#include "test.h"

#include <string.h>

#define URL	"https://r.example"
#define BLOBS	URL "/v2/team/app/blobs/"
#define UPLOADS BLOBS "uploads/"
#define ABSENT	"sha256:7f5e8a4ef1c1e9a8fee55ac9a23c5fa2ce6ed2c4b0b1ad6e3d5d5d5d5d5d5d5d"
#define BYTES	"some bytes of a layer"

static struct registry make_registry(struct canned_http *canned)
{
	static const struct secret none = SECRET_INIT;

	return (struct registry){
		.http = &canned->http, .url = URL, .username = "AWS", .password = &none
	};
}

/* The digest of BYTES as it stands in a query, computed here so that no constant can be wrong. */
static void add_digest(struct str *out, const char *between)
{
	str_addf(out, "sha256%s", between);
	digest_sha256_hex(out, BYTES, strlen(BYTES));
}

static void tells_whether_there_is_a_blob(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "HEAD", BLOBS ABSENT, 200, "content-length: 42", NULL },
		{ "HEAD", BLOBS ABSENT, 307, "location: https://elsewhere.example/", NULL },
		{ "HEAD", BLOBS ABSENT, 404, NULL, NULL },
		{ "HEAD", BLOBS ABSENT, 401, NULL, NULL },
	};
	struct canned_http canned = CANNED(exchanges);
	struct registry registry = make_registry(&canned);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	bool is_there = false;
	uint64_t size = 1;

	(void)state;
	assert_int_equal(blob_exists(&registry, "team/app", ABSENT, &is_there, &size, &err), 0);
	assert_true(is_there);
	assert_int_equal(size, 42);
	assert_int_equal(blob_exists(&registry, "team/app", ABSENT, &is_there, &size, &err), 0);
	assert_true(is_there);
	assert_int_equal(size, 0);
	assert_int_equal(blob_exists(&registry, "team/app", ABSENT, &is_there, &size, &err), 0);
	assert_false(is_there);
	assert_int_equal(blob_exists(&registry, "team/app", ABSENT, &is_there, &size, &err), -1);
	assert_true(error_has_code(&err, "NoCredentials"));
	canned_release(&canned);
}

static void mounts_or_closes_what_was_opened_instead(void **state)
{
#define QUERY                                                                                      \
	"?mount=sha256%3A7f5e8a4ef1c1e9a8fee55ac9a23c5fa2ce6ed2c4b0b1ad6e3d5d5d5d5d5d5d5d&from="   \
	"base"
	static const struct canned_exchange exchanges[] = {
		{ "POST", UPLOADS QUERY, 201, NULL, NULL },
		{ "POST", UPLOADS QUERY, 202, "location: /v2/team/app/blobs/uploads/1?s=x", NULL },
		{ "DELETE", UPLOADS "1?s=x", 405, NULL, NULL },
	};
	struct canned_http canned = CANNED(exchanges);
	struct registry registry = make_registry(&canned);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	bool is_mounted = false;

	(void)state;
	assert_int_equal(blob_mount(&registry, "team/app", ABSENT, "base", &is_mounted, &err), 0);
	assert_true(is_mounted);
	assert_int_equal(blob_mount(&registry, "team/app", ABSENT, "base", &is_mounted, &err), 0);
	assert_false(is_mounted);
	assert_int_equal(canned.next, canned.count);
	canned_release(&canned);
}

/* ECR sends to S3, which must not be shown the registry's credentials. */
static void follows_to_another_host_without_credentials(void **state)
{
	CLEANUP(str_release) struct str digest = STR_INIT;
	CLEANUP(str_release) struct str url = STR_INIT;
	CLEANUP(str_release) struct str bytes = STR_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	add_digest(&digest, ":");
	str_addf(&url, "%s%s", BLOBS, digest.buf);
	{
		const struct canned_exchange exchanges[] = {
			{ "GET", url.buf, 307, "location: https://s3.example/b?sig=1", NULL },
			{ "GET", "https://s3.example/b?sig=1", 200, NULL, BYTES },
			{ "GET", url.buf, 200, NULL, "other bytes" },
		};
		struct canned_http canned = CANNED(exchanges);
		struct registry registry = make_registry(&canned);

		assert_int_equal(blob_get(&registry, "team/app", digest.buf, &bytes, &err), 0);
		assert_string_equal(bytes.buf, BYTES);
		assert_string_equal(canned_header(&canned, "Authorization"), "");
		assert_int_equal(blob_get(&registry, "team/app", digest.buf, &bytes, &err), -1);
		assert_int_equal(err.kind, ERROR_REMOTE);
		assert_true(*canned_header(&canned, "Authorization"));
		canned_release(&canned);
	}
}

static ssize_t give(void *ctx, char *buf, size_t max)
{
	struct slice *left = ctx;
	size_t n = left->n < max ? left->n : max;

	memcpy(buf, left->p, n);
	*left = (struct slice){ left->p + n, left->n - n };
	return (ssize_t)n;
}

static ssize_t give_up(void *ctx, char *buf, size_t max)
{
	(void)ctx;
	(void)buf;
	(void)max;
	return -1;
}

static const char *digest_of(void *ctx)
{
	assert_int_equal(((struct slice *)ctx)->n, 0);
	return ABSENT;
}

static void streams_a_blob_and_names_it_at_the_end(void **state)
{
#define AT_END "digest=sha256%3A7f5e8a4ef1c1e9a8fee55ac9a23c5fa2ce6ed2c4b0b1ad6e3d5d5d5d5d5d5d5d"
	static const struct canned_exchange exchanges[] = {
		{ "POST", UPLOADS, 202, "location: /v2/team/app/blobs/uploads/1?s=x", NULL },
		/* ECR says 201, and not always where to go on. */
		{ "PATCH", UPLOADS "1?s=x", 201, NULL, NULL },
		{ "PUT", UPLOADS "1?s=x&" AT_END, 201, "docker-content-digest: " ABSENT, NULL },
		{ "POST", UPLOADS, 202, "location: " UPLOADS "2", NULL },
		{ "PATCH", UPLOADS "2", 202, "location: " UPLOADS "3", NULL },
		{ "PUT", UPLOADS "3?" AT_END, 201, "docker-content-digest: sha256:0", NULL },
	};
	struct canned_http canned = CANNED(exchanges);
	struct registry registry = make_registry(&canned);
	struct slice left = slice_of(BYTES);
	struct blob_upload upload = { "team/app", give, digest_of, &left };
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(blob_stream(&registry, &upload, &err), 0);
	left = slice_of(BYTES);
	assert_int_equal(blob_stream(&registry, &upload, &err), -1);
	assert_int_equal(err.kind, ERROR_PUBLISH);
	assert_int_equal(canned.next, canned.count);
	canned_release(&canned);
}

static void sends_what_the_source_gave(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", UPLOADS, 202, "location: " UPLOADS "1", NULL },
		{ "PATCH", UPLOADS "1", 500, NULL, NULL },
		{ "POST", UPLOADS, 202, "location: " UPLOADS "2", NULL },
		{ "PATCH", UPLOADS "2", 202, NULL, NULL },
		{ "POST", UPLOADS, 202, NULL, NULL },
	};
	struct canned_http canned = CANNED(exchanges);
	struct registry registry = make_registry(&canned);
	struct slice left = slice_of(BYTES);
	struct blob_upload upload = { "team/app", give, digest_of, &left };
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(blob_stream(&registry, &upload, &err), -1);
	assert_int_equal(err.kind, ERROR_REMOTE);
	assert_string_equal(canned.body.buf, BYTES);
	error_release(&err);
	upload.source = give_up;
	assert_int_equal(blob_stream(&registry, &upload, &err), -1);
	assert_int_equal(err.kind, ERROR_NETWORK);
	error_release(&err);
	assert_int_equal(blob_stream(&registry, &upload, &err), -1);
	assert_non_null(strstr(err.msg.buf, "where to upload to"));
	canned_release(&canned);
}

static void puts_a_blob_at_hand_in_one_piece(void **state)
{
	CLEANUP(str_release) struct str url = STR_INIT;
	CLEANUP(str_release) struct str bytes = STR_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	str_adds(&bytes, BYTES);
	str_adds(&url, UPLOADS "1?digest=");
	add_digest(&url, "%3A");
	{
		const struct canned_exchange exchanges[] = {
			{ "POST", UPLOADS, 202, "location: " UPLOADS "1", NULL },
			{ "PUT", url.buf, 201, NULL, NULL },
		};
		struct canned_http canned = CANNED(exchanges);
		struct registry registry = make_registry(&canned);

		assert_int_equal(blob_put(&registry, "team/app", &bytes, &err), 0);
		assert_string_equal(canned.body.buf, BYTES);
		assert_string_equal(canned.body_type.buf, "application/octet-stream");
		canned_release(&canned);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_whether_there_is_a_blob),
		cmocka_unit_test(mounts_or_closes_what_was_opened_instead),
		cmocka_unit_test(follows_to_another_host_without_credentials),
		cmocka_unit_test(streams_a_blob_and_names_it_at_the_end),
		cmocka_unit_test(sends_what_the_source_gave),
		cmocka_unit_test(puts_a_blob_at_hand_in_one_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
