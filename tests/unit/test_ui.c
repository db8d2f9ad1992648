#include "base/cleanup.h"
#include "test.h"
#include "ui/lines.h"
#include "ui/plain.h"

#include <stdlib.h>
#include <string.h>

/* Three seconds later at each look. */
static int64_t look(struct clock *clock)
{
	static int64_t now_ms = 100000;

	(void)clock;
	return now_ms += 3000;
}

static struct clock hasty = { .wall_ms = look, .monotonic_ms = look };

/* A release as the pipeline reports it, with what a hostile service may put into a string. */
static void play(struct report *report)
{
	struct report_event begin = { .kind = REPORT_STAGE_BEGIN, .stage = "deploy" };
	struct report_event end = { .kind = REPORT_STAGE_END,
				    .stage = "deploy",
				    .elapsed_ms = 125000 };
	struct report_event resource = {
		.kind = REPORT_EVENT,
		.source = "Task\033[2J",
		.type = "AWS::ECS::TaskDefinition",
		.status = "UPDATE_FAILED",
		.text = "no\nmemory",
		.elapsed_ms = 3000,
	};

	report->emit(report, &begin);
	report_output(report, "app", "listening \"here\"");
	report_note(report, "made %d", 1);
	report_progress(report, "layer", 100000, 2000000);
	report_progress(report, "layer", 500000, 2000000);
	report->emit(report, &resource);
	report_warning(report, "careful");
	report_result(report, "dev.cfg changed");
	report->emit(report, &end);
}

static char *render(bool quiet)
{
	const struct plain_options options = { .quiet = quiet };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct report *report;

	assert_non_null(out);
	report = plain_new(out, &hasty, &options);
	play(report);
	plain_free(report);
	(void)fclose(out);
	return text;
}

static void appends_lines_that_no_terminal_obeys(void **state)
{
	CLEANUP_FREE char *text = render(false);

	(void)state;
	assert_string_equal(
		text, "==> deploy\n"
		      "    app | listening \"here\"\n"
		      "    made 1\n"
		      "    layer: 0.5 of 2.0 MB\n"
		      "        3s  UPDATE_FAILED  Task (AWS::ECS::TaskDefinition): no?memory\n"
		      "warning: careful\n"
		      "    dev.cfg changed\n"
		      "FAILED deploy (2m05s)\n");
}

static void data_that_was_printed_comes_first(void **state)
{
	CLEANUP_FREE char *text = NULL;
	size_t len = 0;
	struct plain_options options = { .data = open_memstream(&text, &len) };
	FILE *out = tmpfile();
	struct report *report;

	(void)state;
	assert_non_null(options.data);
	assert_non_null(out);
	report = plain_new(out, &hasty, &options);
	(void)fputs("row\n", options.data);
	assert_int_equal(len, 0);
	report_note(report, "one row");
	assert_string_equal(text, "row\n");
	plain_free(report);
	(void)fclose(out);
	(void)fclose(options.data);
}

static void tells_what_becomes_of_a_layer(void **state)
{
	static const struct report_event events[] = {
		{ .kind = REPORT_PROGRESS, .source = "a", .status = "Preparing" },
		{ .kind = REPORT_PROGRESS,
		  .source = "a",
		  .status = "Pushing",
		  .done = 500000,
		  .total = 2000000 },
		{ .kind = REPORT_PROGRESS, .source = "b", .status = "Pushing", .done = 100000 },
		{ .kind = REPORT_PROGRESS, .source = "a", .status = "Layer already exists" },
	};
	static const char *const want[] = {
		/* One line at a time, however much there is to say. */
		"    a: Pushing 0.5 of 2.0 MB\n",
		"    a: Preparing\n"
		"    a: Pushing 0.5 of 2.0 MB\n"
		"    b: Pushing 0.1 MB\n"
		"    a: Layer already exists\n",
	};

	(void)state;
	for (int verbose = 0; verbose < 2; verbose++) {
		const struct plain_options options = { .verbose = verbose };
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);
		struct report *report = plain_new(out, &hasty, &options);

		for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
			report->emit(report, &events[i]);
		plain_free(report);
		(void)fclose(out);
		assert_string_equal(text, want[verbose]);
		free(text);
	}
}

static void says_only_warnings_when_quiet(void **state)
{
	CLEANUP_FREE char *text = render(true);

	(void)state;
	assert_string_equal(text, "warning: careful\n");
}

static void writes_one_json_document_a_line(void **state)
{
	CLEANUP_FREE char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct report *report;

	(void)state;
	assert_non_null(out);
	report = lines_new(out);
	play(report);
	lines_free(report);
	(void)fclose(out);
	assert_string_equal(text,
			    "{\"event\": \"stage_begin\", \"stage\": \"deploy\"}\n"
			    "{\"event\": \"output\", \"source\": \"app\", \"text\": \"listening "
			    "\\\"here\\\"\"}\n"
			    "{\"event\": \"note\", \"text\": \"made 1\"}\n"
			    "{\"event\": \"progress\", \"source\": \"layer\", \"done\": 100000, "
			    "\"total\": 2000000}\n"
			    "{\"event\": \"progress\", \"source\": \"layer\", \"done\": 500000, "
			    "\"total\": 2000000}\n"
			    "{\"event\": \"resource\", \"source\": \"Task\\u001b[2J\", \"type\": "
			    "\"AWS::ECS::TaskDefinition\", \"status\": \"UPDATE_FAILED\", "
			    "\"text\": \"no\\u000amemory\", "
			    "\"elapsed_ms\": 3000}\n"
			    "{\"event\": \"warning\", \"text\": \"careful\"}\n"
			    "{\"event\": \"result\", \"text\": \"dev.cfg changed\"}\n"
			    "{\"event\": \"stage_end\", \"stage\": \"deploy\", \"ok\": false, "
			    "\"elapsed_ms\": 125000}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_lines_that_no_terminal_obeys),
		cmocka_unit_test(data_that_was_printed_comes_first),
		cmocka_unit_test(tells_what_becomes_of_a_layer),
		cmocka_unit_test(says_only_warnings_when_quiet),
		cmocka_unit_test(writes_one_json_document_a_line),
	};

	return cmocka_run_group_tests_name("ui", tests, NULL, NULL);
}
