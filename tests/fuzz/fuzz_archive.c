/* An image's archive, as Engines export it: the outcome must not depend on how it was cut. The
 * seeds are one image in the layouts that there are. */
#include "base/cleanup.h"
#include "data/digest.h"
#include "docker/archive.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#define IMAGE_ID "sha256:650e707d23db3788d591f782249ea88fa681ec773057bd5520e73f431060a029"
#define LOWEST	 "sha256:706bb93bc1c37ce6945e947fb8c5407f88c0095ed20be04383d14ba4c0cfc715"
#define MIDDLE	 "sha256:b50af2db50a054aa670a99626f12282743d24d7eac06e01c763d1264ed4982e5"
#define HIGHEST	 "sha256:4e9e914742eec68ad8e757c94d8816c33683be1c6e56ed74ff6f19baf128ba69"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading {
	struct str text;
	uint64_t left;
};

static int begin(void *ctx, const char *diff_id, uint64_t size, bool *ret_wanted, struct error *err)
{
	struct reading *reading = ctx;

	(void)err;
	str_addf(&reading->text, "%s %llu ", diff_id, (unsigned long long)size);
	reading->left = size;
	*ret_wanted = true;
	return 0;
}

static int take(void *ctx, const char *bytes, size_t len, struct error *err)
{
	struct reading *reading = ctx;

	(void)bytes;
	(void)err;
	assert(len <= reading->left);
	reading->left -= len;
	return 0;
}

static int end(void *ctx, const char *diff_id, struct error *err)
{
	struct reading *reading = ctx;

	(void)err;
	assert(reading->left == 0);
	str_addf(&reading->text, "%s\n", diff_id);
	return 0;
}

static int play(const char *bytes, size_t size, size_t piece, struct reading *reading)
{
	CLEANUP(strv_release) struct strv layers = STRV_INIT;
	const struct archive_sink sink = { begin, take, end, reading };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct str *config = NULL;
	struct archive *archive;
	int result = 0;

	strv_add_all(&layers, LOWEST, MIDDLE, HIGHEST, NULL);
	archive = archive_new(IMAGE_ID, &layers, &sink);
	for (size_t at = 0; result == 0 && at < size; at += piece)
		result = archive_add(archive, bytes + at, size - at < piece ? size - at : piece,
				     &err);
	if (result == 0)
		result = archive_finish(archive, &config, &err);
	if (config) {
		CLEANUP(str_release) struct str id = STR_INIT;

		str_adds(&id, "sha256:");
		digest_sha256_hex(&id, config->buf, config->len);
		assert(strcmp(id.buf, IMAGE_ID) == 0);
	}
	archive_free(archive);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reading whole = { .text = STR_INIT };
	struct reading cut = { .text = STR_INIT };
	int a = play((const char *)data, size, size + 1, &whole);
	int b = play((const char *)data, size, 61, &cut);

	assert(a == b);
	assert(a < 0 || strcmp(whole.text.buf, cut.text.buf) == 0);
	str_release(&whole.text);
	str_release(&cut.text);
	return 0;
}
