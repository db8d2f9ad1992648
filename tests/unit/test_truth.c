/* The truth line: what agrees is "ok", what does not says what it has. */
#include "base/cleanup.h"
#include "test.h"
#include "ui/truth.h"

#include <string.h>

/* All that a case says; NULL is nothing. */
struct line_case {
	const char *version, *git, *digest, *file, *live, *stack_status;
	unsigned running, desired, strangers, rolled_back;
	bool is_registry_unknown, are_tasks_unknown, agrees;
	const char *want;
};

static void add(struct str *ret, const char *text)
{
	str_adds(ret, text ? text : "");
}

static void fill(const struct line_case *row, struct status *status)
{
	add(&status->version, row->version);
	add(&status->git, row->git);
	add(&status->digest, row->digest);
	add(&status->file_name, row->file ? "dev.cfg" : NULL);
	add(&status->file, row->file);
	add(&status->live, row->live);
	add(&status->stack_status, row->stack_status);
	status->services = row->desired > 0;
	status->running = row->running;
	status->desired = row->desired;
	status->strangers = row->strangers;
	status->rolled_back = row->rolled_back;
	status->is_registry_unknown = row->is_registry_unknown;
	status->are_tasks_unknown = row->are_tasks_unknown;
}

static void each_place_says_ok_or_what_it_has(void **state)
{
	static const struct line_case cases[] = {
		{ .version = "5fdbe62",
		  .git = "5fdbe62",
		  .digest = "sha256:1",
		  .file = "5fdbe62",
		  .live = "5fdbe62",
		  .stack_status = "UPDATE_COMPLETE",
		  .running = 2,
		  .desired = 2,
		  .agrees = true,
		  .want = "5fdbe62  git ok  ECR ok  dev.cfg ok  stack ok  2/2 tasks" },
		{ .version = "4fec874",
		  .git = "5fdbe62",
		  .file = "5fdbe62",
		  .live = "4fec874",
		  .stack_status = "UPDATE_IN_PROGRESS",
		  .running = 1,
		  .desired = 2,
		  .strangers = 1,
		  .want = "4fec874  git 5fdbe62  ECR missing  dev.cfg 5fdbe62  stack "
			  "UPDATE_IN_PROGRESS  1/2 tasks, 1 of another image" },
		{ .version = "5fdbe62",
		  .digest = "sha256:1",
		  .live = "5fdbe62",
		  .stack_status = "UPDATE_COMPLETE",
		  .running = 2,
		  .desired = 2,
		  .rolled_back = 1,
		  .want = "5fdbe62  git ?  ECR ok  stack ok  2/2 tasks, 1 service rolled back by "
			  "ECS" },
		{ .version = "5fdbe62",
		  .file = "5fdbe62",
		  .live = "4fec874",
		  .stack_status = "UPDATE_ROLLBACK_COMPLETE",
		  .is_registry_unknown = true,
		  .are_tasks_unknown = true,
		  .want = "5fdbe62  git ?  ECR ?  dev.cfg ok  stack 4fec874  tasks ?" },
		{ .version = "5fdbe62",
		  .git = "5fdbe62",
		  .digest = "sha256:1",
		  .file = "",
		  .want = "5fdbe62  git ok  ECR ok  dev.cfg -  no stack" },
		{ .git = "a\033[31mb", .want = "-  git ab  ECR missing  no stack" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(status_release) struct status status = STATUS_INIT;
		CLEANUP(str_release) struct str line = STR_INIT;
		CLEANUP(str_release) struct str json = STR_INIT;

		fill(&cases[i], &status);
		truth_line(&status, &line);
		assert_string_equal(line.buf, cases[i].want);
		assert_int_equal(status_agrees(&status), cases[i].agrees);
		truth_json(&status, &json);
		assert_non_null(strstr(json.buf,
				       cases[i].agrees ? "\"agrees\": true" : "\"agrees\": false"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_place_says_ok_or_what_it_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
