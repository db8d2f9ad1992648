#include "base/cleanup.h"
#include "data/tar.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

/* Notes what is read: "begin NAME SIZE", the bytes in brackets. `stop_at` ends it at that file. */
struct notebook {
	struct str text;
	const char *stop_at;
};

static int note_begin(void *ctx, const char *name, uint64_t size, struct error *err)
{
	struct notebook *notebook = ctx;

	if (notebook->stop_at && strcmp(name, notebook->stop_at) == 0)
		return error_set(err, ERROR_PUBLISH, "enough");
	str_addf(&notebook->text, "%s %llu [", name, (unsigned long long)size);
	return 0;
}

static int note_data(void *ctx, const char *bytes, size_t len, struct error *err)
{
	struct notebook *notebook = ctx;

	(void)err;
	assert_true(len > 0);
	str_add(&notebook->text, bytes, len);
	return 0;
}

static int note_end(void *ctx, struct error *err)
{
	struct notebook *notebook = ctx;

	(void)err;
	str_adds(&notebook->text, "]\n");
	return 0;
}

static void pad(struct str *archive)
{
	while (archive->len % TAR_BLOCK_LEN)
		str_addc(archive, '\0');
}

/* A header as GNU tar and Go write it; `size` is a field's text, 12 bytes of it. */
static void add_header(struct str *archive, char type, const char *name, const char *size)
{
	char block[TAR_BLOCK_LEN] = { 0 };
	unsigned sum = 0;

	(void)snprintf(block, 100, "%s", name);
	memcpy(block + 100, "0000644", 8);
	memcpy(block + 124, size, 12);
	memset(block + 148, ' ', 8);
	block[156] = type;
	(void)snprintf(block + 257, 6, "ustar");
	memset(block + 263, '0', 2);
	for (size_t i = 0; i < sizeof(block); i++)
		sum += (unsigned char)block[i];
	(void)snprintf(block + 148, 8, "%06o", sum);
	str_add(archive, block, sizeof(block));
}

static void add_file(struct str *archive, char type, const char *name, const char *bytes)
{
	char size[32];

	(void)snprintf(size, sizeof(size), "%011zo", strlen(bytes));
	add_header(archive, type, name, size);
	str_adds(archive, bytes);
	pad(archive);
}

static void add_end(struct str *archive)
{
	for (int i = 0; i < 2 * TAR_BLOCK_LEN; i++)
		str_addc(archive, '\0');
}

static int play(const struct str *archive, size_t piece, struct notebook *notebook,
		struct error *err)
{
	const struct tar_sink sink = { note_begin, note_data, note_end, notebook };
	CLEANUP(tar_release) struct tar tar = TAR_INIT(&sink);

	for (size_t at = 0; at < archive->len; at += piece) {
		size_t n = archive->len - at < piece ? archive->len - at : piece;

		if (tar_add(&tar, archive->buf + at, n, err) < 0)
			return -1;
	}
	return tar_finish(&tar, err);
}

static void assert_reads(const struct str *archive, const char *want)
{
	static const size_t pieces[] = { 1, 3, 511, 512, 513, 100000 };

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		struct notebook notebook = { .text = STR_INIT };

		assert_int_equal(play(archive, pieces[i], &notebook, &err), 0);
		assert_string_equal(notebook.text.buf, want);
		str_release(&notebook.text);
	}
}

static void assert_fails(const struct str *archive, const char *why)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct notebook notebook = { .text = STR_INIT };

	assert_int_equal(play(archive, 700, &notebook, &err), -1);
	assert_int_equal(err.kind, ERROR_REMOTE);
	assert_non_null(strstr(err.msg.buf, why));
	str_release(&notebook.text);
}

static void reads_files_however_they_are_cut(void **state)
{
	CLEANUP(str_release) struct str archive = STR_INIT;

	(void)state;
	add_file(&archive, '5', "dir/", "");
	add_file(&archive, '0', "dir/empty", "");
	add_file(&archive, '\0', "dir/old", "old");
	add_header(&archive, '2', "dir/link", "00000001000");
	add_file(&archive, '0', "dir/file", "0123456789");
	add_end(&archive);
	str_adds(&archive, "what follows does not count");
	assert_reads(&archive, "dir/empty 0 []\ndir/old 3 [old]\ndir/file 10 [0123456789]\n");
}

static void reads_extensions(void **state)
{
	CLEANUP(str_release) struct str archive = STR_INIT;
	static const char big[12] = { (char)0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4 };

	(void)state;
	add_file(&archive, 'g', "pax_global_header", "19 comment=nothing\n");
	add_file(&archive, 'x', "PaxHeaders/x", "18 path=long/name\n10 size=4\n");
	add_header(&archive, '0', "short", "00000000000");
	str_adds(&archive, "four");
	pad(&archive);
	add_file(&archive, 'L', "././@LongLink", "gnu/name");
	add_header(&archive, '0', "gn", big);
	str_adds(&archive, "base");
	pad(&archive);
	add_file(&archive, '0', "plain", "p");
	add_end(&archive);
	assert_reads(&archive, "long/name 4 [four]\ngnu/name 4 [base]\nplain 1 [p]\n");
}

static void puts_a_name_together(void **state)
{
	CLEANUP(str_release) struct str archive = STR_INIT;
	unsigned sum = 0;

	(void)state;
	add_header(&archive, '0', "layer.tar", "00000000000");
	memcpy(archive.buf + 345, "abc/def", 7);
	memset(archive.buf + 148, ' ', 8);
	for (size_t i = 0; i < TAR_BLOCK_LEN; i++)
		sum += (unsigned char)archive.buf[i];
	(void)snprintf(archive.buf + 148, 8, "%06o", sum);
	add_end(&archive);
	assert_reads(&archive, "abc/def/layer.tar 0 []\n");
}

static void refuses_what_is_broken(void **state)
{
	CLEANUP(str_release) struct str archive = STR_INIT;

	(void)state;
	assert_fails(&archive, "its end is missing");
	add_file(&archive, '0', "a", "0123456789");
	assert_fails(&archive, "its end is missing");
	archive.buf[0] = 'b';
	assert_fails(&archive, "a header's checksum is wrong");
	str_reset(&archive);
	add_header(&archive, '0', "a", "0000000009\0");
	assert_fails(&archive, "a header's size is no number");
	str_reset(&archive);
	add_header(&archive, '0', "a", "\200\377\377\377\377\377\377\377\377\377\377\377");
	assert_fails(&archive, "a header's size is no number");
	str_reset(&archive);
	add_header(&archive, 'x', "a", "77777777777");
	assert_fails(&archive, "an extended header has more than 1 MiB");
	str_reset(&archive);
	add_header(&archive, 'S', "a", "00000000000");
	assert_fails(&archive, "sparse");
}

static void refuses_extended_headers_that_are_none(void **state)
{
	static const char *const texts[] = {
		"x",
		"9999 a=b\n",
		"0 a=b\n",
		"2 ",
		"6 a=b\n6 a=bc",
		"7 path\n",
		"11 size=-4\n",
		"25 GNU.sparse.major=1000\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CLEANUP(str_release) struct str archive = STR_INIT;

		add_file(&archive, 'x', "x", texts[i]);
		add_file(&archive, '0', "a", "");
		add_end(&archive);
		assert_fails(&archive, "the tar archive is broken");
	}
}

static void stops_where_the_sink_does(void **state)
{
	CLEANUP(str_release) struct str archive = STR_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct notebook notebook = { .text = STR_INIT, .stop_at = "b" };

	(void)state;
	add_file(&archive, '0', "a", "1");
	add_file(&archive, '0', "b", "2");
	add_end(&archive);
	assert_int_equal(play(&archive, 100, &notebook, &err), -1);
	assert_int_equal(err.kind, ERROR_PUBLISH);
	assert_string_equal(notebook.text.buf, "a 1 [1]\n");
	str_release(&notebook.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_files_however_they_are_cut),
		cmocka_unit_test(reads_extensions),
		cmocka_unit_test(puts_a_name_together),
		cmocka_unit_test(refuses_what_is_broken),
		cmocka_unit_test(refuses_extended_headers_that_are_none),
		cmocka_unit_test(stops_where_the_sink_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
