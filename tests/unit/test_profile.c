#include "aws/profile.h"

#include "aws/settings.h"
#include "base/cleanup.h"
#include "base/slice.h"
#include "sys/file.h"
#include "test.h"
#include "vectors.h"

#include <dirent.h>
#include <string.h>

/* A reporter that counts warnings. */
struct counter {
	struct report report;
	unsigned warnings;
};

static void count_warning(struct report *report, const struct report_event *event)
{
	if (event->kind == REPORT_WARNING)
		((struct counter *)report)->warnings++;
}

static struct counter counter_new(void)
{
	return (struct counter){ .report = { count_warning } };
}

static int parse(enum aws_profile_file file, const char *text, struct report *report,
		 struct aws_profiles *ret, struct error *err)
{
	return aws_profiles_parse(file, "file", text, strlen(text), report, ret, err);
}

/* ---- what a file says, as JSON, to compare with the vectors ---- */

static json_t *nested_to_json(const char *block)
{
	struct slice rest = slice_of(block);
	json_t *object = json_object();

	while (rest.n) {
		struct slice line = slice_trim(slice_next_line(&rest)), name, value;
		const char *equals = memchr(line.p, '=', line.n);

		if (!equals)
			continue;
		name = slice_trim((struct slice){ line.p, (size_t)(equals - line.p) });
		value = slice_trim(
			(struct slice){ equals + 1, line.n - (size_t)(equals - line.p) - 1 });
		CLEANUP_FREE char *key = slice_dup(name);
		json_object_set_new(object, key, json_stringn(value.p, value.n));
	}
	return object;
}

static json_t *value_to_json(const char *value)
{
	return value[0] == '\n' ? nested_to_json(value) : json_string(value);
}

static json_t *profiles_to_json(const struct aws_profiles *profiles)
{
	static const char *const kinds[] = { "profiles", "sso_sessions", "services" };
	json_t *all = json_pack("{s:{},s:{},s:{}}", kinds[0], kinds[1], kinds[2]);

	for (size_t i = 0; i < profiles->count; i++) {
		const struct aws_section *section = &profiles->sections[i];
		json_t *object = json_object();

		for (size_t k = 0; k < section->count; k++)
			json_object_set_new(object, section->properties[k].name,
					    value_to_json(section->properties[k].value));
		json_object_set_new(json_object_get(all, kinds[section->kind]), section->name,
				    object);
	}
	return all;
}

/* The vectors leave out empty kinds, and write nested blocks as text or as objects. */
static json_t *normalise(const json_t *want)
{
	json_t *all = json_pack("{s:{},s:{},s:{}}", "profiles", "sso_sessions", "services");
	const char *kind, *name, *key;
	json_t *sections, *section, *value;

	json_object_foreach((json_t *)(uintptr_t)want, kind, sections)
	{
		json_object_foreach(sections, name, section)
		{
			json_t *object = json_object();

			json_object_foreach(section, key, value) json_object_set_new(
				object, key,
				json_is_string(value) ? value_to_json(json_string_value(value))
						      : json_deep_copy(value));
			json_object_set_new(json_object_get(all, kind), name, object);
		}
	}
	return all;
}

static bool same(const char *label, const json_t *got, const json_t *want)
{
	CLEANUP_FREE char *got_text = NULL, *want_text = NULL;

	if (json_equal(got, want))
		return true;
	got_text = json_dumps(got, JSON_SORT_KEYS);
	want_text = json_dumps(want, JSON_SORT_KEYS);
	print_message("# %s\n# got  %s\n# want %s\n", label, got_text, want_text);
	return false;
}

/* ---- the vectors ---- */

static int parse_case(const json_t *input, struct report *report, struct aws_profiles *ret,
		      struct error *err)
{
	const char *config = json_string_value(json_object_get(input, "configFile"));
	const char *credentials = json_string_value(json_object_get(input, "credentialsFile"));
	CLEANUP(aws_profiles_release) struct aws_profiles one = AWS_PROFILES_INIT;
	CLEANUP(aws_profiles_release) struct aws_profiles two = AWS_PROFILES_INIT;

	if (parse(AWS_PROFILE_FILE_CONFIG, config ? config : "", report, &one, err) < 0)
		return -1;
	if (parse(AWS_PROFILE_FILE_CREDENTIALS, credentials ? credentials : "", report, &two, err) <
	    0)
		return -1;
	aws_profiles_merge(ret, &one);
	aws_profiles_merge(ret, &two);
	return 0;
}

/*
 * The AWS CLI's observed result counts where it differs from the specification. Where the CLI
 * refuses what the specification reads (something stands twice), we read it and warn.
 */
static bool run_case(const json_t *spec, const json_t *observed)
{
	CLEANUP(aws_profiles_release) struct aws_profiles profiles = AWS_PROFILES_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const char *name = json_string_value(json_object_get(spec, "name"));
	json_auto_t *got = NULL, *want = NULL;
	const json_t *output = json_object_get(spec, "output");
	const json_t *cli = json_object_get(observed, "aws_cli_2.36.7");
	struct counter counter = counter_new();
	bool warned = cli && json_object_get(cli, "error") != NULL;
	int result = parse_case(json_object_get(spec, "input"), &counter.report, &profiles, &err);

	if (!cli && json_object_get(output, "errorContaining"))
		return result < 0 && err.kind == ERROR_CONFIG && strstr(err.msg.buf, "line ");
	if (result < 0 || (counter.warnings > 0) != warned) {
		print_message("# %s: %s, %u warnings\n", name, err.msg.buf, counter.warnings);
		return false;
	}
	got = profiles_to_json(&profiles);
	want = normalise(cli && !warned ? cli : json_object_get(output, "config"));
	return same(name, got, want);
}

static void reads_every_parser_case_as_the_aws_cli(void **state)
{
	json_auto_t *spec = vectors_read("profile-files/profile-parser-tests.json");
	json_auto_t *observed = vectors_read("profile-files/awscli-observed.json");
	const json_t *cases = json_object_get(spec, "tests");
	const json_t *results = json_object_get(observed, "tests");
	size_t count = json_array_size(cases), passed = 0;

	(void)state;
	assert_int_equal(json_array_size(results), count);
	for (size_t i = 0; i < count; i++) {
		if (run_case(json_array_get(cases, i), json_array_get(results, i)))
			passed++;
	}
	print_message("# profile parser cases: %zu/%zu\n", passed, count);
	assert_int_equal(count, 65);
	assert_int_equal(passed, count);
}

static struct strv env_of(const json_t *object)
{
	struct strv vars = STRV_INIT;
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
		strv_addf(&vars, "%s=%s", name, json_string_value(value));
	return vars;
}

static bool run_location(const json_t *test)
{
	CLEANUP(aws_files_release) struct aws_files files = AWS_FILES_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(error_release) struct error profile_err = ERROR_INIT;
	CLEANUP(aws_settings_release) struct aws_settings settings = AWS_SETTINGS_INIT;
	CLEANUP(strv_release) struct strv vars = env_of(json_object_get(test, "environment"));
	const struct env env = { strv_array(&vars) };
	const struct aws_options options = { .profile = NULL };
	const char *profile = json_string_value(json_object_get(test, "profile"));

	if (aws_files_load(&env, &report_none, &files, &err) < 0)
		return false;
	if (strcmp(files.config_path, json_string_value(json_object_get(test, "configLocation"))) !=
		    0 ||
	    strcmp(files.credentials_path,
		   json_string_value(json_object_get(test, "credentialsLocation"))) != 0)
		return false;
	if (aws_settings_load(&options, &env, &report_none, &settings, &profile_err) == 0)
		return strcmp(settings.profile, profile ? profile : "default") == 0;
	return strstr(profile_err.msg.buf, profile) != NULL;
}

static void finds_the_files_in_every_location_case(void **state)
{
	json_auto_t *spec = vectors_read("profile-files/file-location-tests.json");
	const json_t *test;
	size_t i, count = 0, passed = 0;

	(void)state;
	json_array_foreach(json_object_get(spec, "tests"), i, test)
	{
		if (strcmp(json_string_value(json_object_get(test, "platform")), "windows") == 0)
			continue;
		count++;
		passed += run_location(test) ? 1 : 0;
	}
	print_message("# file location cases: %zu/%zu, %zu for Windows left out\n", passed, count,
		      json_array_size(json_object_get(spec, "tests")) - count);
	assert_true(count > 0);
	assert_int_equal(passed, count);
}

static bool run_file(const char *name, const json_t *want)
{
	CLEANUP(aws_profiles_release) struct aws_profiles profiles = AWS_PROFILES_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT, path = STR_INIT;
	struct counter counter = counter_new();
	json_auto_t *got = NULL, *normal = NULL;
	int result;

	str_addf(&path, "%s/profile-files/%s%s", vectors_dir(), strchr(name, '/') ? "" : "go-v2/",
		 name);
	assert_int_equal(file_read(path.buf, 1 << 20, &text, &err), 0);
	result = aws_profiles_parse(AWS_PROFILE_FILE_CONFIG, name, text.buf, text.len,
				    &counter.report, &profiles, &err);
	if (json_object_get(want, "error"))
		return counter.warnings ? result == 0 : result < 0;
	if (result < 0)
		return false;
	got = profiles_to_json(&profiles);
	normal = normalise(want);
	return counter.warnings == 0 && same(name, got, normal);
}

static void reads_the_sample_files_as_the_aws_cli(void **state)
{
	json_auto_t *observed = vectors_read("profile-files/awscli-observed-files.json");
	size_t count = json_object_size(observed), passed = 0;
	const char *name;
	json_t *want;

	(void)state;
	json_object_foreach(observed, name, want)
	{
		bool ok = run_file(name, want);

		passed += ok ? 1 : 0;
		if (!ok)
			print_message("# %s differs\n", name);
	}
	print_message("# sample files: %zu/%zu\n", passed, count);
	assert_int_equal(count, 19);
	assert_int_equal(passed, count);
}

/* ---- our own ---- */

static void takes_the_last_of_a_header_that_stands_twice(void **state)
{
	CLEANUP(aws_profiles_release) struct aws_profiles profiles = AWS_PROFILES_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct aws_section *section;
	struct counter counter = counter_new();

	(void)state;
	assert_int_equal(parse(AWS_PROFILE_FILE_CONFIG,
			       "[profile a]\nregion = one\nname = kept\n[profile b]\n"
			       "[profile a]\nregion = two\n",
			       &counter.report, &profiles, &err),
			 0);
	section = aws_profiles_find(&profiles, AWS_SECTION_PROFILE, "a");
	assert_string_equal(aws_section_get(section, "region"), "two");
	assert_string_equal(aws_section_get(section, "name"), "kept");
	assert_int_equal(counter.warnings, 2);
}

static void names_the_line_of_what_it_cannot_read(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "[default]\nregion\n", "line 2: no '='" },
		{ "region = x\n", "line 1: no section header before it" },
		{ "[default]\n= x\n", "line 2: no name before the '='" },
		{ "[default]\ns3 =\n  a = b\n  c\n", "line 4: no '=' in a nested block" },
		{ "[default]\r\rregion\r", "line 3: no '='" },
		{ "[default]\nx = \xff\n", "line 2: not UTF-8 text" },
		{ "[]\n", "line 1: no section header before it" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(aws_profiles_release) struct aws_profiles profiles = AWS_PROFILES_INIT;
		CLEANUP(error_release) struct error err = ERROR_INIT;

		assert_int_equal(
			parse(AWS_PROFILE_FILE_CONFIG, rows[i].text, &report_none, &profiles, &err),
			-1);
		assert_string_equal(err.msg.buf, rows[i].want);
	}
}

static void reads_one_value_of_a_nested_block(void **state)
{
	CLEANUP(aws_profiles_release) struct aws_profiles profiles = AWS_PROFILES_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct aws_section *section;
	CLEANUP_FREE char *url = NULL, *none = NULL;

	(void)state;
	assert_int_equal(parse(AWS_PROFILE_FILE_CONFIG,
			       "[services s]\nsts =\n\n  endpoint_url = http://a=b\n  x = y\n",
			       &report_none, &profiles, &err),
			 0);
	section = aws_profiles_find(&profiles, AWS_SECTION_SERVICES, "s");
	url = aws_section_get_nested(section, "sts", "endpoint_url");
	none = aws_section_get_nested(section, "sts", "region");
	assert_string_equal(url, "http://a=b");
	assert_null(none);
	assert_null(aws_section_get(section, "sts"));
}

static void gives_the_defaults_section_to_every_profile(void **state)
{
	CLEANUP(aws_profiles_release) struct aws_profiles profiles = AWS_PROFILES_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct aws_section *section;

	(void)state;
	assert_int_equal(parse(AWS_PROFILE_FILE_CONFIG,
			       "[profile a]\nregion = x\n[DEFAULT]\nregion = y\noutput = json\n",
			       &report_none, &profiles, &err),
			 0);
	section = aws_profiles_find(&profiles, AWS_SECTION_PROFILE, "a");
	assert_string_equal(aws_section_get(section, "region"), "x");
	assert_string_equal(aws_section_get(section, "output"), "json");
	assert_int_equal(profiles.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_parser_case_as_the_aws_cli),
		cmocka_unit_test(finds_the_files_in_every_location_case),
		cmocka_unit_test(reads_the_sample_files_as_the_aws_cli),
		cmocka_unit_test(takes_the_last_of_a_header_that_stands_twice),
		cmocka_unit_test(names_the_line_of_what_it_cannot_read),
		cmocka_unit_test(reads_one_value_of_a_nested_block),
		cmocka_unit_test(gives_the_defaults_section_to_every_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
