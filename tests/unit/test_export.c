#include "base/cleanup.h"
#include "canned_http.h"
#include "docker/engine.h"
#include "test.h"

#include <string.h>

#define URL    "http://docker/v1.41"
#define LOWEST "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
/* clang-format off */
#define PING { "GET", "http://docker/_ping", 200, "api-version: 1.41\nserver: Docker/20.10.24", "OK" }
/* clang-format on */

/* HOME has no docker configuration in it. */
static char *no_vars[] = { (char[]){ "HOME=/nonexistent" }, NULL };
static const struct env no_env = { no_vars };

static struct engine *connect_canned(struct canned_http *canned)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct engine *engine = NULL;

	assert_int_equal(engine_new(&canned->http, &no_env, &engine, &err), 0);
	return engine;
}

static void disconnect(struct canned_http *canned, struct engine *engine)
{
	assert_int_equal(canned->next, canned->count);
	engine_free(engine);
	canned_release(canned);
}

/* Keeps what comes, up to 4 bytes; then it has enough. */
static bool take(void *ctx, const char *bytes, size_t len)
{
	struct str *text = ctx;

	str_add(text, bytes, len);
	return text->len <= 4;
}

static void exports_an_image_as_it_comes(void **state)
{
	static const struct canned_exchange exchanges[] = {
		PING,
		{ "GET", URL "/images/app:1/get", 200, NULL, "tar!" },
		{ "GET", URL "/images/app:1/get", 200, NULL, "tar! and more" },
		{ "GET", URL "/images/app:1/get", 404, NULL, "{\"message\":\"No such image\"}" },
	};
	struct canned_http canned = CANNED(exchanges);
	struct engine *engine = connect_canned(&canned);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;

	(void)state;
	canned.piece = 3;
	assert_int_equal(engine_export_image(engine, "app:1", take, &text, &err), 0);
	assert_string_equal(text.buf, "tar!");
	str_reset(&text);
	assert_int_equal(engine_export_image(engine, "app:1", take, &text, &err), -1);
	assert_string_equal(text.buf, "tar! a");
	error_release(&err);
	assert_int_equal(engine_export_image(engine, "app:1", take, &text, &err), -1);
	assert_true(error_has_code(&err, "NotFound"));
	disconnect(&canned, engine);
}

static void tells_how_the_engine_keeps_layers(void **state)
{
	static const struct canned_exchange exchanges[] = {
		PING,
		{ "GET", URL "/info", 200, NULL,
		  "{\"Driver\":\"overlay2\",\"DriverStatus\":[[\"Backing "
		  "Filesystem\",\"extfs\"]]}" },
		{ "GET", URL "/info", 200, NULL,
		  "{\"Driver\":\"overlayfs\",\"DriverStatus\":"
		  "[[\"driver-type\",\"io.containerd.snapshotter.v1\"]]}" },
		{ "GET", URL "/info", 200, NULL, "{}" },
	};
	struct canned_http canned = CANNED(exchanges);
	struct engine *engine = connect_canned(&canned);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	bool is_compressed = true;

	(void)state;
	assert_int_equal(engine_keeps_compressed(engine, &is_compressed, &err), 0);
	assert_false(is_compressed);
	assert_int_equal(engine_keeps_compressed(engine, &is_compressed, &err), 0);
	assert_true(is_compressed);
	assert_int_equal(engine_keeps_compressed(engine, &is_compressed, &err), 0);
	assert_false(is_compressed);
	disconnect(&canned, engine);
}

/* Of three images known in registries, one is elsewhere and one shares no layer. */
static void lists_images_of_a_registry_that_share_layers(void **state)
{
	static const struct canned_exchange exchanges[] = {
		PING,
		{ "GET", URL "/images/json", 200, NULL,
		  "[{\"Id\":\"a\",\"RepoDigests\":[\"other.example/app@" DIGEST "\"]},"
		  "{\"Id\":\"b\",\"RepoDigests\":[\"other.example/app@" DIGEST
		  "\",\"r.example/base@" DIGEST "\"]},"
		  "{\"Id\":\"c\",\"RepoDigests\":[\"r.example/app@" DIGEST "\"]},"
		  "{\"Id\":\"d\",\"RepoDigests\":[\"r.example/gone@" DIGEST "\"]},"
		  "{\"Id\":\"e\",\"RepoDigests\":null}]" },
		{ "GET", URL "/images/b/json", 200, NULL,
		  "{\"Id\":\"b\",\"RootFS\":{\"Layers\":[\"x\",\"" LOWEST "\"]}}" },
		{ "GET", URL "/images/c/json", 200, NULL,
		  "{\"Id\":\"c\",\"RootFS\":{\"Layers\":[\"x\"]}}" },
		{ "GET", URL "/images/d/json", 404, NULL, "{\"message\":\"No such image: d\"}" },
	};
	struct canned_http canned = CANNED(exchanges);
	struct engine *engine = connect_canned(&canned);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(strv_release) struct strv layers = STRV_INIT;
	CLEANUP(strv_release) struct strv found = STRV_INIT;

	(void)state;
	strv_add(&layers, LOWEST);
	assert_int_equal(engine_list_relatives(engine, "r.example", &layers, &found, &err), 0);
	assert_int_equal(found.count, 1);
	assert_string_equal(found.v[0], "r.example/base@" DIGEST);
	disconnect(&canned, engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exports_an_image_as_it_comes),
		cmocka_unit_test(tells_how_the_engine_keeps_layers),
		cmocka_unit_test(lists_images_of_a_registry_that_share_layers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
