#include "docker/dotenv.h"

#include "base/cleanup.h"
#include "test.h"

/* The forms that compose's own page shows. */
static void finds_a_value_as_compose_does(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", NULL },
		{ "VARR=VAL\n#VAR=VAL\nVAR\n", NULL },
		{ "VAR=VAL", "VAL" },
		{ "VAR=\"VAL\"", "VAL" },
		{ "VAR='VAL'", "VAL" },
		{ "VAR=VAL # comment", "VAL" },
		{ "VAR=VAL# not a comment", "VAL# not a comment" },
		{ "VAR=\"VAL # not a comment\"", "VAL # not a comment" },
		{ "VAR=\"VAL\" # comment", "VAL" },
		{ "VAR = VAL \r\n", "VAL" },
		{ "export VAR=VAL", "VAL" },
		{ "exportVAR=VAL", NULL },
		{ "VAR=\"VAL", "\"VAL" },
		{ "VAR=", "" },
		{ "VAR=a=b", "a=b" },
		{ "VAR=one\nVAR=two\n", "two" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(str_release) struct str value = STR_INIT;
		bool found = dotenv_find(rows[i].text, strlen(rows[i].text), "VAR", &value);

		if (found != (rows[i].want != NULL))
			fail_msg("'%s'", rows[i].text);
		assert_string_equal(value.buf, found ? rows[i].want : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_a_value_as_compose_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
