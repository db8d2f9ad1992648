/* What direct_push() says of an Engine, an archive and a registry that do not do their part. */
#include "base/cleanup.h"
#include "canned_http.h"
#include "data/digest.h"
#include "data/tar.h"
#include "docker/direct.h"
#include "docker/uploads.h"
#include "fake_clock.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define BLOBS	    "https://r.example/v2/app/blobs/"
#define LAYER	    "sha256:1111111111111111111111111111111111111111111111111111111111111111"

/* HOME has no docker configuration in it. */
static char *no_vars[] = { (char[]){ "HOME=/nonexistent" }, NULL };
static const struct env no_env = { no_vars };

/* The registry and the Engine, canned; an export has NULs in it and comes from `archive`. */
struct parties {
	struct http http; /* first, so that it can be cast back */
	struct canned_http *canned;
	struct str archive;
};

static int send_either(struct http *http, const struct http_request *request,
		       struct http_response *ret, struct error *err)
{
	struct parties *parties = (struct parties *)http;
	size_t len = strlen(request->url);

	if (http_send(&parties->canned->http, request, ret, err) < 0)
		return -1;
	if (len > 4 && strcmp(request->url + len - 4, "/get") == 0)
		assert_true(
			request->on_body(request->ctx, parties->archive.buf, parties->archive.len));
	return 0;
}

/* An archive with this file alone, as GNU tar and Go write it. */
static void write_archive(struct str *archive, const char *name, const char *bytes)
{
	char block[TAR_BLOCK_LEN] = { 0 };
	char size[32];
	unsigned sum = 0;

	(void)snprintf(block, 100, "%s", name);
	memcpy(block + 100, "0000644", 8);
	(void)snprintf(size, sizeof(size), "%011zo", strlen(bytes));
	memcpy(block + 124, size, 12);
	memset(block + 148, ' ', 8);
	block[156] = '0';
	(void)snprintf(block + 257, 6, "ustar");
	memset(block + 263, '0', 2);
	for (size_t i = 0; i < sizeof(block); i++)
		sum += (unsigned char)block[i];
	(void)snprintf(block + 148, 8, "%06o", sum);
	str_add(archive, block, sizeof(block));
	str_adds(archive, bytes);
	do
		str_addc(archive, '\0');
	while (archive->len % TAR_BLOCK_LEN);
	for (size_t i = 0; i < 2UL * TAR_BLOCK_LEN; i++)
		str_addc(archive, '\0');
}

static int no_login(void *ctx, struct registry *ret, struct error *err)
{
	(void)ctx;
	(void)ret;
	(void)err;
	fail_msg("nobody asked for a login");
	return -1;
}

static int push(struct parties *parties, const struct engine_image *image, struct error *err)
{
	struct fake_clock clock = FAKE_CLOCK(0);
	CLEANUP(str_release) struct str digest = STR_INIT;
	struct engine *engine = NULL;
	const struct strv no_tags = STRV_INIT;
	struct direct_push what = {
		.registry = { .http = &parties->http, .url = "https://r.example" },
		.name = "app",
		.tag = "1",
		.image = image,
		.tags = &no_tags,
		.clock = &clock.clock,
		.report = &report_none,
		.login = no_login,
	};
	int result;

	assert_int_equal(engine_new(&parties->http, &no_env, &engine, err), 0);
	what.engine = engine;
	result = direct_push(&what, &digest, err);
	engine_free(engine);
	return result;
}

/* An image whose configuration is `config`, in an archive with nothing else. */
static void says_what_is_wrong_with_an_image_or_its_archive(void **state)
{
	static const struct {
		const char *config;
		const char *layer; /* NULL: none */
		int upload;	   /* status of the upload of the configuration; 0: not tried */
		enum error_kind kind;
		const char *msg;
	} rows[] = {
		{ "nothing", NULL, 0, ERROR_TOOL, "configuration of image sha256:" },
		{ "{}", LAYER, 0, ERROR_TOOL, "the Engine and image sha256:" },
		{ "{\"rootfs\":{\"diff_ids\":[]}}", NULL, 403, ERROR_AUTH,
		  "uploading the image's configuration: registry r.example: denied: no" },
		{ "{\"rootfs\":{\"diff_ids\":[\"" LAYER "\"]}}", LAYER, 202, ERROR_TOOL,
		  "the Engine's archive of image sha256:" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str want = STR_INIT;
		CLEANUP(str_release) struct str id = STR_INIT;
		CLEANUP(str_release) struct str blob = STR_INIT;
		CLEANUP(str_release) struct str put = STR_INIT;
		CLEANUP(str_release) struct str export = STR_INIT;
		struct engine_image image = { .id = STR_INIT, .layers = STRV_INIT };
		struct parties parties = { .http = { send_either }, .archive = STR_INIT };

		digest_sha256_hex(&id, rows[i].config, strlen(rows[i].config));
		str_addf(&image.id, "sha256:%s", id.buf);
		if (rows[i].layer)
			strv_add(&image.layers, rows[i].layer);
		str_addf(&blob, BLOBS "sha256:%s", id.buf);
		str_addf(&export, "http://docker/v1.41/images/sha256:%s/get", id.buf);
		str_addf(&put, BLOBS "uploads/1?digest=sha256%%3A%s", id.buf);
		write_archive(&parties.archive, id.buf, rows[i].config);
		const struct canned_exchange exchanges[] = {
			{ "GET", "http://docker/_ping", 200, "api-version: 1.41", "OK" },
			/* Only where a layer is lacking. */
			{ "GET", "http://docker/v1.41/images/json", 200, NULL, "[]" },
			{ "HEAD", blob.buf, 404, NULL, NULL },
			{ "GET", export.buf, 200, NULL, NULL },
			{ "POST", BLOBS "uploads/", rows[i].upload,
			  "location: /v2/app/blobs/uploads/1",
			  "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"no\"}]}" },
			{ "PUT", put.buf, 201, NULL, NULL },
		};
		struct canned_http canned = CANNED(exchanges);
		struct canned_exchange asked[COUNT(exchanges)];

		canned.count = 0;
		for (size_t at = 0; at < COUNT(exchanges); at++) {
			if ((at == 1 && !rows[i].layer) || (at == 4 && !rows[i].upload) ||
			    (at == 5 && rows[i].upload != 202))
				continue;
			asked[canned.count++] = exchanges[at];
		}
		canned.exchanges = asked;
		parties.canned = &canned;
		assert_int_equal(push(&parties, &image, &err), -1);
		assert_int_equal(err.kind, rows[i].kind);
		str_addf(&want, "pushing app:1: %s", rows[i].msg);
		assert_int_equal(strncmp(err.msg.buf, want.buf, want.len), 0);
		assert_int_equal(canned.next, canned.count);
		engine_image_release(&image);
		str_release(&parties.archive);
		canned_release(&canned);
	}
}

static void take_uploaded(void *ctx, const struct uploaded *uploaded)
{
	(void)ctx;
	(void)uploaded;
	fail_msg("nothing can have arrived");
}

/*
 * A registry that no request may go to, as it is neither https nor here. The reader of a layer
 * learns that the uploads have ended, and the caller at their end of what.
 */
static void takes_nothing_more_once_an_upload_failed_for_good(void **state)
{
	static const char zeroes[UPLOADS_PIECE_LEN];
	struct fake_clock clock = FAKE_CLOCK(0);
	const struct uploads_target target = {
		.registry = { .url = "http://r.example" },
		.name = "app",
		.clock = &clock.clock,
		.report = &report_none,
		.on_done = take_uploaded,
	};
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(error_release) struct error cause = ERROR_INIT;
	struct uploads *uploads = NULL;

	(void)state;
	assert_int_equal(uploads_new(&target, &uploads, &err), 0);
	uploads_begin(uploads, LAYER, 1UL << 40);
	while (uploads_add(uploads, zeroes, sizeof(zeroes), &err) == 0)
		;
	assert_int_equal(err.kind, ERROR_PUBLISH);
	assert_string_equal(err.msg.buf, "an upload failed");
	assert_int_equal(uploads_finish(uploads, false, &cause), -1);
	assert_int_equal(cause.kind, ERROR_CONFIG);
	assert_non_null(strstr(cause.msg.buf, "is not https"));
	uploads_free(uploads);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_is_wrong_with_an_image_or_its_archive),
		cmocka_unit_test(takes_nothing_more_once_an_upload_failed_for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
