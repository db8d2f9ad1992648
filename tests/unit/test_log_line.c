#include "base/cleanup.h"
#include "stack/log_line.h"
#include "test.h"

static void shows_lines_without_secrets(void **state)
{
	static const struct {
		const char *line, *want; /* NULL: not shown */
	} rows[] = {
		{ "Traceback (most recent call last):\n", "Traceback (most recent call last):" },
		{ "  File \"x.py\", line 1  \r\n", "  File \"x.py\", line 1" },
		{ "", NULL },
		{ " \n", NULL },
		{ "START RequestId: 1 Version: $LATEST\n", NULL },
		{ "END RequestId: 1\n", NULL },
		{ "INIT_START Runtime Version: python:3.12\n", NULL },
		{ "REPORT RequestId: 1\tDuration: 3 ms\tMax Memory Used: 9 MB\n", NULL },
		{ "REPORT RequestId: 1\tDuration: 3 ms\tStatus: timeout\n",
		  "REPORT RequestId: 1\tDuration: 3 ms\tStatus: timeout" },
		{ "Received event {'ResponseURL': 'https://x', 'Password': 'p'}", NULL },
		{ "mysql://app:s3cret@db:3306/todo refused",
		  "mysql://app:***@db:3306/todo refused" },
		{ "a://u:p@h b://u:p@h", "a://u:***@h b://u:***@h" },
		{ "https://u@h/p?q=1", "https://u@h/p?q=1" },
		{ "http://h:80/a@b", "http://h:80/a@b" },
		{ "PUT 'https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature=abc' failed",
		  "PUT 'https://b.s3.amazonaws.com/k?***' failed" },
		{ "https://h/?Signature=x https://u:p@h/?X-Amz-Security-Token=y",
		  "https://h/?*** https://u:***@h/?***" },
		{ "\033[31mred\033[0m \xc2\x9b \x07", "red ? ?" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(str_release) struct str text = STR_INIT;

		assert_int_equal(log_line_clean(rows[i].line, &text), rows[i].want != NULL);
		assert_string_equal(text.buf, rows[i].want ? rows[i].want : "");
	}
}

static void finds_the_last_task(void **state)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
		{ "ECS task arn:aws:ecs:us-east-1:1:task/c/0a1b failed with exit code 1",
		  "arn:aws:ecs:us-east-1:1:task/c/0a1b" },
		{ "'arn:aws-cn:ecs:cn-north-1:1:task/0a1b'",
		  "arn:aws-cn:ecs:cn-north-1:1:task/0a1b" },
		{ "arn:aws:ecs:r:1:task/a, arn:aws:ecs:r:1:task/b arn:aws:s3:::x",
		  "arn:aws:ecs:r:1:task/b" },
		{ "arn:aws:ecs:r:1:task-definition/app:2", "" },
		{ "arn:aws:ecs:r:1:task/", "" },
		{ "arn:aws:ecs:r:1:service/c/app", "" },
		{ "arn:", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(str_release) struct str arn = STR_INIT;

		assert_int_equal(log_line_find_task(rows[i].line, &arn), *rows[i].want != '\0');
		assert_string_equal(arn.buf, rows[i].want);
	}
}

static void finds_the_stream_that_a_reason_names(void **state)
{
	static const struct {
		const char *reason, *want;
	} rows[] = {
		{ "Received response status [FAILED] from custom resource. Message returned: See "
		  "the "
		  "details in CloudWatch Log Stream: 2026/11/23/[$LATEST]0a1b (RequestId: 7)",
		  "2026/11/23/[$LATEST]0a1b" },
		{ "See the details in CloudWatch Log Stream: s", "s" },
		{ "See the details in CloudWatch Log Stream: ", "" },
		{ "Function timed out", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(str_release) struct str stream = STR_INIT;

		assert_int_equal(log_line_find_stream(rows[i].reason, &stream),
				 *rows[i].want != '\0');
		assert_string_equal(stream.buf, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_lines_without_secrets),
		cmocka_unit_test(finds_the_last_task),
		cmocka_unit_test(finds_the_stream_that_a_reason_names),
	};

	return cmocka_run_group_tests_name("log_line", tests, NULL, NULL);
}
