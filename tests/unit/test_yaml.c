#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/json.h"
#include "data/yaml.h"
#include "test.h"
#include "vectors.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

static json_t *read_text(const char *text, enum yaml_dialect dialect, struct error *err)
{
	return yaml_read(text, strlen(text), dialect, err);
}

static int read_file(const char *path, struct str *ret)
{
	CLEANUP_FILE FILE *file = fopen(path, "re");
	char buf[65536];
	size_t n;

	if (!file)
		return -1;
	while ((n = fread(buf, 1, sizeof(buf), file)) > 0)
		str_add(ret, buf, n);
	return 0;
}

/* Compares with what `want` means as JSON. */
static void assert_reads(const char *text, enum yaml_dialect dialect, const char *want)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	json_auto_t *value = read_text(text, dialect, &err);
	json_auto_t *expected = json_loads(want, JSON_DECODE_ANY, NULL);

	if (!value || !json_equal(value, expected)) {
		CLEANUP_FREE char *got = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

		fail_msg("'%s' reads as %s, not %s", text, got ? got : err.msg.buf, want);
	}
}

struct row {
	const char *in, *want;
};

static void reads_plain_scalars_by_the_core_schema(void **state)
{
	static const struct row rows[] = {
		{ "a: 1", "{\"a\": 1}" },
		{ "a: -17", "{\"a\": -17}" },
		{ "a: 0777", "{\"a\": 777}" },
		{ "a: 0o17", "{\"a\": 15}" },
		{ "a: 0x1F", "{\"a\": 31}" },
		{ "a: 1.50", "{\"a\": 1.5}" },
		{ "a: 2e3", "{\"a\": 2000.0}" },
		{ "a: 1e999", "{\"a\": \"1e999\"}" },
		{ "a: 99999999999999999999", "{\"a\": 1e20}" },
		{ "a: no", "{\"a\": \"no\"}" },
		{ "a: off", "{\"a\": \"off\"}" },
		{ "a: True", "{\"a\": true}" },
		{ "a: tRue", "{\"a\": \"tRue\"}" },
		{ "a: ~", "{\"a\": null}" },
		{ "a:", "{\"a\": null}" },
		{ "a: 1:30", "{\"a\": \"1:30\"}" },
		{ "a: 1_000", "{\"a\": \"1_000\"}" },
		{ "a: 5fdbe62", "{\"a\": \"5fdbe62\"}" },
		{ "a: '1'", "{\"a\": \"1\"}" },
		{ "a: !!str 1", "{\"a\": \"1\"}" },
		{ "a: !!int 1", "{\"a\": 1}" },
		{ "", "null" },
		{ "- - 1\n  - 2\n- {}", "[[1, 2], {}]" },
		{ "\xef\xbb\xbf"
		  "a: b",
		  "{\"a\": \"b\"}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_reads(rows[i].in, YAML_PLAIN, rows[i].want);
}

static void reads_a_template_as_the_aws_cli_does(void **state)
{
	static const struct row rows[] = {
		{ "a: yes", "{\"a\": true}" },
		{ "a: Off", "{\"a\": false}" },
		{ "a: y", "{\"a\": \"y\"}" },
		{ "a: 0777", "{\"a\": 511}" },
		{ "a: 089", "{\"a\": \"089\"}" },
		{ "a: 0b101", "{\"a\": 5}" },
		{ "a: 1_000", "{\"a\": 1000}" },
		{ "a: 22:22", "{\"a\": 1342}" },
		{ "a: 22:60", "{\"a\": \"22:60\"}" },
		{ "a: 12e3", "{\"a\": \"12e3\"}" },
		{ "a: 1.5e+3", "{\"a\": 1500.0}" },
		{ "a: 2010-09-09", "{\"a\": \"2010-09-09\"}" },
		{ "a: !Ref b", "{\"a\": {\"Ref\": \"b\"}}" },
		{ "a: !Ref 1", "{\"a\": {\"Ref\": \"1\"}}" },
		{ "a: !Condition b", "{\"a\": {\"Condition\": \"b\"}}" },
		{ "a: !GetAtt b.c.d", "{\"a\": {\"Fn::GetAtt\": [\"b\", \"c.d\"]}}" },
		{ "a: !GetAtt [b, c]", "{\"a\": {\"Fn::GetAtt\": [\"b\", \"c\"]}}" },
		{ "a: !Sub ${b}", "{\"a\": {\"Fn::Sub\": \"${b}\"}}" },
		{ "a: !Select [0, !GetAZs '']",
		  "{\"a\": {\"Fn::Select\": [0, {\"Fn::GetAZs\": \"\"}]}}" },
		{ "a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}",
		  "{\"a\": {\"b\": 1, \"c\": 2}, \"d\": {\"b\": 1, \"c\": 3}}" },
		{ "a: &x {b: 1}\nc: &y {b: 2, d: 3}\ne: {<<: [*x, *y]}",
		  "{\"a\": {\"b\": 1}, \"c\": {\"b\": 2, \"d\": 3}, \"e\": {\"b\": 1, \"d\": 3}}" },
		{ "a: 1\na: 2", "{\"a\": 2}" },
		{ "012345678901: x", "{\"012345678901\": \"x\"}" },
		{ "{\"a\": \"\\ud83d\\ude00\",\t\"b\": \"\\/\"}",
		  "{\"a\": \"\xf0\x9f\x98\x80\", \"b\": \"/\"}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_reads(rows[i].in, YAML_CLOUDFORMATION, rows[i].want);
}

static void says_where_a_document_is_wrong(void **state)
{
	static const struct row rows[] = {
		{ "a: 1\nb: [1, 2\n", "line 3, column 1: did not find expected ',' or ']'" },
		{ "a: 1\na: 2", "line 2, column 1: duplicate key 'a'" },
		{ "a: 1\n--- {}", "line 2, column 1: more than one document" },
		{ "[a]: 1", "line 1, column 1: a key that is not a string" },
		{ "a: *b", "line 1, column 4: alias to an anchor that is not there" },
		{ "a: &x [*x]", "line 1, column 8: alias to an anchor that is not there" },
		{ "a: !Ref b", "line 1, column 4: a tag that is not known here" },
		{ "a: !!python/object:os.system x",
		  "line 1, column 4: a tag that is not known here" },
		{ "a: \"\\0\"", "line 1, column 4: a NUL character in a string" },
		{ "<<: 1", "line 1, column 1: '<<' needs a mapping" },
		{ "a\xff: 1", "byte 1: invalid leading UTF-8 octet" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;

		assert_null(read_text(rows[i].in, YAML_PLAIN, &err));
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_string_equal(err.msg.buf, rows[i].want);
	}
}

/* libyaml takes a minute of CPU for 200 kB of brackets. */
static void refuses_deep_nesting_at_once(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	clock_t started = clock();

	(void)state;
	for (int i = 0; i < 200000; i++)
		str_addc(&text, '[');
	assert_null(yaml_read(text.buf, text.len, YAML_PLAIN, &err));
	assert_string_equal(err.msg.buf, "line 1, column 65: more than 64 levels deep");
	assert_true(clock() - started < CLOCKS_PER_SEC / 4);
}

static void reads_sixty_four_levels(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	json_auto_t *value = NULL;

	(void)state;
	for (int i = 0; i < 64; i++)
		str_addc(&text, '[');
	for (int i = 0; i < 64; i++)
		str_addc(&text, ']');
	value = yaml_read(text.buf, text.len, YAML_PLAIN, &err);
	assert_non_null(value);
}

/* Thirty-odd nodes that would be a tree of 9^9. */
static void refuses_an_alias_bomb(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;

	(void)state;
	str_adds(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 9; i++) {
		str_addf(&text, "a%d: &a%d [", i, i);
		for (int j = 0; j < 9; j++)
			str_addf(&text, "*a%d%s", i - 1, j < 8 ? ", " : "]\n");
	}
	assert_null(yaml_read(text.buf, text.len, YAML_PLAIN, &err));
	assert_non_null(strstr(err.msg.buf, "more than 150000 nodes"));
}

static void refuses_more_than_a_hundred_aliases(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;

	(void)state;
	str_adds(&text, "a: &a x\nb:\n");
	for (int i = 0; i < 101; i++)
		str_adds(&text, "- *a\n");
	assert_null(yaml_read(text.buf, text.len, YAML_PLAIN, &err));
	assert_string_equal(err.msg.buf, "line 103, column 3: more than 100 aliases");
}

static void refuses_more_than_a_mebibyte(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;

	(void)state;
	str_adds(&text, "a: ");
	while (text.len <= 1 << 20)
		str_adds(&text, "0123456789abcdef");
	assert_null(yaml_read(text.buf, text.len, YAML_PLAIN, &err));
	assert_string_equal(err.msg.buf, "larger than 1 MiB");
}

/* Dates are {"__date__": "2010-09-09"} in the expected files; here they are text. */
static json_t *undate(json_t *value)
{
	json_t *date = json_object_get(value, "__date__");
	const char *key;
	json_t *item;
	size_t i;

	if (date)
		return date;
	json_object_foreach(value, key, item)(void) json_object_set(value, key, undate(item));
	json_array_foreach(value, i, item)(void) json_array_set(value, i, undate(item));
	return value;
}

static bool reads_template(const char *folder, const char *name, json_t *expected)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	json_t *want = json_object_get(expected, "parsed");
	json_auto_t *value = NULL;

	str_addf(&path, "%s/%s", folder, name);
	if (read_file(path.buf, &text) < 0)
		return false;
	value = yaml_read(text.buf, text.len, YAML_CLOUDFORMATION, &err);
	if (!want && !value)
		return true;
	if (want && value && json_equal(value, undate(want)))
		return true;
	print_message("# %s: %s\n", name, value ? "reads differently" : err.msg.buf);
	return false;
}

/* The AWS CLI's own reading of every template is the oracle. */
static void reads_every_template_as_the_oracle_does(void **state)
{
	static const char *const sets[] = { "cfn-flip", "aws-cli-deploy", "aws-templates" };
	CLEANUP(str_release) struct str folder = STR_INIT;
	size_t good = 0, all = 0;

	(void)state;
	vectors_need("cloudformation-templates");
	str_addf(&folder, "%s/cloudformation-templates", vectors_dir());
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		CLEANUP_FREE char *path = mem_printf("%s/expected-%s.json", folder.buf, sets[i]);
		json_auto_t *expected = json_load_file(path, 0, NULL);
		const char *name;
		json_t *item;

		assert_non_null(expected);
		json_object_foreach(expected, name, item)
		{
			good += reads_template(folder.buf, name, item);
			all++;
		}
	}
	print_message("# templates read as the AWS CLI reads them: %zu/%zu\n", good, all);
	assert_int_equal(good, all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_plain_scalars_by_the_core_schema),
		cmocka_unit_test(reads_a_template_as_the_aws_cli_does),
		cmocka_unit_test(says_where_a_document_is_wrong),
		cmocka_unit_test(refuses_deep_nesting_at_once),
		cmocka_unit_test(reads_sixty_four_levels),
		cmocka_unit_test(refuses_an_alias_bomb),
		cmocka_unit_test(refuses_more_than_a_hundred_aliases),
		cmocka_unit_test(refuses_more_than_a_mebibyte),
		cmocka_unit_test(reads_every_template_as_the_oracle_does),
	};

	return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
