/* A tar archive: what is read must not depend on how it was cut. */
#include "base/cleanup.h"
#include "data/tar.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading {
	struct str text;
	uint64_t left;
};

static int begin(void *ctx, const char *name, uint64_t size, struct error *err)
{
	struct reading *reading = ctx;

	(void)err;
	str_addf(&reading->text, "%s %llu [", name, (unsigned long long)size);
	reading->left = size;
	return 0;
}

static int data_of(void *ctx, const char *bytes, size_t len, struct error *err)
{
	struct reading *reading = ctx;

	(void)err;
	assert(len && len <= reading->left);
	reading->left -= len;
	str_add(&reading->text, bytes, len);
	return 0;
}

static int end(void *ctx, struct error *err)
{
	struct reading *reading = ctx;

	(void)err;
	assert(reading->left == 0);
	str_addc(&reading->text, ']');
	return 0;
}

static int play(const char *bytes, size_t size, size_t piece, struct reading *reading)
{
	const struct tar_sink sink = { begin, data_of, end, reading };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(tar_release) struct tar tar = TAR_INIT(&sink);

	for (size_t at = 0; at < size; at += piece) {
		if (tar_add(&tar, bytes + at, size - at < piece ? size - at : piece, &err) < 0)
			return -1;
	}
	return tar_finish(&tar, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reading whole = { .text = STR_INIT };
	struct reading cut = { .text = STR_INIT };
	int a = play((const char *)data, size, size + 1, &whole);
	int b = play((const char *)data, size, 7, &cut);

	assert(a == b);
	assert(a < 0 || (whole.text.len == cut.text.len &&
			 memcmp(whole.text.buf, cut.text.buf, cut.text.len) == 0));
	str_release(&whole.text);
	str_release(&cut.text);
	return 0;
}
