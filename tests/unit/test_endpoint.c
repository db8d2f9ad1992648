/*
 * The endpoint tests of botocore (tests/functional/endpoint-rules), read from the conformance
 * folder. Left out, and counted as such: the legacy global endpoint of STS, and what S3 has beyond
 * plain buckets (ARNs, directory buckets, Outposts, acceleration).
 */
#include "aws/endpoint.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "vectors.h"

#include <string.h>

static bool is_true(const json_t *params, const char *name)
{
	return json_is_true(json_object_get(params, name));
}

/* Whether a case asks for what this program never does. */
static bool is_left_out(const json_t *params)
{
	static const char *const names[] = {
		"UseGlobalEndpoint",
		"Accelerate",
		"DisableMultiRegionAccessPoints",
		"UseArnRegion",
		"UseObjectLambdaEndpoint",
		"DisableAccessPoints",
		"UseS3ExpressControlEndpoint",
	};
	const char *bucket = json_string_value(json_object_get(params, "Bucket"));

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (is_true(params, names[i]))
			return true;
	}
	if (!bucket)
		return false;
	return strncmp(bucket, "arn:", 4) == 0 || strstr(bucket, "--x-s3") ||
	       strstr(bucket, "--xa-s3") || strstr(bucket, "--op-s3");
}

/* The deviation: a custom endpoint over plain http is for this machine only. */
static bool is_refused_here(const struct aws_endpoint_options *options)
{
	return options->custom_url && strncmp(options->custom_url, "http://", 7) == 0;
}

/* Returns false where the case is refused on purpose. */
static bool check_case(enum aws_service_id service, const json_t *test)
{
	const json_t *params = json_object_get(test, "params");
	const json_t *endpoint = json_object_get(json_object_get(test, "expect"), "endpoint");
	const char *name = json_string_value(json_object_get(test, "documentation"));
	const char *want = json_string_value(json_object_get(endpoint, "url"));
	struct aws_endpoint_options options = {
		.region = json_string_value(json_object_get(params, "Region")),
		.use_fips = is_true(params, "UseFIPS"),
		.use_dualstack = is_true(params, "UseDualStack"),
		.custom_url = json_string_value(json_object_get(params, "Endpoint")),
		.bucket = json_string_value(json_object_get(params, "Bucket")),
		.use_path_style = is_true(params, "ForcePathStyle"),
	};
	CLEANUP(aws_endpoint_release) struct aws_endpoint got = AWS_ENDPOINT_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *whole = NULL;

	if (aws_endpoint_find(service, &options, &got, &err) < 0) {
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_true(err.fix.len > 0);
		if (want && !is_refused_here(&options))
			fail_msg("%s: %s", name, err.msg.buf);
		return !want;
	}
	whole = mem_printf("%s%s", got.url.buf, got.path.buf);
	if (!want || strcmp(whole, want) != 0)
		fail_msg("%s: wanted %s, got %s", name, want ? want : "an error", whole);
	return true;
}

/*
 * Cases that the rules answer otherwise on purpose: STS without a region is the global one here, as
 * in the AWS CLI, and a missing region is never covered by a custom endpoint: it is signed for.
 */
static bool is_decided_otherwise(const json_t *params)
{
	return !json_object_get(params, "Region");
}

static void check_service(enum aws_service_id service, const char *name)
{
	json_auto_t *vectors = vectors_read("endpoint-rules/tests/%s.json", name);
	const json_t *test;
	size_t i, count = 0, refused = 0, left_out = 0;

	json_array_foreach(json_object_get(vectors, "testCases"), i, test)
	{
		const json_t *params = json_object_get(test, "params");

		if (!params || is_left_out(params) || is_decided_otherwise(params)) {
			left_out++;
			continue;
		}
		count++;
		refused += !check_case(service, test);
	}
	assert_true(count > 0);
	print_message("# endpoints of %s: %zu/%zu cases, %zu refused on purpose, %zu left out\n",
		      name, count - refused, count, refused, left_out);
}

static void finds_what_the_rule_sets_find(void **state)
{
	static const struct {
		enum aws_service_id service;
		const char *name;
	} rows[] = {
		{ AWS_CLOUDFORMATION, "cloudformation" },
		{ AWS_ECR, "ecr" },
		{ AWS_ECS, "ecs" },
		{ AWS_LOGS, "logs" },
		{ AWS_S3, "s3" },
		{ AWS_SECRETS_MANAGER, "secretsmanager" },
		{ AWS_SSM, "ssm" },
		{ AWS_SSO, "sso" },
		{ AWS_SSO_OIDC, "sso-oidc" },
		{ AWS_STS, "sts" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_service(rows[i].service, rows[i].name);
}

static void falls_back_to_the_global_sts_without_a_region(void **state)
{
	struct aws_endpoint_options options = { .region = NULL };
	CLEANUP(aws_endpoint_release) struct aws_endpoint got = AWS_ENDPOINT_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(aws_endpoint_find(AWS_STS, &options, &got, &err), 0);
	assert_string_equal(got.url.buf, "https://sts.amazonaws.com");
	assert_string_equal(got.region.buf, "us-east-1");
	assert_int_equal(aws_endpoint_find(AWS_ECR, &options, &got, &err), -1);
	assert_string_equal(err.msg.buf, "ECR needs a region, and none is set");
	assert_non_null(strstr(err.fix.buf, "--region"));
}

static void refuses_endpoints_that_would_leak_or_mislead(void **state)
{
	static const struct {
		const char *url, *region, *want;
	} rows[] = {
		{ "http://example.com", "us-east-1", "is not https" },
		{ "http://127.0.0.1.example.com", "us-east-1", "is not https" },
		{ "http://localhost@example.com", "us-east-1",
		  "is not one that can be signed for" },
		{ "https://user:pw@example.com", "us-east-1", "is not one that can be signed for" },
		{ "https://example.com/?a=b", "us-east-1", "is not one that can be signed for" },
		{ "https://example.com\r\nX: y", "us-east-1", "is not one that can be signed for" },
		{ "https://", "us-east-1", "is not one that can be signed for" },
		{ "ftp://example.com", "us-east-1", "is not a URL" },
		{ "example.com:4566", "us-east-1", "is not a URL" },
		{ NULL, "us-east-1.example.com/", "is not a region" },
		{ NULL, "", "is not a region" },
		{ NULL, "-a", "is not a region" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(aws_endpoint_release) struct aws_endpoint got = AWS_ENDPOINT_INIT;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		struct aws_endpoint_options options = { .region = rows[i].region,
							.custom_url = rows[i].url };

		assert_int_equal(aws_endpoint_find(AWS_ECR, &options, &got, &err), -1);
		assert_int_equal(err.kind, ERROR_CONFIG);
		if (!strstr(err.msg.buf, rows[i].want))
			fail_msg("%s: %s", rows[i].url ? rows[i].url : rows[i].region, err.msg.buf);
		assert_true(err.fix.len > 0);
		assert_null(strstr(err.msg.buf, "user:pw"));
	}
}

static void keeps_port_and_path_of_a_configured_endpoint(void **state)
{
	static const struct {
		const char *url, *bucket, *want_url, *want_path;
	} rows[] = {
		{ "http://127.0.0.1:5000", NULL, "http://127.0.0.1:5000", "" },
		{ "http://localhost:5000/", NULL, "http://localhost:5000", "" },
		{ "http://[::1]:5000", "bucket", "http://[::1]:5000", "/bucket" },
		{ "https://vpce.example.com/base/", NULL, "https://vpce.example.com", "/base" },
		{ "https://s3.example.com", "bucket", "https://bucket.s3.example.com", "" },
		{ "https://s3.example.com", "a.dot", "https://s3.example.com", "/a.dot" },
		{ "https://10.0.0.1", "bucket", "https://10.0.0.1", "/bucket" },
		{ "http://localhost:5000", "bucket", "http://localhost:5000", "/bucket" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(aws_endpoint_release) struct aws_endpoint got = AWS_ENDPOINT_INIT;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		struct aws_endpoint_options options = { .region = "eu-west-1",
							.custom_url = rows[i].url,
							.bucket = rows[i].bucket };

		assert_int_equal(aws_endpoint_find(AWS_S3, &options, &got, &err), 0);
		assert_string_equal(got.url.buf, rows[i].want_url);
		assert_string_equal(got.path.buf, rows[i].want_path);
		assert_true(got.is_custom);
	}
}

static void refuses_buckets_that_hide_another_protocol(void **state)
{
	static const char *const rows[] = { "arn:aws:s3:us-east-1:123456789012:accesspoint:a",
					    "a--use1-az1--x-s3", "a--use1-az1--xa-s3", "a--op-s3",
					    "" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(aws_endpoint_release) struct aws_endpoint got = AWS_ENDPOINT_INIT;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		struct aws_endpoint_options options = { .region = "eu-west-1", .bucket = rows[i] };

		assert_int_equal(aws_endpoint_find(AWS_S3, &options, &got, &err), -1);
		assert_int_equal(err.kind, ERROR_CONFIG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_the_rule_sets_find),
		cmocka_unit_test(falls_back_to_the_global_sts_without_a_region),
		cmocka_unit_test(refuses_endpoints_that_would_leak_or_mislead),
		cmocka_unit_test(keeps_port_and_path_of_a_configured_endpoint),
		cmocka_unit_test(refuses_buckets_that_hide_another_protocol),
	};

	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
