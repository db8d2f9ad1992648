#include "base/cleanup.h"
#include "sys/file.h"
#include "test.h"
#include "ui/pipeline_log.h"

#include <stdlib.h>
#include <string.h>

static int64_t still(struct clock *clock)
{
	(void)clock;
	return 1700000000000;
}

static struct clock clock_ = { .wall_ms = still, .monotonic_ms = still };

static void emit(struct report *report, struct report_event event)
{
	report->emit(report, &event);
}

/* A stage with a hostile program in it, as the log of a service gets it. */
static char *render(enum ci ci, const char *template)
{
	const struct pipeline_log_options options = { .ci = ci, .workspace = "/job/app" };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct report *report;

	assert_non_null(out);
	report = pipeline_log_new(out, &clock_, &options);
	if (template)
		pipeline_log_set_template(report, template);
	emit(report, (struct report_event){ .kind = REPORT_STAGE_BEGIN, .stage = "deploy" });
	report_output(report, "app", "::error::mine ##[group]mine ##vso[task.x]y");
	report_note(report, " ::add-path::/tmp");
	report_warning(report, "100%% sure\nof it");
	report_result_at(report, "/job/app/dev.cfg", 12, "Tag a -> b");
	emit(report, (struct report_event){ .kind = REPORT_EVENT,
					    .source = "Service",
					    .type = "AWS::ECS::Service",
					    .status = "UPDATE_FAILED",
					    .text = "no ##[error]tasks" });
	emit(report, (struct report_event){ .kind = REPORT_STAGE_END, .stage = "deploy" });
	pipeline_log_free(report);
	(void)fclose(out);
	return text;
}

static void groups_and_annotates_for_github(void **state)
{
	static const char stack[] = "Resources:\n  Task: {}\n  Service:\n    Type: X\n";
	CLEANUP(error_release) struct error err = ERROR_INIT;
	char *dir;
	CLEANUP_FREE char *path = NULL, *text = NULL, *expected = NULL;

	(void)state;
	assert_int_equal(file_make_private_dir("log", &dir, &err), 0);
	path = file_join(dir, "stack.yml");
	assert_int_equal(file_write_atomic(path, stack, strlen(stack), 0600, &err), 0);
	text = render(CI_GITHUB, path);
	assert_true(asprintf(&expected,
			     "::group::deploy\n"
			     "==> deploy\n"
			     "    app | ::error::mine  #[group]mine  #vso[task.x]y\n"
			     "      :add-path::/tmp\n"
			     "::warning::100%%25 sure?of it\n"
			     "    Tag a -> b\n"
			     "::notice file=dev.cfg,line=12::Tag a -> b\n"
			     "        0s  UPDATE_FAILED  Service (AWS::ECS::Service): no  "
			     "#[error]tasks\n"
			     "::error file=%s,line=3::Service UPDATE_FAILED: no ##[error]tasks\n"
			     "::endgroup::\n"
			     "FAILED deploy (0s)\n",
			     path) > 0);
	assert_string_equal(text, expected);
	file_remove_tree(dir);
	free(dir);
}

static void folds_sections_for_gitlab(void **state)
{
	CLEANUP_FREE char *text = render(CI_GITLAB, NULL);

	(void)state;
	assert_non_null(
		strstr(text, "\033[0Ksection_start:1700000000:deploy\r\033[0K\n==> deploy"));
	assert_non_null(strstr(text, "\033[0Ksection_end:1700000000:deploy\r\033[0K\nFAILED"));
	assert_non_null(strstr(text, "warning: 100% sure?of it\n"));
	assert_null(strstr(text, "::notice"));
}

static void gives_others_plain_lines(void **state)
{
	CLEANUP_FREE char *text = render(CI_JENKINS, NULL);

	(void)state;
	assert_ptr_equal(strstr(text, "==> deploy\n"), text);
	assert_null(strstr(text, "group::"));
}

static void marks_an_error_in_one_line(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str out = STR_INIT;

	(void)state;
	error_set(&err, ERROR_REFUSED, "50%% done: '%s'", "a\r\n::set-output::b");
	error_fix(&err, "commit it");
	assert_false(pipeline_log_error(CI_GITLAB, &err, &out));
	assert_true(pipeline_log_error(CI_GITHUB, &err, &out));
	assert_string_equal(out.buf, "::error title=deployer::50%25 done: 'a?::set-output::b'%0A"
				     "-> commit it");
}

static void masks_each_line_of_a_value(void **state)
{
	CLEANUP(str_release) struct str out = STR_INIT;

	(void)state;
	pipeline_log_mask(CI_CODEBUILD, "secret", &out);
	assert_int_equal(out.len, 0);
	pipeline_log_mask(CI_GITHUB, "one%\r\n\ntwo", &out);
	assert_string_equal(out.buf, "::add-mask::one%25\n::add-mask::two\n");
}

static void tells_the_services_apart(void **state)
{
	static const struct {
		const char *variable;
		enum ci ci;
	} rows[] = {
		{ "GITHUB_ACTIONS=true", CI_GITHUB },
		{ "GITLAB_CI=true", CI_GITLAB },
		{ "CODEBUILD_BUILD_ID=a:b", CI_CODEBUILD },
		{ "JENKINS_URL=http://ci/", CI_JENKINS },
		{ "CI=true", CI_OTHER },
		{ "CI=", CI_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char variable[64];
		char *vars[] = { variable, NULL };
		const struct env env = { vars };

		(void)snprintf(variable, sizeof(variable), "%s", rows[i].variable);
		assert_int_equal(ci_detect(&env), rows[i].ci);
		assert_int_equal(*ci_name(rows[i].ci) == '\0', rows[i].ci == CI_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_and_annotates_for_github),
		cmocka_unit_test(folds_sections_for_gitlab),
		cmocka_unit_test(gives_others_plain_lines),
		cmocka_unit_test(marks_an_error_in_one_line),
		cmocka_unit_test(masks_each_line_of_a_value),
		cmocka_unit_test(tells_the_services_apart),
	};

	return cmocka_run_group_tests_name("pipeline_log", tests, NULL, NULL);
}
