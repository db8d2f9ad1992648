#include "deploy/tally.h"

#include "base/cleanup.h"
#include "test.h"

static void print(struct tally *tally, const char *source, const char *const *lines)
{
	for (; *lines; lines++)
		report_output(&tally->report, source, *lines);
}

static void expect(const struct tally *tally, const char *want)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	tally_describe(tally, &text);
	assert_string_equal(text.buf, want);
}

/* The examples are of the specification, version 13. */
static void counts_what_services_print(void **state)
{
	static const struct {
		const char *want;
		const char *lines[8];
	} rows[] = {
		{ "2 tests, 0 failed", { "1..2", "ok 1", "ok 2 - with a name" } },
		{ "1 test, 0 failed", { "ok", "1..1" } },
		{ "4 tests, 1 failed",
		  { "TAP version 13", "1..4", "ok 1 - Input file opened",
		    "not ok 2 - First line of the input valid", "ok 3 - Read the rest of the file",
		    "not ok 4 - Summarized correctly # todo Not written yet" } },
		{ "2 tests, 0 failed, 1 skipped",
		  { "1..2", "ok 23 # skip Insufficient flogiston pressure.", "ok 2" } },
		{ "1 test, 1 failed, 3 not run", { "1..4", "not ok 1", "Bail out!" } },
		{ "", { "ok 1", "okay", "not ok" } },
		{ "", { "1..0 # skip nothing to test here" } },
		{ "1 test, 0 failed", { "1..1", "okay", "not okay", "  not ok 1", "ok 1" } },
		{ "", { "1..", "1..x", "1..99999999999999999999", "ok 1" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(tally_release) struct tally tally = { 0 };

		tally_begin(&tally, &report_none);
		print(&tally, "test", rows[i].lines);
		expect(&tally, rows[i].want);
	}
}

static void adds_up_services_that_have_a_plan(void **state)
{
	CLEANUP(tally_release) struct tally tally = { 0 };

	(void)state;
	tally_begin(&tally, &report_none);
	print(&tally, "test", (const char *const[]){ "1..2", "ok 1", NULL });
	print(&tally, "app", (const char *const[]){ "ok then", "ok", NULL });
	print(&tally, "acceptance", (const char *const[]){ "1..1", "not ok 1", NULL });
	print(&tally, "test", (const char *const[]){ "ok 2", NULL });
	expect(&tally, "3 tests, 1 failed");
}

static void counts_the_cases_of_a_junit_report(void **state)
{
	static const char text[] =
		"<?xml version='1.0'?><testsuites><testsuite name='a' tests='9'>"
		"<testcase name='1'/><testcase name='2'><failure message='no'/></testcase>"
		"<testsuite><testcase><error/></testcase><testcase><skipped/></testcase></"
		"testsuite>"
		"<system-out>ok</system-out></testsuite></testsuites>";
	CLEANUP(tally_release) struct tally tally = { 0 };
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	tally_begin(&tally, &report_none);
	assert_int_equal(tally_add_junit(&tally, text, sizeof(text) - 1, &err), 0);
	expect(&tally, "4 tests, 2 failed, 1 skipped");
}

static void refuses_what_is_no_junit_report(void **state)
{
	static const char *const rows[] = { "", "<html/>", "<testsuite><testcase>",
					    "<!DOCTYPE x><testsuite/>" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(tally_release) struct tally tally = { 0 };
		CLEANUP(error_release) struct error err = ERROR_INIT;

		tally_begin(&tally, &report_none);
		assert_int_equal(tally_add_junit(&tally, rows[i], strlen(rows[i]), &err), -1);
		assert_int_equal(err.kind, ERROR_CONFIG);
		expect(&tally, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_what_services_print),
		cmocka_unit_test(adds_up_services_that_have_a_plan),
		cmocka_unit_test(counts_the_cases_of_a_junit_report),
		cmocka_unit_test(refuses_what_is_no_junit_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
