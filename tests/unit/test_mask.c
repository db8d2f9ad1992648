#include "base/cleanup.h"
#include "base/error.h"
#include "base/mask.h"
#include "base/mem.h"
#include "test.h"

#include <string.h>

static void masks_a_secret_in_each_form(void **state)
{
	static const struct {
		const char *text, *secret, *want;
	} rows[] = {
		{ "is s3cr/t+ here", "s3cr/t+", "is *** here" },
		{ "s3cr/t+s3cr/t+", "s3cr/t+", "******" },
		{ "a=s3cr%2Ft%2B&b", "s3cr/t+", "a=***&b" },
		{ "nothing of it", "s3cr/t+", "nothing of it" },
		{ "", "s3cr/t+", "" },
		/* Of one so short, every second line has one. */
		{ "abcabc", "abc", "abcabc" },
		/* Cut within it. */
		{ "at the end 0123456789...", "0123456789abcdef", "at the end ..." },
		{ "at the end 0123456789", "0123456789abcdef", "at the end ..." },
		{ "at the end 0123", "0123456789abcdef", "at the end 0123" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(str_release) struct str text = STR_INIT;
		CLEANUP_FREE char *copy = mem_strdup(rows[i].text);
		bool changes = strcmp(rows[i].text, rows[i].want) != 0;

		str_adds(&text, rows[i].text);
		assert_int_equal(mask_str(&text, rows[i].secret), changes);
		assert_string_equal(text.buf, rows[i].want);
		assert_int_equal(mask_text(&copy, rows[i].secret), changes);
		assert_string_equal(copy, rows[i].want);
	}
}

static void masks_what_an_error_quotes(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	error_set(&err, ERROR_REMOTE, "the service says: %s", "token-1234 is bad");
	error_fix(&err, "do not send %s", "token-1234");
	assert_int_equal(error_mask(&err, "token-1234"), -1);
	assert_string_equal(err.msg.buf, "the service says: *** is bad");
	assert_string_equal(err.fix.buf, "do not send ***");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_a_secret_in_each_form),
		cmocka_unit_test(masks_what_an_error_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
