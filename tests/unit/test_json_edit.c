#include "base/cleanup.h"
#include "data/json_edit.h"
#include "test.h"

#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const char *const helper_path[] = { "credHelpers", "h:5000", NULL };

static void splices_a_member_in(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "{}", "{\n\t\"credHelpers\": {\n\t\t\"h:5000\": \"x\"\n\t}\n}" },
		{ "{ }\n", "{\n\t\"credHelpers\": {\n\t\t\"h:5000\": \"x\"\n\t}\n}\n" },
		{ "{\"a\":1.10}", "{\"a\":1.10,\"credHelpers\":{\"h:5000\":\"x\"}}" },
		{ "{\n  \"auths\" : {},\n  \"z\":[1, 2]\n}\n",
		  "{\n  \"auths\" : {},\n  \"z\":[1, 2],\n  \"credHelpers\": {\n    \"h:5000\": "
		  "\"x\"\n  }\n}\n" },
		{ "{\n\t\"credHelpers\": {},\n\t\"b\": null\n}",
		  "{\n\t\"credHelpers\": {\n\t\t\"h:5000\": \"x\"\n\t},\n\t\"b\": null\n}" },
		{ "{\n\t\"credHelpers\": {\n\t\t\"g\": \"y\"\n\t}\n}",
		  "{\n\t\"credHelpers\": {\n\t\t\"g\": \"y\",\n\t\t\"h:5000\": \"x\"\n\t}\n}" },
		{ "{\"credHelpers\":{\"h:5000\" : \"old}\\\"\" , \"g\":1}}",
		  "{\"credHelpers\":{\"h:5000\" : \"x\" , \"g\":1}}" },
		{ "{\"credHelpers\":{\"\\u0068:5000\":[{\"]\":true}]}}",
		  "{\"credHelpers\":{\"\\u0068:5000\":\"x\"}}" },
		{ "{\"a\":true,\"b\":-1e5}",
		  "{\"a\":true,\"b\":-1e5,\"credHelpers\":{\"h:5000\":\"x\"}}" },
		{ "{\"a\": 1, \"b\": 2}",
		  "{\"a\": 1, \"b\": 2,\"credHelpers\":{\"h:5000\":\"x\"}}" },
		{ "{\"credHelpers\": null, \"a\": null}",
		  "{\"credHelpers\": {\"h:5000\":\"x\"}, \"a\": null}" },
		{ "{\"credHelpers\": {\"h:5000\": null}}",
		  "{\"credHelpers\": {\"h:5000\": \"x\"}}" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str text = STR_INIT;

		str_adds(&text, rows[i].in);
		assert_int_equal(json_edit_set(&text, helper_path, "\"x\"", &err), 0);
		assert_string_equal(text.buf, rows[i].want);
	}
}

static void takes_a_member_out_with_its_comma(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "{\"credHelpers\":{\"h:5000\":\"x\"}}", "{}" },
		{ "{\"a\":1,\"credHelpers\":{\"h:5000\":\"x\"}}", "{\"a\":1}" },
		{ "{\n\t\"credHelpers\": {\n\t\t\"h:5000\": 1\n\t},\n\t\"b\": 2\n}",
		  "{\n\t\"b\": 2\n}" },
		{ "{\"credHelpers\":{\"g\":1 , \"h:5000\":2, \"i\":3}}",
		  "{\"credHelpers\":{\"g\":1, \"i\":3}}" },
		{ "{\"credHelpers\":{\"h:5000\":2, \"i\":3}}", "{\"credHelpers\":{\"i\":3}}" },
		{ "{\"credHelpers\":{\"i\":3}}", NULL },
		{ "{\"credHelpers\":null}", NULL },
		{ "{\"credHelpers\":{\"h:5000\":null}}", "{}" },
		{ "{}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str text = STR_INIT;
		bool found;

		str_adds(&text, rows[i].in);
		assert_int_equal(json_edit_remove(&text, helper_path, &found, &err), 0);
		assert_int_equal(found, rows[i].want != NULL);
		assert_string_equal(text.buf, rows[i].want ? rows[i].want : rows[i].in);
	}
}

static void gives_the_same_bytes_back(void **state)
{
	static const char *const rows[] = {
		"{}",
		"{\"a\":1}",
		"{\n  \"a\": [ ],\r\n  \"b\": {}\n}\n",
		"{\n}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str text = STR_INIT;
		bool found;

		str_adds(&text, rows[i]);
		assert_int_equal(json_edit_set(&text, helper_path, "\"x\"", &err), 0);
		assert_int_equal(json_edit_remove(&text, helper_path, &found, &err), 0);
		assert_true(found);
		/* Blanks in an empty object are all that is not kept. */
		assert_string_equal(text.buf, strcmp(rows[i], "{\n}") == 0 ? "{}" : rows[i]);
	}
}

static void refuses_what_it_does_not_understand(void **state)
{
	static const char *const rows[] = {
		"",
		"[]",
		"{\"credHelpers\":[]}",
		"{\"credHelpers\":\"x\"}",
		"{\"a\":1,}",
		"{\"a\":1,\"a\":2}",
		"{\"credHelpers\":{}",
		"null",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(error_release) struct error other = ERROR_INIT;
		CLEANUP(str_release) struct str text = STR_INIT;
		bool found;

		str_adds(&text, rows[i]);
		assert_int_equal(json_edit_set(&text, helper_path, "\"x\"", &err), -1);
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_int_equal(json_edit_remove(&text, helper_path, &found, &other), -1);
		assert_string_equal(text.buf, rows[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splices_a_member_in),
		cmocka_unit_test(takes_a_member_out_with_its_comma),
		cmocka_unit_test(gives_the_same_bytes_back),
		cmocka_unit_test(refuses_what_it_does_not_understand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
