#include "base/cleanup.h"
#include "base/str.h"
#include "data/assignments.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

static int read_text(const char *text, struct assignments *ret, struct error *err)
{
	return assignments_read(text, strlen(text), ret, err);
}

static void reads_each_value_with_its_place(void **state)
{
	static const struct {
		const char *text, *key, *value;
		unsigned line;
		size_t at;
	} rows[] = {
		{ "A=1\nB=2\n", "B", "2", 2, 6 },
		{ "A=1\nB=2", "B", "2", 2, 6 },
		{ "A=1\r\nB=2\r\n", "A", "1", 1, 2 },
		{ "A=1\r\nB=2\r\n", "B", "2", 2, 7 },
		{ "\xef\xbb\xbf"
		  "A=1\n",
		  "A", "1", 1, 5 },
		{ "#A=0\n \n\nA=1\n", "A", "1", 4, 10 },
		{ "AOld=0\nA=1\n", "A", "1", 2, 9 },
		{ "A=\n", "A", "", 1, 2 },
		{ "A=", "A", "", 1, 2 },
		{ "A=b=c = \"d\" # e\n", "A", "b=c = \"d\" # e", 1, 2 },
		{ "A= b \n", "A", " b ", 1, 2 },
		{ "a.b:c-d_9=x,y\tz\xc3\xa9\n", "a.b:c-d_9", "x,y\tz\xc3\xa9", 1, 10 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(assignments_release) struct assignments list = ASSIGNMENTS_INIT;
		const struct assignment *item;

		assert_int_equal(read_text(rows[i].text, &list, &err), 0);
		item = assignments_find(&list, rows[i].key);
		assert_non_null(item);
		assert_string_equal(item->value, rows[i].value);
		assert_int_equal(item->line, rows[i].line);
		assert_int_equal(item->value_at, rows[i].at);
		assert_int_equal(item->value_len, strlen(rows[i].value));
	}
}

static void names_the_line_that_is_none(void **state)
{
	static const struct {
		const char *text;
		enum error_kind kind;
		const char *want;
	} rows[] = {
		{ "A=1\nB\n", ERROR_CONFIG, "line 2 is not KEY=VALUE" },
		{ "A = 1\n", ERROR_CONFIG, "line 1 is not KEY=VALUE" },
		{ " A=1\n", ERROR_CONFIG, "line 1 is not KEY=VALUE" },
		{ "=1\n", ERROR_CONFIG, "line 1 is not KEY=VALUE" },
		{ "A=1\n\xff=1\n", ERROR_CONFIG, "line 2 has bytes that are no text" },
		{ "A=\033[31m\n", ERROR_CONFIG, "line 1 has bytes that are no text" },
		{ "A=1\rB=2\r", ERROR_CONFIG, "line 1 has bytes that are no text" },
		{ "\xff\xfe"
		  "A",
		  ERROR_CONFIG, "line 1 has bytes that are no text" },
		{ "A=1\nB=2\nA=1\n", ERROR_REFUSED, "'A' is there twice: lines 1 and 3" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(assignments_release) struct assignments list = ASSIGNMENTS_INIT;

		assert_int_equal(read_text(rows[i].text, &list, &err), -1);
		assert_int_equal(err.kind, rows[i].kind);
		assert_memory_equal(err.msg.buf, rows[i].want, strlen(rows[i].want));
		assert_int_equal(list.count, 0);
	}
}

static void says_to_take_out_blanks(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(assignments_release) struct assignments list = ASSIGNMENTS_INIT;

	(void)state;
	assert_int_equal(read_text("Key = v\n", &list, &err), -1);
	assert_string_equal(err.fix.buf, "take out the blanks before 'Key' and around its '='");
}

static void refuses_what_is_too_large(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(assignments_release) struct assignments list = ASSIGNMENTS_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;

	(void)state;
	str_adds(&text, "A=");
	while (text.len <= 65536)
		str_addc(&text, 'x');
	assert_int_equal(assignments_read(text.buf, text.len, &list, &err), -1);
	assert_string_equal(err.msg.buf, "line 1 is longer than 64 KiB");
	error_release(&err);
	while (text.len <= 1 << 20)
		str_adds(&text, "\n#");
	assert_int_equal(assignments_read(text.buf, text.len, &list, &err), -1);
	assert_string_equal(err.msg.buf, "larger than 1 MiB");
}

static void refuses_a_nul(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(assignments_release) struct assignments list = ASSIGNMENTS_INIT;

	(void)state;
	assert_int_equal(assignments_read("A=1\0\n", 5, &list, &err), -1);
}

static void recognises_its_files(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} rows[] = { { "A=1\n", true },
		     { "# A: 1\nA=b: c\n", true },
		     { "", true },
		     { "A: b=c\n", false },
		     { "---\nA: 1\n", false } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(assignments_recognise(rows[i].text, strlen(rows[i].text)),
				 rows[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_each_value_with_its_place),
		cmocka_unit_test(names_the_line_that_is_none),
		cmocka_unit_test(says_to_take_out_blanks),
		cmocka_unit_test(refuses_what_is_too_large),
		cmocka_unit_test(refuses_a_nul),
		cmocka_unit_test(recognises_its_files),
	};

	return cmocka_run_group_tests_name("assignments", tests, NULL, NULL);
}
