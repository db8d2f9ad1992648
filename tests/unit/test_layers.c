#include "base/cleanup.h"
#include "canned_http.h"
#include "data/digest.h"
#include "docker/layers.h"
#include "test.h"

#include <string.h>

#define URL    "https://r.example/v2/"
#define LOWEST "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define MIDDLE "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define BLOB_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BLOB_B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define CONFIG "{\"rootfs\":{\"diff_ids\":[\"" LOWEST "\",\"" MIDDLE "\"]}}"
#define GZIP   "application/vnd.docker.image.rootfs.diff.tar.gzip"
#define ZSTD   "application/vnd.oci.image.layer.v1.tar+zstd"

static struct registry make_registry(struct canned_http *canned)
{
	return (struct registry){ .http = &canned->http, .url = "https://r.example" };
}

static void add_manifest(struct str *out, const char *config_digest, const char *type_of_b)
{
	str_addf(out,
		 "{\"config\":{\"digest\":\"%s\"},\"layers\":["
		 "{\"mediaType\":\"" GZIP "\",\"size\":10,\"digest\":\"" BLOB_A "\"},"
		 "{\"mediaType\":\"%s\",\"size\":20,\"digest\":\"" BLOB_B "\"}]}",
		 config_digest, type_of_b);
}

/* Plays a lookup of an image whose second layer has the given type, into the layers. */
static void learn(struct image_layers *layers, const char *type_of_b)
{
	CLEANUP(str_release) struct str digest = STR_INIT;
	CLEANUP(str_release) struct str manifest = STR_INIT;
	CLEANUP(str_release) struct str url = STR_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;

	str_adds(&digest, "sha256:");
	digest_sha256_hex(&digest, CONFIG, strlen(CONFIG));
	add_manifest(&manifest, digest.buf, type_of_b);
	str_addf(&url, URL "base/blobs/%s", digest.buf);
	{
		const struct canned_exchange exchanges[] = {
			{ "GET", URL "base/manifests/1", 200, NULL, manifest.buf },
			{ "GET", url.buf, 200, NULL, CONFIG },
		};
		struct canned_http canned = CANNED(exchanges);
		struct registry registry = make_registry(&canned);

		assert_int_equal(image_layers_learn(layers, &registry, "base", "1", &err), 0);
		assert_int_equal(canned.next, canned.count);
		assert_string_equal(layers->config.buf, digest.buf);
		canned_release(&canned);
	}
}

static void learns_which_blobs_the_layers_are(void **state)
{
	CLEANUP(image_layers_release) struct image_layers layers = IMAGE_LAYERS_INIT;
	CLEANUP(strv_release) struct strv diff_ids = STRV_INIT;

	(void)state;
	strv_add_all(&diff_ids, MIDDLE, LOWEST, MIDDLE, NULL);
	image_layers_fill(&layers, &diff_ids);
	assert_int_equal(layers.count, 2);
	assert_true(image_layers_have(&layers, LAYER_LACKING));
	learn(&layers, GZIP);
	assert_false(image_layers_have(&layers, LAYER_LACKING));
	assert_string_equal(image_layers_find(&layers, LOWEST)->digest.buf, BLOB_A);
	assert_string_equal(image_layers_find(&layers, MIDDLE)->digest.buf, BLOB_B);
	assert_int_equal(image_layers_find(&layers, MIDDLE)->size, 20);
	assert_string_equal(image_layers_find(&layers, MIDDLE)->from.buf, "base");
}

static void leaves_out_what_an_old_engine_cannot_read(void **state)
{
	CLEANUP(image_layers_release) struct image_layers layers = IMAGE_LAYERS_INIT;
	CLEANUP(strv_release) struct strv diff_ids = STRV_INIT;

	(void)state;
	strv_add_all(&diff_ids, LOWEST, MIDDLE, NULL);
	image_layers_fill(&layers, &diff_ids);
	learn(&layers, ZSTD);
	assert_int_equal(image_layers_find(&layers, LOWEST)->state, LAYER_SEEN);
	assert_int_equal(image_layers_find(&layers, MIDDLE)->state, LAYER_LACKING);
}

static void learns_nothing_from_what_is_no_image(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "GET", URL "base/manifests/1", 404, NULL,
		  "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\"}]}" },
		{ "GET", URL "base/manifests/1", 200, NULL, "{\"manifests\":[]}" },
		{ "GET", URL "base/manifests/1", 200, NULL, "what" },
	};
	struct canned_http canned = CANNED(exchanges);
	struct registry registry = make_registry(&canned);
	CLEANUP(image_layers_release) struct image_layers layers = IMAGE_LAYERS_INIT;
	CLEANUP(strv_release) struct strv diff_ids = STRV_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	strv_add(&diff_ids, LOWEST);
	image_layers_fill(&layers, &diff_ids);
	assert_int_equal(image_layers_learn(&layers, &registry, "base", "1", &err), -1);
	assert_true(error_has_code(&err, "NotFound"));
	error_release(&err);
	assert_int_equal(image_layers_learn(&layers, &registry, "base", "1", &err), 0);
	assert_int_equal(image_layers_learn(&layers, &registry, "base", "1", &err), -1);
	assert_int_equal(err.kind, ERROR_REMOTE);
	assert_true(image_layers_have(&layers, LAYER_LACKING));
	canned_release(&canned);
}

static void looks_and_mounts_before_anything_is_sent(void **state)
{
#define MOUNT(digit)                                                                               \
	URL "app/blobs/uploads/?mount=sha256%3A" digit digit digit digit digit digit digit digit   \
	    "&from=base"
	static const struct canned_exchange exchanges[] = {
		{ "HEAD", URL "app/blobs/" BLOB_A, 404, NULL, NULL },
		{ "POST", MOUNT("aaaaaaaa"), 201, NULL, NULL },
		{ "HEAD", URL "app/blobs/" BLOB_B, 404, NULL, NULL },
		{ "POST", MOUNT("bbbbbbbb"), 202, NULL, NULL },
	};
	struct canned_http canned = CANNED(exchanges);
	struct registry registry = make_registry(&canned);
	CLEANUP(image_layers_release) struct image_layers layers = IMAGE_LAYERS_INIT;
	CLEANUP(strv_release) struct strv diff_ids = STRV_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	strv_add_all(&diff_ids, LOWEST, MIDDLE, NULL);
	image_layers_fill(&layers, &diff_ids);
	learn(&layers, GZIP);
	assert_int_equal(image_layers_settle(&layers, &registry, "app", &report_none, &err), 0);
	assert_int_equal(canned.next, canned.count);
	assert_int_equal(layers.items[0].state, LAYER_PRESENT);
	assert_int_equal(layers.items[1].state, LAYER_LACKING);
	canned_release(&canned);
}

static void writes_a_manifest_with_a_layer_twice(void **state)
{
	CLEANUP(image_layers_release) struct image_layers layers = IMAGE_LAYERS_INIT;
	CLEANUP(strv_release) struct strv diff_ids = STRV_INIT;
	CLEANUP(str_release) struct str out = STR_INIT;

	(void)state;
	strv_add_all(&diff_ids, LOWEST, MIDDLE, LOWEST, NULL);
	image_layers_fill(&layers, &diff_ids);
	learn(&layers, GZIP);
	image_layers_write(&layers, &diff_ids, LOWEST, 7, &out);
#define LAYER(size, digest)                                                                        \
	"{\"mediaType\":\"" GZIP "\",\"size\":" size ",\"digest\":\"" digest "\"}"
	assert_string_equal(
		out.buf,
		"{\"schemaVersion\":2,\"mediaType\":\"" IMAGE_MANIFEST_TYPE "\","
		"\"config\":{\"mediaType\":\"application/vnd.docker.container.image.v1+json\","
		"\"size\":7,\"digest\":\"" LOWEST "\"},\"layers\":[" LAYER("10", BLOB_A) "," LAYER(
			"20", BLOB_B) "," LAYER("10", BLOB_A) "]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(learns_which_blobs_the_layers_are),
		cmocka_unit_test(leaves_out_what_an_old_engine_cannot_read),
		cmocka_unit_test(learns_nothing_from_what_is_no_image),
		cmocka_unit_test(looks_and_mounts_before_anything_is_sent),
		cmocka_unit_test(writes_a_manifest_with_a_layer_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
