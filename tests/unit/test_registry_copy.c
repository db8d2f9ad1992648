/* Copying an image between registries: what is asked of both, and what is not believed. */
#include "base/cleanup.h"
#include "canned_http.h"
#include "data/digest.h"
#include "docker/registry_copy.h"
#include "test.h"

#include <signal.h>
#include <string.h>

#define FROM "https://from.example"
#define TO   "https://to.example"
#define TYPE "content-type: application/vnd.oci.image.manifest.v1+json"

/* Digests need only look like some where nobody hashes. */
#define CONFIG_DIGEST "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define LAYER_DIGEST  "sha256:2222222222222222222222222222222222222222222222222222222222222222"

static const char image[] = "{\"config\": {\"digest\": \"" CONFIG_DIGEST "\", \"size\": 2}, "
			    "\"layers\": [{\"digest\": \"" LAYER_DIGEST "\", \"size\": 14}, "
			    "{\"mediaType\": \"application/vnd.oci.image.layer.nondistributable."
			    "v1.tar\", \"digest\": \"" LAYER_DIGEST "\"}]}";

/* Both ends, and the digest of the manifest that is copied. */
struct ends {
	struct registry from;
	struct registry to;
	struct str digest;
	struct str from_manifest; /* its URL there */
	struct error err;
};

static void begin(struct ends *ends, struct canned_http *from, struct canned_http *to,
		  const char *to_url, const char *manifest)
{
	*ends = (struct ends){
		.from = { .http = &from->http, .url = FROM },
		.to = { .http = &to->http, .url = to_url },
		.digest = STR_INIT,
		.from_manifest = STR_INIT,
		.err = ERROR_INIT,
	};
	str_adds(&ends->digest, "sha256:");
	digest_sha256_hex(&ends->digest, manifest, strlen(manifest));
	str_addf(&ends->from_manifest, "%s/v2/a/manifests/%s", FROM, ends->digest.buf);
}

static int copy(struct ends *ends)
{
	const struct registry_copy what = {
		.from = &ends->from,
		.from_name = "a",
		.to = &ends->to,
		.to_name = "b",
		.report = &report_none,
	};

	return registry_copy(&what, ends->digest.buf, "5fdbe62", &ends->err);
}

static void end(struct ends *ends, struct canned_http *from, struct canned_http *to)
{
	assert_int_equal(from->next, from->count);
	assert_int_equal(to->next, to->count);
	str_release(&ends->digest);
	str_release(&ends->from_manifest);
	error_release(&ends->err);
	canned_release(from);
	canned_release(to);
}

static void what_is_there_is_not_sent(void **state)
{
	struct canned_exchange of_from[] = { { "GET", NULL, 200, TYPE, image } };
	static const struct canned_exchange of_to[] = {
		{ "HEAD", TO "/v2/b/blobs/" LAYER_DIGEST, 200, NULL, NULL },
		{ "HEAD", TO "/v2/b/blobs/" CONFIG_DIGEST, 200, NULL, NULL },
		{ "PUT", TO "/v2/b/manifests/5fdbe62", 201, NULL, "" },
		{ "GET", TO "/v2/b/manifests/5fdbe62", 200, TYPE, image },
	};
	struct canned_http from = CANNED(of_from);
	struct canned_http to = CANNED(of_to);
	struct ends ends;

	(void)state;
	begin(&ends, &from, &to, TO, image);
	of_from[0].url = ends.from_manifest.buf;
	assert_int_equal(copy(&ends), 0);
	assert_string_equal(to.body.buf, image);
	end(&ends, &from, &to);
}

static void what_is_missing_goes_from_one_to_the_other(void **state)
{
	struct canned_exchange of_from[] = {
		{ "GET", NULL, 200, TYPE, image },
		{ "GET", FROM "/v2/a/blobs/" LAYER_DIGEST, 307,
		  "location: https://s3.example/layer?signature", "" },
		{ "GET", "https://s3.example/layer?signature", 200, NULL, "bytes of layer" },
	};
	static const struct canned_exchange of_to[] = {
		{ "HEAD", TO "/v2/b/blobs/" LAYER_DIGEST, 404, NULL, NULL },
		{ "POST", TO "/v2/b/blobs/uploads/", 202, "location: /v2/b/blobs/uploads/1", "" },
		{ "PATCH", TO "/v2/b/blobs/uploads/1", 202, "location: /v2/b/blobs/uploads/1?at",
		  "" },
		{ "PUT",
		  TO "/v2/b/blobs/uploads/1?at&digest=sha256%3A222222222222222222222222222222"
		     "2222222222222222222222222222222222",
		  201, NULL, "" },
		{ "HEAD", TO "/v2/b/blobs/" CONFIG_DIGEST, 200, NULL, NULL },
		{ "PUT", TO "/v2/b/manifests/5fdbe62", 201, NULL, "" },
		{ "GET", TO "/v2/b/manifests/5fdbe62", 200, TYPE, image },
	};
	struct canned_http from = CANNED(of_from);
	struct canned_http to = CANNED(of_to);
	struct ends ends;

	(void)state;
	begin(&ends, &from, &to, TO, image);
	of_from[0].url = ends.from_manifest.buf;
	from.piece = 3;
	assert_int_equal(copy(&ends), 0);
	end(&ends, &from, &to);
}

static void a_registry_lends_to_itself(void **state)
{
	struct canned_exchange of_from[] = { { "GET", NULL, 200, TYPE, image } };
	static const struct canned_exchange of_to[] = {
		{ "HEAD", FROM "/v2/b/blobs/" LAYER_DIGEST, 404, NULL, NULL },
		{ "POST",
		  FROM "/v2/b/blobs/uploads/?mount=sha256%3A22222222222222222222222222222222"
		       "22222222222222222222222222222222&from=a",
		  201, NULL, "" },
		{ "HEAD", FROM "/v2/b/blobs/" CONFIG_DIGEST, 200, NULL, NULL },
		{ "PUT", FROM "/v2/b/manifests/5fdbe62", 201, NULL, "" },
		{ "GET", FROM "/v2/b/manifests/5fdbe62", 200, TYPE, image },
	};
	struct canned_http from = CANNED(of_from);
	struct canned_http to = CANNED(of_to);
	struct ends ends;

	(void)state;
	begin(&ends, &from, &to, FROM, image);
	of_from[0].url = ends.from_manifest.buf;
	assert_int_equal(copy(&ends), 0);
	end(&ends, &from, &to);
}

/* The source's answer is the cause, not the upload that ends with it; a refusal is not repeated. */
static void a_source_that_breaks_is_named(void **state)
{
	struct canned_exchange of_from[] = {
		{ "GET", NULL, 200, TYPE, image },
		{ "GET", FROM "/v2/a/blobs/" LAYER_DIGEST, 403, NULL, "" },
	};
	static const struct canned_exchange of_to[] = {
		{ "HEAD", TO "/v2/b/blobs/" LAYER_DIGEST, 404, NULL, NULL },
		{ "POST", TO "/v2/b/blobs/uploads/", 202, "location: /v2/b/blobs/uploads/1", "" },
		{ "PATCH", TO "/v2/b/blobs/uploads/1", 202, NULL, "" },
	};
	struct canned_http from = CANNED(of_from);
	struct canned_http to = CANNED(of_to);
	struct ends ends;

	(void)state;
	begin(&ends, &from, &to, TO, image);
	of_from[0].url = ends.from_manifest.buf;
	assert_int_equal(copy(&ends), -1);
	assert_int_equal(ends.err.kind, ERROR_AUTH);
	assert_non_null(strstr(ends.err.msg.buf, "reading layer " LAYER_DIGEST));
	end(&ends, &from, &to);
}

/* The target's refusal is the cause, whether or not the source was read to its end. */
static void a_target_that_refuses_is_named(void **state)
{
	struct canned_exchange of_from[] = {
		{ "GET", NULL, 200, TYPE, image },
		{ "GET", FROM "/v2/a/blobs/" LAYER_DIGEST, 200, NULL, "bytes of layer" },
	};
	static const struct canned_exchange of_to[] = {
		{ "HEAD", TO "/v2/b/blobs/" LAYER_DIGEST, 404, NULL, NULL },
		{ "POST", TO "/v2/b/blobs/uploads/", 403, NULL, "" },
	};
	struct canned_http from = CANNED(of_from);
	struct canned_http to = CANNED(of_to);
	struct ends ends;

	(void)state;
	begin(&ends, &from, &to, TO, image);
	of_from[0].url = ends.from_manifest.buf;
	assert_int_equal(copy(&ends), -1);
	assert_int_equal(ends.err.kind, ERROR_AUTH);
	assert_non_null(strstr(ends.err.msg.buf, "sending layer " LAYER_DIGEST));
	end(&ends, &from, &to);
}

static void an_index_takes_its_platforms_along(void **state)
{
	CLEANUP(str_release) struct str platform = STR_INIT;
	CLEANUP(str_release) struct str index = STR_INIT;
	CLEANUP(str_release) struct str from_url = STR_INIT;
	CLEANUP(str_release) struct str to_url = STR_INIT;
	struct canned_exchange of_from[] = {
		{ "GET", NULL, 200, "content-type: application/vnd.oci.image.index.v1+json", NULL },
		{ "GET", NULL, 200, TYPE, image },
	};
	struct canned_exchange of_to[] = {
		{ "HEAD", TO "/v2/b/blobs/" LAYER_DIGEST, 200, NULL, NULL },
		{ "HEAD", TO "/v2/b/blobs/" CONFIG_DIGEST, 200, NULL, NULL },
		{ "PUT", NULL, 201, NULL, "" },
		{ "GET", NULL, 200, TYPE, image },
		{ "PUT", TO "/v2/b/manifests/5fdbe62", 201, NULL, "" },
		{ "GET", TO "/v2/b/manifests/5fdbe62", 200, NULL, NULL },
	};
	struct canned_http from = CANNED(of_from);
	struct canned_http to = CANNED(of_to);
	struct ends ends;

	(void)state;
	str_adds(&platform, "sha256:");
	digest_sha256_hex(&platform, image, strlen(image));
	str_addf(&index, "{\"manifests\": [{\"digest\": \"%s\"}]}", platform.buf);
	str_addf(&from_url, FROM "/v2/a/manifests/%s", platform.buf);
	str_addf(&to_url, TO "/v2/b/manifests/%s", platform.buf);
	begin(&ends, &from, &to, TO, index.buf);
	of_from[0].url = ends.from_manifest.buf;
	of_from[0].body = of_to[5].body = index.buf;
	of_from[1].url = from_url.buf;
	of_to[2].url = of_to[3].url = to_url.buf;
	assert_int_equal(copy(&ends), 0);
	assert_string_equal(to.body.buf, index.buf);
	end(&ends, &from, &to);
}

static void what_is_no_manifest_is_refused(void **state)
{
	static const char *const manifests[] = {
		"{}",
		"[]",
		"not json",
		"{\"layers\": []}",
		"{\"layers\": [{\"digest\": \"sha256:../..\"}]}",
		"{\"manifests\": [{}]}",
		"{\"manifests\": [{\"digest\": \"sha256:/\"}]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(manifests) / sizeof(manifests[0]); i++) {
		struct canned_exchange of_from[] = { { "GET", NULL, 200, TYPE, manifests[i] } };
		struct canned_http from = CANNED(of_from);
		struct canned_http to = CANNED(of_from);
		struct ends ends;

		to.count = 0;
		begin(&ends, &from, &to, TO, manifests[i]);
		of_from[0].url = ends.from_manifest.buf;
		assert_int_equal(copy(&ends), -1);
		assert_int_equal(ends.err.kind, ERROR_REMOTE);
		end(&ends, &from, &to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_is_not_sent),
		cmocka_unit_test(what_is_missing_goes_from_one_to_the_other),
		cmocka_unit_test(a_registry_lends_to_itself),
		cmocka_unit_test(a_source_that_breaks_is_named),
		cmocka_unit_test(a_target_that_refuses_is_named),
		cmocka_unit_test(an_index_takes_its_platforms_along),
		cmocka_unit_test(what_is_no_manifest_is_refused),
	};

	/* A reader that writes to a pipe which nobody reads any more is no reason to end. */
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
