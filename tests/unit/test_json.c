#include "base/cleanup.h"
#include "base/mem.h"
#include "data/json.h"
#include "sys/file.h"
#include "test.h"
#include "vectors.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* What RFC 8259 permits and json_read() refuses, by name: see its header. */
static const char *const limits[] = {
	"y_object_duplicated_key.json",
	"y_object_duplicated_key_and_value.json",
	"y_object_escaped_null_in_key.json",
	"y_string_null_escape.json",
};

static bool is_limit(const char *name)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (strcmp(limits[i], name) == 0)
			return true;
	return false;
}

struct tally {
	int accepted, accepted_of;
	int rejected, rejected_of;
	int limited;
	int free; /* either answer is right: no crash, no hang */
};

static void feed(const char *dir, const char *name, struct tally *tally)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str bytes = STR_INIT;
	CLEANUP_FREE char *path = file_join(dir, name);
	json_auto_t *value = NULL;

	assert_int_equal(file_read(path, 1 << 20, &bytes, &err), 0);
	value = json_read(bytes.buf, bytes.len, &err);
	assert_int_equal(!value, err.kind == ERROR_CONFIG);
	switch (name[0]) {
	case 'y':
		tally->accepted_of++;
		tally->accepted += value != NULL;
		tally->limited += is_limit(name) && !value;
		if (!value && !is_limit(name))
			print_message("# refused: %s: %s\n", name, err.msg.buf);
		break;
	case 'n':
		tally->rejected_of++;
		tally->rejected += !value;
		if (value)
			print_message("# accepted: %s\n", name);
		break;
	default:
		tally->free++;
	}
}

static void agrees_with_the_json_test_suite(void **state)
{
	CLEANUP_FREE char *path = NULL;
	DIR *dir;
	struct tally tally = { 0 };
	struct dirent *entry;

	(void)state;
	vectors_need("json");
	path = file_join(vectors_dir(), "json");
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (strlen(entry->d_name) > 2 && entry->d_name[1] == '_')
			feed(path, entry->d_name, &tally);
	closedir(dir);
	print_message("# json: accepted %d + %d documented limits of %d, rejected %d of %d, "
		      "%d free to choose\n",
		      tally.accepted, tally.limited, tally.accepted_of, tally.rejected,
		      tally.rejected_of, tally.free);
	assert_true(tally.accepted_of > 0);
	assert_int_equal(tally.limited, sizeof(limits) / sizeof(limits[0]));
	assert_int_equal(tally.accepted + tally.limited, tally.accepted_of);
	assert_int_equal(tally.rejected, tally.rejected_of);
}

static void says_where_the_text_breaks(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "{\n \"a\": tru}", "line 2, column 9: " },
		{ "{\"a\":1,\n\"a\":2}", "line 2, column 3: duplicate object key" },
		{ "[1] x", "line 1, column 5: end of file expected" },
		{ "", "line 1, column 0: " },
		{ "\"a\\u0000\"", "line 1, column " },
		{ "\xef\xbb\xbf{}", "line 1, column " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;

		assert_null(json_read(rows[i].in, strlen(rows[i].in), &err));
		assert_int_equal(err.kind, ERROR_CONFIG);
		if (strncmp(err.msg.buf, rows[i].want, strlen(rows[i].want)) != 0)
			fail_msg("'%s' is not '%s'", err.msg.buf, rows[i].want);
	}
}

static void nest(struct str *out, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		str_adds(out, "[");
	str_adds(out, "\"\\\"[[\"");
	for (unsigned i = 0; i < depth; i++)
		str_adds(out, "]");
}

static void reads_64_levels_and_no_more(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	json_auto_t *value = NULL;

	(void)state;
	nest(&text, 64);
	value = json_read(text.buf, text.len, &err);
	assert_non_null(value);
	str_reset(&text);
	str_adds(&text, "\"\xc3\xa9\", \n");
	nest(&text, 65);
	assert_null(json_read(text.buf, text.len, &err));
	assert_string_equal(err.msg.buf, "line 2, column 65: nested too deeply");
}

/* A short text becomes large in memory; what the program has written is as large as it was. */
static void reads_few_values_of_others_and_all_of_its_own(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	json_auto_t *own = NULL;

	(void)state;
	str_addc(&text, '[');
	for (int i = 0; i < 400000; i++)
		str_adds(&text, "0,");
	str_adds(&text, "0]");
	assert_null(json_read(text.buf, text.len, &err));
	assert_non_null(strstr(err.msg.buf, "too many values"));
	error_release(&err);
	own = json_read_own(text.buf, text.len, &err);
	assert_int_equal(json_array_size(own), 400001);
}

static void writes_what_it_read(void **state)
{
	const char *text = "{\"z\":1.1,\"a\":[9007199254740993,true,null,\"\xc3\xa9\\n\"]}";
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str out = STR_INIT;
	json_auto_t *value = json_read(text, strlen(text), &err);

	(void)state;
	assert_non_null(value);
	json_write(value, &out);
	assert_string_equal(out.buf, text);
}

static void finds_text_members_only(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	json_auto_t *value = json_read("{\"a\":\"x\",\"b\":1}", 15, &err);

	(void)state;
	assert_string_equal(json_text(value, "a"), "x");
	assert_null(json_text(value, "b"));
	assert_null(json_text(value, "c"));
	assert_null(json_text(NULL, "a"));
}

static void quotes_any_bytes(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "\n\033", "\"\\u000a\\u001b\"" },
		{ "\xc3\xa9", "\"\xc3\xa9\"" },
		{ "\xff", "\"\\ufffd\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str out = STR_INIT;
		json_auto_t *value = NULL;

		json_quote(&out, rows[i].in);
		assert_string_equal(out.buf, rows[i].want);
		value = json_read(out.buf, out.len, &err);
		assert_true(json_is_string(value));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_json_test_suite),
		cmocka_unit_test(says_where_the_text_breaks),
		cmocka_unit_test(reads_64_levels_and_no_more),
		cmocka_unit_test(reads_few_values_of_others_and_all_of_its_own),
		cmocka_unit_test(writes_what_it_read),
		cmocka_unit_test(finds_text_members_only),
		cmocka_unit_test(quotes_any_bytes),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
