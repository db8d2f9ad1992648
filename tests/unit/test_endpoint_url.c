/*
 * Which configured endpoint wins: the tests of the AWS CLI (tests/functional/
 * configured_endpoint_urls/profile-tests.json), read from the conformance folder.
 */
#include "aws/endpoint.h"
#include "aws/settings.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/report.h"
#include "base/strv.h"
#include "vectors.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Writes the members of an object as "name = value" lines, nested ones as indented blocks. */
static void write_block(FILE *file, json_t *object, const char *indent)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		if (json_is_string(value)) {
			(void)fprintf(file, "%s%s = %s\n", indent, name, json_string_value(value));
			continue;
		}
		(void)fprintf(file, "%s%s =\n", indent, name);
		write_block(file, value, "  ");
	}
}

static void write_config(FILE *file, const json_t *suite)
{
	const char *name;
	json_t *section;

	json_object_foreach(json_object_get(suite, "profiles"), name, section)
	{
		(void)fprintf(file, strcmp(name, "default") == 0 ? "[%s]\n" : "[profile %s]\n",
			      name);
		write_block(file, section, "");
	}
	json_object_foreach(json_object_get(suite, "services"), name, section)
	{
		(void)fprintf(file, "[services %s]\n", name);
		write_block(file, section, "");
	}
}

static json_t *named(const json_t *suite, const char *group, const json_t *test, const char *key)
{
	const char *name = json_string_value(json_object_get(test, key));

	return json_object_get(json_object_get(suite, group), name);
}

static void set_environment(struct strv *vars, const char *config, const json_t *suite,
			    const json_t *test)
{
	const char *name;
	json_t *value;

	strv_addf(vars, "AWS_CONFIG_FILE=%s", config);
	strv_add_all(vars, "AWS_SHARED_CREDENTIALS_FILE=/nonexistent", "HOME=/nonexistent",
		     (char *)NULL);
	strv_addf(vars, "AWS_PROFILE=%s", json_string_value(json_object_get(test, "profile")));
	json_object_foreach(named(suite, "environments", test, "environment"), name, value)
		strv_addf(vars, "%s=%s", name, json_string_value(value));
}

/* The URL that the product would send to; for a service it has no row of, the one configured. */
static char *find_url(const struct aws_settings *settings, const char *service)
{
	CLEANUP_FREE char *custom = aws_settings_endpoint_url(settings, service);
	CLEANUP(aws_endpoint_release) struct aws_endpoint endpoint = AWS_ENDPOINT_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct aws_endpoint_options options = { .region = settings->region, .custom_url = custom };

	if (strcmp(service, "s3") != 0)
		return move_ptr(custom);
	if (aws_endpoint_find(AWS_S3, &options, &endpoint, &err) < 0)
		fail_msg("%s", err.msg.buf);
	return str_detach(&endpoint.url);
}

static void check_case(const char *config, const json_t *suite, const json_t *test)
{
	CLEANUP(strv_release) struct strv vars = STRV_INIT;
	CLEANUP(aws_settings_release) struct aws_settings settings = AWS_SETTINGS_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *got = NULL;
	const json_t *client = named(suite, "client_configs", test, "client_config");
	const json_t *output = json_object_get(test, "output");
	struct aws_options options = { .endpoint_url = json_string_value(
					       json_object_get(client, "endpoint_url")) };
	struct env env;

	set_environment(&vars, config, suite, test);
	env.vars = strv_array(&vars);
	if (aws_settings_load(&options, &env, &report_none, &settings, &err) < 0)
		fail_msg("%s", err.msg.buf);
	got = find_url(&settings, json_string_value(json_object_get(test, "service")));
	assert_non_null(got);
	assert_string_equal(got, json_string_value(json_object_get(output, "endpointUrl")));
}

/* A client that ignores what is configured without an endpoint of its own: there is no such option.
 */
static bool is_left_out(const json_t *test)
{
	const char *client = json_string_value(json_object_get(test, "client_config"));

	return strcmp(client, "ignore_configured_endpoint_urls") == 0;
}

static void obeys_the_precedence_of_the_aws_cli(void **state)
{
	json_auto_t *vectors = vectors_read("endpoint-url/profile-tests.json");
	const json_t *suite = json_array_get(json_object_get(vectors, "testSuites"), 0);
	const json_t *tests = json_object_get(suite, "endpointUrlTests"), *test;
	char config[] = "/tmp/deployer-endpoint-url-XXXXXX";
	FILE *file = fdopen(mkstemp(config), "w");
	size_t i, count = 0;

	(void)state;
	assert_non_null(file);
	write_config(file, suite);
	assert_int_equal(fclose(file), 0);
	json_array_foreach(tests, i, test)
	{
		if (is_left_out(test))
			continue;
		check_case(config, suite, test);
		count++;
	}
	(void)unlink(config);
	print_message("# configured endpoints: %zu/%zu cases, %zu left out\n", count,
		      json_array_size(tests) - 1, json_array_size(tests) - count);
	assert_int_equal(count, json_array_size(tests) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(obeys_the_precedence_of_the_aws_cli),
	};

	return cmocka_run_group_tests_name("endpoint_url", tests, NULL, NULL);
}
