#include "base/cleanup.h"
#include "base/clock.h"
#include "base/env.h"
#include "base/error.h"
#include "base/library.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/sanitize.h"
#include "base/secret.h"
#include "base/slice.h"
#include "base/strv.h"
#include "test.h"

#include <string.h>

static void wraps_an_error_from_the_inside_out(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(error_set(&err, ERROR_CONFIG, "line %d", 3), -1);
	error_wrap(&err, "reading '%s'", "f");
	error_fix(&err, "the inner remedy");
	error_fix(&err, "the outer remedy");
	assert_string_equal(err.msg.buf, "reading 'f': line 3");
	assert_string_equal(err.fix.buf, "the inner remedy");
	assert_int_equal(error_exit_status(&err), 2);
	error_release(&err);
	assert_int_equal(error_exit_status(&err), 0);
}

static void gives_each_kind_its_exit_status(void **state)
{
	static const struct {
		enum error_kind kind;
		int status;
	} rows[] = {
		{ ERROR_USAGE, 2 },	   { ERROR_CONFIG, 2 },	  { ERROR_REFUSED, 3 },
		{ ERROR_AUTH, 4 },	   { ERROR_TOOL, 5 },	  { ERROR_TEST, 6 },
		{ ERROR_RELEASE, 7 },	   { ERROR_PUBLISH, 8 },  { ERROR_CHANGE_SET, 9 },
		{ ERROR_ROLLED_BACK, 10 }, { ERROR_STUCK, 11 },	  { ERROR_OUTCOME, 12 },
		{ ERROR_BUSY, 13 },	   { ERROR_NETWORK, 13 }, { ERROR_REMOTE, 1 },
		{ ERROR_CHILD, 1 },	   { ERROR_SYSTEM, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;

		error_set(&err, rows[i].kind, "x");
		assert_int_equal(error_exit_status(&err), rows[i].status);
	}
}

static void counts_a_signal_into_the_exit_status(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	error_set_signal(&err, 15, "waiting");
	assert_int_equal(error_exit_status(&err), 143);
	assert_string_equal(err.msg.buf, "waiting: interrupted by SIGTERM");
}

static void replaces_what_a_terminal_would_obey(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "plain\ttext", "plain\ttext" },
		{ "a\033[31mb\033[0;1mc", "abc" }, /* colours */
		{ "a\033]0;t\007b\033[3", "a?]0;t?b?[3" },
		{ "a\nb\rc", "a?bc" },
		{ "\xc2\x9b"
		  "31m",
		  "?31m" },		     /* C1 CSI */
		{ "x\xe2\x80\xaey", "x?y" }, /* right-to-left override */
		{ "\xc3\xa9\xe2\x9c\x93", "\xc3\xa9\xe2\x9c\x93" },
		{ "\xff\xc3", "??" },	   /* not UTF-8 */
		{ "\xed\xa0\x80", "???" }, /* a surrogate */
		{ "\xc0\xaf", "??" },	   /* overlong */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(str_release) struct str out = STR_INIT;

		sanitize_text(&out, rows[i].in);
		assert_string_equal(out.buf, rows[i].want);
	}
}

static void reads_the_instants_that_aws_writes(void **state)
{
	static const struct {
		const char *in;
		int64_t want; /* -1: refused */
	} rows[] = {
		{ "2015-08-30T12:36:00Z", 1440938160000 },
		{ "20150830T123600Z", 1440938160000 },
		{ "2015-08-30T12:36:00.250Z", 1440938160250 },
		{ "2015-08-30T14:36:00+02:00", 1440938160000 },
		{ "2015-08-30T10:36:00-0200", 1440938160000 },
		{ "2015-08-30T12:36:00", -1 },
		{ "2015-13-30T12:36:00Z", -1 },
		{ "2015-08-30T12:36:00Zx", -1 },
		{ "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t got = -1;

		assert_int_equal(clock_parse_rfc3339(rows[i].in, &got), rows[i].want >= 0);
		assert_int_equal(got, rows[i].want);
	}
}

static void reads_an_http_date(void **state)
{
	int64_t got;

	(void)state;
	assert_true(clock_parse_http_date("Sun, 30 Aug 2015 12:36:00 GMT", &got));
	assert_int_equal(got, 1440938160000);
	assert_false(clock_parse_http_date("yesterday", &got));
}

static void parses_numbers_whole_or_not_at_all(void **state)
{
	static const struct {
		const char *in;
		uint64_t max;
		bool ok;
	} rows[] = {
		{ "0", 0, true },
		{ "255", 255, true },
		{ "256", 255, false },
		{ "", 9, false },
		{ "1x", 99, false },
		{ "-1", 99, false },
		{ "18446744073709551615", UINT64_MAX, true },
		{ "18446744073709551616", UINT64_MAX, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t n;

		assert_int_equal(slice_to_u64(slice_of(rows[i].in), rows[i].max, &n), rows[i].ok);
	}
}

static void counts_a_blank_variable_as_unset(void **state)
{
	char *vars[] = { (char[]){ "A=1" }, (char[]){ "AB= " }, (char[]){ "C=" }, NULL };
	struct env env = { vars };

	(void)state;
	assert_string_equal(env_get(&env, "A"), "1");
	assert_null(env_get(&env, "AB"));
	assert_string_equal(env_get_raw(&env, "C"), "");
	assert_null(env_get(&env, "D"));
}

static void replaces_a_variable_in_a_list(void **state)
{
	CLEANUP(strv_release) struct strv list = STRV_INIT;

	(void)state;
	strv_add_all(&list, "A=1", "AB=2", "A=3", NULL);
	strv_set_env(&list, "A", "4");
	assert_int_equal(list.count, 2);
	assert_true(strv_has(&list, "A=4"));
	strv_set_env(&list, "AB", NULL);
	assert_int_equal(list.count, 1);
	assert_null(list.v[1]);
}

static void grows_a_list_by_one(void **state)
{
	int *list = NULL;
	size_t count = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		*(int *)mem_grow(&list, &count, sizeof(*list)) = i;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(list[i], i);
	free(list);
}

static void pools_strings_of_any_length(void **state)
{
	CLEANUP(pool_release) struct pool pool = POOL_INIT;
	CLEANUP_FREE char *large = mem_zalloc(100001);
	const char *added[200];

	(void)state;
	memset(large, 'x', 100000);
	for (size_t i = 0; i < 200; i++)
		added[i] = pool_add(&pool, (struct slice){ large, i * 499 });
	for (size_t i = 0; i < 200; i++) {
		assert_int_equal(strlen(added[i]), i * 499);
		assert_memory_equal(added[i], large, i * 499);
	}
}

static void keeps_a_secret_to_itself(void **state)
{
	CLEANUP(secret_release) struct secret a = SECRET_INIT;
	CLEANUP(secret_release) struct secret b = SECRET_INIT;

	(void)state;
	assert_string_equal(secret_bytes(&a), "");
	secret_sets(&a, "hunter2");
	secret_copy(&b, &a);
	secret_release(&a);
	assert_false(secret_is_set(&a));
	assert_string_equal(secret_bytes(&b), "hunter2");
}

struct loaded {
	double (*cos)(double angle);
	double (*sin)(double angle);
};

static void loads_all_of_a_library_or_nothing(void **state)
{
	static const struct library_function good[] = { { "sin", offsetof(struct loaded, sin) },
							{ "cos", offsetof(struct loaded, cos) } };
	static const struct library_function bad[] = { { "sin", offsetof(struct loaded, sin) },
						       { "sine", offsetof(struct loaded, cos) } };
	struct library library = { .name = "libm",
				   .file = "libm.so.6",
				   .package = "libc6",
				   .functions = good,
				   .count = 2 };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct loaded loaded = { NULL, NULL };

	(void)state;
	library.functions = bad;
	assert_int_equal(library_load(&library, &loaded, &err), -1);
	assert_int_equal(err.kind, ERROR_TOOL);
	assert_non_null(strstr(err.msg.buf, "cannot load libm: "));
	assert_non_null(strstr(err.msg.buf, "sine"));
	assert_string_equal(err.fix.buf, "install it: apt-get install libc6");
	assert_null(loaded.sin);
	error_release(&err);
	library.file = "libabsent.so.1";
	assert_int_equal(library_load(&library, &loaded, &err), -1);
	assert_non_null(strstr(err.msg.buf, "libabsent.so.1"));
	error_release(&err);
	library.file = "libm.so.6";
	library.functions = good;
	assert_int_equal(library_load(&library, &loaded, &err), 0);
	assert_true(loaded.cos(0) > 0.5);
	assert_true(loaded.sin(0) < 0.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wraps_an_error_from_the_inside_out),
		cmocka_unit_test(gives_each_kind_its_exit_status),
		cmocka_unit_test(counts_a_signal_into_the_exit_status),
		cmocka_unit_test(replaces_what_a_terminal_would_obey),
		cmocka_unit_test(reads_the_instants_that_aws_writes),
		cmocka_unit_test(reads_an_http_date),
		cmocka_unit_test(parses_numbers_whole_or_not_at_all),
		cmocka_unit_test(counts_a_blank_variable_as_unset),
		cmocka_unit_test(replaces_a_variable_in_a_list),
		cmocka_unit_test(grows_a_list_by_one),
		cmocka_unit_test(pools_strings_of_any_length),
		cmocka_unit_test(keeps_a_secret_to_itself),
		cmocka_unit_test(loads_all_of_a_library_or_nothing),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
