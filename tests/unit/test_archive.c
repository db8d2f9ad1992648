#include "base/cleanup.h"
#include "data/digest.h"
#include "docker/archive.h"
#include "sys/file.h"
#include "test.h"

#include <string.h>

/* One image of three layers, exported by Engine 20.10, and the same in the layouts of others. */
#define SEEDS	 "tests/fuzz/corpus/archive/"
#define IMAGE_ID "sha256:650e707d23db3788d591f782249ea88fa681ec773057bd5520e73f431060a029"
#define LOWEST	 "sha256:706bb93bc1c37ce6945e947fb8c5407f88c0095ed20be04383d14ba4c0cfc715"
#define MIDDLE	 "sha256:b50af2db50a054aa670a99626f12282743d24d7eac06e01c763d1264ed4982e5"
#define HIGHEST	 "sha256:4e9e914742eec68ad8e757c94d8816c33683be1c6e56ed74ff6f19baf128ba69"

/* What is told of each layer before it comes and after it came: one line each. */
struct notebook {
	struct str text;
	const char *unwanted;
};

static int begin(void *ctx, const char *diff_id, uint64_t size, bool *ret_wanted, struct error *err)
{
	struct notebook *notebook = ctx;

	(void)err;
	assert_int_equal(size, 2048);
	*ret_wanted = !notebook->unwanted || strcmp(diff_id, notebook->unwanted) != 0;
	if (*ret_wanted)
		str_addf(&notebook->text, "%s is ", *diff_id ? diff_id : "?");
	return 0;
}

static int take(void *ctx, const char *bytes, size_t len, struct error *err)
{
	(void)ctx;
	(void)bytes;
	(void)len;
	(void)err;
	return 0;
}

static int end(void *ctx, const char *diff_id, struct error *err)
{
	struct notebook *notebook = ctx;

	(void)err;
	str_addf(&notebook->text, "%s\n", diff_id);
	return 0;
}

static int play(const char *path, const char *image_id, struct notebook *notebook,
		struct error *err)
{
	CLEANUP(strv_release) struct strv layers = STRV_INIT;
	CLEANUP(str_release) struct str bytes = STR_INIT;
	const struct archive_sink sink = { begin, take, end, notebook };
	struct archive *archive;
	const struct str *config;
	int result;

	strv_add_all(&layers, LOWEST, MIDDLE, HIGHEST, NULL);
	assert_int_equal(file_read(path, 1 << 20, &bytes, err), 0);
	archive = archive_new(image_id, &layers, &sink);
	result = archive_add(archive, bytes.buf, bytes.len, err);
	if (result == 0)
		result = archive_finish(archive, &config, err);
	if (result == 0) {
		CLEANUP(str_release) struct str id = STR_INIT;

		str_adds(&id, "sha256:");
		digest_sha256_hex(&id, config->buf, config->len);
		assert_string_equal(id.buf, image_id);
	}
	archive_free(archive);
	return result;
}

static void assert_reads(const char *path, const char *unwanted, const char *want)
{
	struct notebook notebook = { .text = STR_INIT, .unwanted = unwanted };
	CLEANUP(error_release) struct error err = ERROR_INIT;

	assert_int_equal(play(path, IMAGE_ID, &notebook, &err), 0);
	assert_string_equal(notebook.text.buf, want);
	str_release(&notebook.text);
}

static void knows_all_but_the_last_layer_of_an_old_engine(void **state)
{
	(void)state;
	assert_reads(SEEDS "engine-20.10", NULL,
		     LOWEST " is " LOWEST "\n" MIDDLE " is " MIDDLE "\n? is " HIGHEST "\n");
}

static void knows_every_layer_of_a_new_engine_and_of_podman(void **state)
{
	(void)state;
	assert_reads(SEEDS "engine-25", NULL,
		     HIGHEST " is " HIGHEST "\n" LOWEST " is " LOWEST "\n" MIDDLE " is " MIDDLE
			     "\n");
	assert_reads(SEEDS "podman", NULL,
		     LOWEST " is " LOWEST "\n" MIDDLE " is " MIDDLE "\n" HIGHEST " is " HIGHEST
			    "\n");
}

static void passes_over_what_is_not_wanted(void **state)
{
	(void)state;
	assert_reads(SEEDS "engine-20.10", MIDDLE, LOWEST " is " LOWEST "\n? is " HIGHEST "\n");
}

static void wants_the_configuration_that_hashes_to_the_image(void **state)
{
	static const struct {
		const char *path, *image_id;
	} rows[] = {
		{ SEEDS "no-configuration", IMAGE_ID },
		{ SEEDS "engine-20.10", LOWEST },
		{ SEEDS "engine-25", "none" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct notebook notebook = { .text = STR_INIT };
		CLEANUP(error_release) struct error err = ERROR_INIT;

		assert_int_equal(play(rows[i].path, rows[i].image_id, &notebook, &err), -1);
		assert_int_equal(err.kind, ERROR_REMOTE);
		assert_non_null(strstr(err.msg.buf, "has no configuration"));
		str_release(&notebook.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_all_but_the_last_layer_of_an_old_engine),
		cmocka_unit_test(knows_every_layer_of_a_new_engine_and_of_podman),
		cmocka_unit_test(passes_over_what_is_not_wanted),
		cmocka_unit_test(wants_the_configuration_that_hashes_to_the_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
