#include "base/cleanup.h"
#include "base/mem.h"
#include "data/gzip.h"
#include "sys/proc.h"
#include "test.h"

#include <string.h>

#define PIECE_LEN 65536

/* Bytes that a seed gives: of few values, so that they compress, or of all. */
static void fill(struct str *out, size_t len, unsigned seed, unsigned values)
{
	str_reserve(out, len);
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		str_addc(out, (char)((seed >> 24) % values));
	}
}

static void compress_pieces(const struct str *bytes, size_t piece_len, struct str *out)
{
	struct gzip *gzip = gzip_new();
	unsigned char *piece = mem_zalloc(gzip_bound(piece_len));
	unsigned char head[GZIP_HEAD_LEN];
	unsigned char tail[GZIP_TAIL_LEN];
	uint32_t crc = 0;

	gzip_write_head(head);
	str_add(out, head, sizeof(head));
	for (size_t at = 0; at < bytes->len; at += piece_len) {
		size_t n = bytes->len - at < piece_len ? bytes->len - at : piece_len;
		size_t got = gzip_compress(gzip, bytes->buf + at, n, piece);

		assert_true(got <= gzip_bound(n));
		crc = gzip_crc(crc, bytes->buf + at, n);
		str_add(out, piece, got);
	}
	gzip_write_tail(crc, bytes->len, tail);
	str_add(out, tail, sizeof(tail));
	free(piece);
	gzip_free(gzip);
}

/* gzip(1) is the judge: another implementation, which checks CRC and length. */
static void assert_unpacks(const struct str *file, const struct str *want)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	CLEANUP(str_release) struct str got = STR_INIT;
	struct proc_end end;

	strv_add_all(&proc.args, "gzip", "-dc", NULL);
	proc.input = file->buf;
	proc.input_len = file->len;
	proc.ret_out = &got;
	proc.max_capture = want->len + 1;
	assert_int_equal(proc_run(&proc, &end, &err), 0);
	assert_int_equal(end.status, 0);
	assert_int_equal(got.len, want->len);
	assert_memory_equal(got.buf, want->buf, want->len);
}

static void is_what_gzip_reads(void **state)
{
	static const size_t lens[] = { 0, 1, 100, 65535, 65536, 65537, 1000000 };
	static const unsigned values[] = { 1, 4, 256 };

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
			CLEANUP(str_release) struct str bytes = STR_INIT;
			CLEANUP(str_release) struct str file = STR_INIT;

			fill(&bytes, lens[i], (unsigned)i, values[j]);
			compress_pieces(&bytes, PIECE_LEN, &file);
			assert_unpacks(&file, &bytes);
		}
	}
}

/* Whatever the compressor did before, a piece becomes the same bytes: digests must not differ. */
static void forgets_what_came_before(void **state)
{
	CLEANUP(str_release) struct str bytes = STR_INIT;
	CLEANUP(str_release) struct str other = STR_INIT;
	unsigned char *first = mem_zalloc(gzip_bound(PIECE_LEN));
	unsigned char *second = mem_zalloc(gzip_bound(PIECE_LEN));
	struct gzip *gzip = gzip_new();
	size_t len;

	(void)state;
	fill(&bytes, PIECE_LEN, 7, 4);
	fill(&other, PIECE_LEN, 9, 5);
	len = gzip_compress(gzip, bytes.buf, bytes.len, first);
	assert_true(len < PIECE_LEN / 2);
	for (int i = 0; i < 20; i++) {
		(void)gzip_compress(gzip, other.buf, other.len - (size_t)i, second);
		assert_int_equal(gzip_compress(gzip, bytes.buf, bytes.len, second), len);
		assert_memory_equal(first, second, len);
	}
	gzip_free(gzip);
	free(first);
	free(second);
}

static int load(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	return gzip_load(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_what_gzip_reads),
		cmocka_unit_test(forgets_what_came_before),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
