#include "base/cleanup.h"
#include "base/mem.h"
#include "data/yaml.h"
#include "deploy/agree.h"
#include "stack/parameter_diff.h"
#include "test.h"

#include <string.h>

static const char declarations[] = "Parameters:\n"
				   "  Same: {Type: String}\n"
				   "  Changes: {Type: String}\n"
				   "  Left: {Type: String, Default: d}\n"
				   "  New: {Type: Number, Default: 1.5}\n"
				   "  Missing: {Type: String}\n"
				   "  Hidden: {Type: String, NoEcho: true, Default: x}\n"
				   "  Kept: {Type: String, NoEcho: 'true'}\n"
				   "  Path: {Type: 'AWS::SSM::Parameter::Value<String>'}\n"
				   "  Previous: {Type: String}\n";

static void add(struct parameter_file *file, const char *key, const char *value, bool is_previous)
{
	assignments_add(&file->list, slice_of(key), slice_of(value))->is_previous = is_previous;
}

static void fill(struct parameter_file *file, struct cfn_parameters *live)
{
	add(file, "Same", "a", false);
	add(file, "Changes", "b", false);
	add(file, "Hidden", "hunter2", false);
	add(file, "Path", "/a", false);
	add(file, "Previous", "", true);
	add(file, "Unknown", "hunter2", false);
	cfn_parameters_add(live, "Same", "a");
	cfn_parameters_add(live, "Changes", "c");
	cfn_parameters_add(live, "Left", "e");
	cfn_parameters_add(live, "Hidden", "****");
	cfn_parameters_add(live, "Kept", "****");
	cfn_parameters_add(live, "Path", "/a");
	cfn_parameters_add(live, "Previous", "p");
	cfn_parameters_add(live, "Removed", "hunter2");
}

static void describe(const struct parameter_rows *rows, struct str *out)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct parameter_row *row = &rows->items[i];

		str_addf(out, "%s %s %s %s %s\n", row->name, row->in_file ? row->in_file : "-",
			 row->in_stack ? row->in_stack : "-",
			 row->by_default ? row->by_default : "-", parameter_state_name(row->state));
	}
}

static void assert_rows(bool has_stack, const char *want)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(stack_template_release) struct stack_template template = STACK_TEMPLATE_INIT;
	CLEANUP(parameter_file_release) struct parameter_file file = PARAMETER_FILE_INIT;
	CLEANUP(cfn_parameters_release) struct cfn_parameters live = CFN_PARAMETERS_INIT;
	CLEANUP(parameter_rows_release) struct parameter_rows rows = PARAMETER_ROWS_INIT;
	CLEANUP(str_release) struct str found = STR_INIT;

	template.root = yaml_read(declarations, strlen(declarations), YAML_CLOUDFORMATION, &err);
	assert_non_null(template.root);
	fill(&file, &live);
	parameter_diff(&template, &file, has_stack ? &live : NULL, &rows);
	describe(&rows, &found);
	assert_string_equal(found.buf, want);
}

static void holds_a_file_against_a_stack(void **state)
{
	(void)state;
	assert_rows(true, "Same a a - same\n"
			  "Changes b c - changes\n"
			  "Left - e d same\n"
			  "New - - 1.5 new\n"
			  "Missing - - - missing\n"
			  "Hidden **** **** **** hidden\n"
			  "Kept - **** - same\n"
			  "Path /a /a - same\n"
			  "Previous - p - same\n"
			  "Unknown **** - - unknown\n"
			  "Removed - **** - removed\n");
}

static void does_without_a_stack(void **state)
{
	(void)state;
	assert_rows(false, "Same a - - new\n"
			   "Changes b - - new\n"
			   "Left - - d new\n"
			   "New - - 1.5 new\n"
			   "Missing - - - missing\n"
			   "Hidden **** - **** new\n"
			   "Kept - - - missing\n"
			   "Path /a - - new\n"
			   "Previous - - - missing\n"
			   "Unknown **** - - unknown\n");
}

static void names_the_first_that_does_not_agree(void **state)
{
	static const struct {
		const char *file, *image, *stack, *message, *fix;
	} rows[] = {
		{ "v", "sha256:1", "v", "", "" },
		{ "v", "", "v", "the registry has no image of v",
		  "publish it: deployer release --until publish" },
		{ "u", "", "u", "the registry has no image of v",
		  "publish it: deployer release --until publish" },
		{ "u", "sha256:1", "u", "the parameter file says 'u', not v",
		  "write it: deployer bump" },
		{ "", "sha256:1", "v", "the parameter file says '', not v",
		  "write it: deployer bump" },
		{ "v", "sha256:1", "u", "the stack runs 'u', not v", "deploy it: deployer deploy" },
		{ "v", "sha256:1", "", "the stack runs '', not v", "deploy it: deployer deploy" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(agreement_release) struct agreement agreement = AGREEMENT_INIT;

		str_adds(&agreement.git, "v");
		str_adds(&agreement.file, rows[i].file);
		str_adds(&agreement.image, rows[i].image);
		str_adds(&agreement.stack, rows[i].stack);
		assert_int_equal(agreement_check(&agreement, &err), *rows[i].message ? -1 : 0);
		assert_int_equal(error_exit_status(&err), *rows[i].message ? 3 : 0);
		assert_string_equal(err.msg.buf, rows[i].message);
		assert_string_equal(err.fix.buf, rows[i].fix);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_a_file_against_a_stack),
		cmocka_unit_test(does_without_a_stack),
		cmocka_unit_test(names_the_first_that_does_not_agree),
	};

	return cmocka_run_group_tests_name("parameter_diff", tests, NULL, NULL);
}
