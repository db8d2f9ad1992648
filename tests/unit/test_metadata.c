#include "vectors.h"
#include "world.h"

/*
 * The providers that ask an endpoint beside the program: containers and EC2 instances, against the
 * SDKs' own cases.
 */

/* What the next request is answered with. */
struct canned {
	int status;
	const char *body;
};

static int answer_canned(struct world *world, const struct http_request *request,
			 struct str *ret_body)
{
	const struct canned *canned = world->ctx;

	(void)request;
	str_adds(ret_body, canned->body ? canned->body : "");
	return canned->status;
}

static const struct canned good_container = {
	200, "{\"AccessKeyId\":\"id\",\"SecretAccessKey\":\"secret\",\"Token\":\"token\","
	     "\"Expiration\":\"2026-11-23T17:00:00Z\"}"
};

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void set_env(struct world *world, const json_t *env)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)env, name, value)
		world_set(world, name, json_string_value(value));
}

static bool asked_for(const struct world *world, const char *method, const char *url)
{
	CLEANUP_FREE char *want = mem_printf("%s %s", method, url);

	return world->requests.count && strcmp(world->requests.v[0], want) == 0;
}

/* ---- containers ---- */

static bool run_ecs(const json_t *test)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct aws_credentials *credentials;
	const json_t *result = json_object_get(test, "result");
	const char *url = text_of(result, "Ok");
	int got;

	world_begin(&world);
	world.answer = answer_canned;
	world.ctx = (void *)(uintptr_t)&good_container;
	set_env(&world, json_object_get(test, "env"));
	got = world_resolve(&world, NULL, &credentials, &err);
	if (!url)
		return got < 0 && world.requests.count == 0;
	return got == 0 && asked_for(&world, "GET", url) &&
	       strcmp(credentials->access_key_id.buf, "id") == 0;
}

static void asks_a_container_where_the_environment_says(void **state)
{
	json_auto_t *spec = vectors_read("metadata/ecs-tests.json");
	const json_t *test;
	size_t i, passed = 0, count = json_array_size(json_object_get(spec, "tests"));

	(void)state;
	json_array_foreach(json_object_get(spec, "tests"), i, test)
	{
		bool ok = run_ecs(test);

		passed += ok ? 1 : 0;
		if (!ok)
			print_message("# fails: %s\n", text_of(test, "docs"));
	}
	print_message("# container endpoints: %zu/%zu\n", passed, count);
	assert_int_equal(count, 11);
	assert_int_equal(passed, count);
}

/* A token file of the vectors is written below the home and named there. */
static void set_token_file(struct world *world, const json_t *file)
{
	CLEANUP_FREE char *path = file_join(world->home, "token");

	if (!text_of(file, "content"))
		return;
	world_write(world, "token", text_of(file, "content"));
	world_set(world, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path);
}

static bool run_ecs_request(const json_t *test)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct aws_credentials *credentials;
	const json_t *request = json_object_get(json_object_get(test, "expect"), "request");
	const char *token = text_of(json_object_get(request, "headers"), "Authorization");
	int got;

	world_begin(&world);
	world.answer = answer_canned;
	world.ctx = (void *)(uintptr_t)&good_container;
	set_env(&world, json_object_get(test, "env"));
	set_token_file(&world, json_object_get(test, "token_file"));
	got = world_resolve(&world, NULL, &credentials, &err);
	if (!request)
		return got < 0 && world.requests.count == 0;
	return got == 0 && asked_for(&world, text_of(request, "method"), text_of(request, "uri")) &&
	       strcmp(world_header(&world, "Authorization"), token ? token : "") == 0;
}

static void sends_a_container_the_token_and_to_no_other_host(void **state)
{
	json_auto_t *spec = vectors_read("metadata/ecs_credentials_request.json");
	size_t i, passed = 0, count = json_array_size(spec);
	const json_t *test;

	(void)state;
	json_array_foreach(spec, i, test)
	{
		bool ok = run_ecs_request(test);

		passed += ok ? 1 : 0;
		if (!ok)
			print_message("# fails: %s\n", text_of(test, "description"));
	}
	print_message("# container requests: %zu/%zu\n", passed, count);
	assert_int_equal(count, 11);
	assert_int_equal(passed, count);
}

static bool same_credentials(const struct aws_credentials *got, const json_t *want)
{
	int64_t expires_ms = 0;

	return strcmp(got->access_key_id.buf, text_of(want, "access_key_id")) == 0 &&
	       strcmp(secret_bytes(&got->secret_key), text_of(want, "secret_access_key")) == 0 &&
	       strcmp(secret_bytes(&got->session_token), text_of(want, "session_token")) == 0 &&
	       strcmp(got->account_id.buf, text_of(want, "account_id")) == 0 &&
	       clock_parse_rfc3339(text_of(want, "expiration"), &expires_ms) &&
	       got->expires_ms == expires_ms;
}

static bool run_ecs_response(const json_t *test)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const json_t *response = json_object_get(test, "response");
	const json_t *want = json_object_get(json_object_get(test, "expect"), "credentials");
	struct canned canned = { .status = (int)json_integer_value(
					 json_object_get(response, "status")) };
	const struct aws_credentials *credentials;
	int got;

	canned.body = text_of(response, "body");
	world_begin(&world);
	world.answer = answer_canned;
	world.ctx = &canned;
	world.now_ms = 1688000000000; /* the vectors' credentials end in June 2023 */
	world_set(&world, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
	got = world_resolve(&world, NULL, &credentials, &err);
	if (!want)
		return got < 0 && err.kind == ERROR_AUTH && world.requests.count == 3;
	return got == 0 && same_credentials(credentials, want);
}

static void reads_the_answers_of_a_container(void **state)
{
	json_auto_t *spec = vectors_read("metadata/ecs_credentials_response.json");
	size_t i, passed = 0, count = json_array_size(spec);
	const json_t *test;

	(void)state;
	json_array_foreach(spec, i, test)
	{
		bool ok = run_ecs_response(test);

		passed += ok ? 1 : 0;
		if (!ok)
			print_message("# fails: %s\n", text_of(test, "description"));
	}
	print_message("# container answers: %zu/%zu\n", passed, count);
	assert_int_equal(count, 5);
	assert_int_equal(passed, count);
}

static void says_why_a_container_gave_nothing(void **state)
{
	static const struct {
		struct canned canned;
		const char *why;
	} rows[] = {
		{ { 0, NULL }, "nobody answers at 'http://169.254.170.2/x'" },
		{ { 404, "" }, "status 404" },
		{ { 200, "<html>" }, "line 1, column 1: invalid token" },
		{ { 200, "{}" }, "no 'AccessKeyId' in it" },
		{ { 200, "{\"AccessKeyId\":\"A\"}" }, "no 'SecretAccessKey' in it" },
		{ { 200, "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\","
			 "\"Expiration\":\"soon\"}" },
		  "'Expiration' is not a time" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(world_end) struct world world;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP_FREE char *want = mem_printf(
			"credentials: container credentials from 'http://169.254.170.2/x': %s",
			rows[i].why);
		const struct aws_credentials *credentials;

		world_begin(&world);
		world.answer = answer_canned;
		world.ctx = (void *)(uintptr_t)&rows[i].canned;
		world_set(&world, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
		assert_int_equal(world_resolve(&world, NULL, &credentials, &err), -1);
		assert_int_equal(err.kind, ERROR_AUTH);
		assert_string_equal(err.msg.buf, want);
	}
}

static void refuses_a_container_token_with_a_line_end(void **state)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct aws_credentials *credentials;

	(void)state;
	world_begin(&world);
	world_set(&world, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
	world_set(&world, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\r\nX-Evil: b");
	assert_int_equal(world_resolve(&world, NULL, &credentials, &err), -1);
	assert_int_equal(err.kind, ERROR_AUTH);
	assert_non_null(strstr(err.msg.buf, "line end"));
	assert_null(strstr(err.msg.buf, "Evil"));
	assert_int_equal(world.requests.count, 0);
}

static void refuses_hosts_that_only_look_like_the_right_ones(void **state)
{
	static const char *const urls[] = {
		"http://169.254.170.2.example.com/x", "http://169.254.170.2@example.com/x",
		"http://127.0.0.1.example.com/x",     "http://example.com/169.254.170.2",
		"http://[fd00:ec2::23].example.com/", "ftp://169.254.170.2/x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		CLEANUP(world_end) struct world world;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		const struct aws_credentials *credentials;

		world_begin(&world);
		world_set(&world, "AWS_CONTAINER_CREDENTIALS_FULL_URI", urls[i]);
		assert_int_equal(world_resolve(&world, NULL, &credentials, &err), -1);
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_int_equal(world.requests.count, 0);
	}
}

/* ---- GitHub Actions ---- */

static void says_why_github_gave_no_token(void **state)
{
	static const struct {
		struct canned canned;
		const char *why;
	} rows[] = {
		{ { 0, NULL },
		  "nobody answers at 'https://x.example/t?audience=sts.amazonaws.com'" },
		{ { 403, "{}" }, "status 403" },
		{ { 200, "<html>" }, "line 1, column 1: invalid token" },
		{ { 200, "{}" }, "no token in the reply" },
		{ { 200, "{\"value\": \"\"}" }, "no token in the reply" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(world_end) struct world world;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP_FREE char *want = mem_printf(
			"credentials: an identity token of GitHub Actions: %s", rows[i].why);
		const struct aws_credentials *credentials;

		world_begin(&world);
		world.answer = answer_canned;
		world.ctx = (void *)(uintptr_t)&rows[i].canned;
		world_set(&world, "AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/x");
		world_set(&world, "ACTIONS_ID_TOKEN_REQUEST_URL", "https://x.example/t");
		world_set(&world, "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "bearer");
		assert_int_equal(world_resolve(&world, NULL, &credentials, &err), -1);
		assert_int_equal(err.kind, ERROR_AUTH);
		assert_string_equal(err.msg.buf, want);
		assert_string_equal(err.fix.buf, "give the job 'permissions: id-token: write'");
	}
}

/* ---- instances ---- */

static void write_files(struct world *world, const json_t *files)
{
	const char *name;
	json_t *text;

	json_object_foreach((json_t *)(uintptr_t)files, name, text)
	{
		CLEANUP_FREE char *path = file_join(world->home, name);

		world_write(world, name, json_string_value(text));
		world_set(world, "AWS_CONFIG_FILE", path);
	}
}

/* The SDKs' overrides in code are this program's variables. */
static void set_overrides(struct world *world, const json_t *test)
{
	if (text_of(test, "endpoint_override"))
		world_set(world, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
			  text_of(test, "endpoint_override"));
	if (text_of(test, "mode_override"))
		world_set(world, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
			  text_of(test, "mode_override"));
}

static bool run_imds_endpoint(const json_t *test)
{
	static const struct canned forbidden = { 403, "" };
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct aws_credentials *credentials;
	const char *url = text_of(json_object_get(test, "result"), "Ok");

	world_begin(&world);
	world.answer = answer_canned;
	world.ctx = (void *)(uintptr_t)&forbidden;
	world_set(&world, "AWS_EC2_METADATA_DISABLED", NULL);
	set_env(&world, json_object_get(test, "env"));
	write_files(&world, json_object_get(test, "fs"));
	set_overrides(&world, test);
	if (world_resolve(&world, NULL, &credentials, &err) == 0)
		return false;
	if (!url)
		return err.kind == ERROR_CONFIG && world.requests.count == 0;
	return world.requests.count == 1 && asked_for(&world, "PUT", url);
}

static void finds_the_metadata_service(void **state)
{
	json_auto_t *spec = vectors_read("metadata/imds-endpoint-tests.json");
	size_t i, passed = 0, count = json_array_size(json_object_get(spec, "tests"));
	const json_t *test;

	(void)state;
	json_array_foreach(json_object_get(spec, "tests"), i, test)
	{
		bool ok = run_imds_endpoint(test);

		passed += ok ? 1 : 0;
		if (!ok)
			print_message("# fails: %s\n", text_of(test, "docs"));
	}
	print_message("# metadata endpoints: %zu/%zu\n", passed, count);
	assert_int_equal(count, 14);
	assert_int_equal(passed, count);
}

/* A metadata service with one role; `ctx` is when its credentials end. */
static int answer_imds(struct world *world, const struct http_request *request,
		       struct str *ret_body)
{
	if (strcmp(request->method, "PUT") == 0) {
		assert_string_equal(world_header(world, "x-aws-ec2-metadata-token-ttl-seconds"),
				    "21600");
		str_adds(ret_body, "TOKEN");
		return 200;
	}
	assert_string_equal(world_header(world, "x-aws-ec2-metadata-token"), "TOKEN");
	if (strstr(request->url, "/placement/region"))
		str_adds(ret_body, "eu-north-1\n");
	else if (str_ends_with(
			 &(struct str){ strlen(request->url), 0, (char *)(uintptr_t)request->url },
			 "security-credentials/"))
		str_adds(ret_body, "my role");
	else
		str_addf(ret_body,
			 "{\"Code\":\"Success\",\"AccessKeyId\":\"ASIA\",\"SecretAccessKey\":\"s\","
			 "\"Token\":\"t\",\"Expiration\":\"%s\"}",
			 (const char *)world->ctx);
	return 200;
}

static void takes_the_role_of_the_instance_by_version_two(void **state)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct aws_credentials *credentials;
	char end[] = "2026-11-23T17:00:00Z";

	(void)state;
	world_begin(&world);
	world.answer = answer_imds;
	world.ctx = end;
	world_set(&world, "AWS_EC2_METADATA_DISABLED", NULL);
	assert_int_equal(world_resolve(&world, NULL, &credentials, &err), 0);
	assert_string_equal(credentials->access_key_id.buf, "ASIA");
	assert_string_equal(credentials->source.buf, "instance role 'my role'");
	assert_int_equal(world.requests.count, 3);
	assert_string_equal(world.requests.v[2], "GET http://169.254.169.254/latest/meta-data/iam/"
						 "security-credentials/my%20role");
}

static void asks_the_instance_for_a_region_when_none_is_configured(void **state)
{
	static const struct {
		const char *disabled, *region;
		const char *want, *source;
		size_t requests;
	} rows[] = {
		{ NULL, NULL, "eu-north-1", "instance metadata", 2 },
		{ NULL, "eu-west-1", "eu-west-1", "AWS_REGION", 0 },
		{ "true", NULL, NULL, NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(world_end) struct world world;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		const struct aws_options options = { .region = NULL };
		const struct aws_context context = { &world.http, &world.clock, &world.env,
						     &report_none };
		struct aws_client *client;

		world_begin(&world);
		world.answer = answer_imds;
		world_set(&world, "AWS_EC2_METADATA_DISABLED", rows[i].disabled);
		world_set(&world, "AWS_REGION", rows[i].region);
		world.env.vars = strv_array(&world.vars);
		assert_int_equal(aws_client_new(&options, &context, &client, &err), 0);
		assert_int_equal(world.requests.count, rows[i].requests);
		if (rows[i].want) {
			assert_string_equal(aws_client_region(client), rows[i].want);
			assert_string_equal(aws_client_region_source(client), rows[i].source);
		} else {
			assert_null(aws_client_region(client));
		}
		aws_client_free(client);
	}
}

static void uses_instance_credentials_past_their_end_while_none_are_renewed(void **state)
{
	CLEANUP(world_end) struct world world;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct aws_credentials *credentials;
	char end[] = "2026-11-23T11:00:00Z"; /* twelve minutes ago */

	(void)state;
	world_begin(&world);
	world.answer = answer_imds;
	world.ctx = end;
	world_set(&world, "AWS_EC2_METADATA_DISABLED", NULL);
	assert_int_equal(world_resolve(&world, NULL, &credentials, &err), 0);
	assert_int_equal(world.requests.count, 3);
	assert_int_equal(aws_chain_resolve(world.chain, false, &credentials, &err), 0);
	assert_int_equal(world.requests.count, 3);
	world.now_ms += 6 * 60 * 1000;
	assert_int_equal(aws_chain_resolve(world.chain, false, &credentials, &err), 0);
	assert_int_equal(world.requests.count, 6);
}

static void says_why_the_instance_gave_nothing(void **state)
{
	static const struct {
		struct canned canned;
		const char *why;
	} rows[] = {
		{ { 0, NULL }, "EC2 instance (nobody answers" },
		{ { 404, "" }, "latest/api/token: status 404" },
		{ { 200, "" }, "latest/api/token: status 200" },
		{ { 200, "{\"Code\": \"AssumeRoleUnauthorizedAccess\"}" },
		  "no 'AccessKeyId' in it, code 'AssumeRoleUnauthorizedAccess'" },
		{ { 200, "a\nb" }, "the token has a line end in it" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(world_end) struct world world;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		const struct aws_credentials *credentials;

		world_begin(&world);
		world.answer = answer_canned;
		world.ctx = (void *)(uintptr_t)&rows[i].canned;
		world_set(&world, "AWS_EC2_METADATA_DISABLED", NULL);
		assert_int_equal(world_resolve(&world, NULL, &credentials, &err), -1);
		assert_int_equal(err.kind, ERROR_AUTH);
		if (!strstr(err.msg.buf, rows[i].why))
			fail_msg("'%s' is not in: %s", rows[i].why, err.msg.buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_a_container_where_the_environment_says),
		cmocka_unit_test(sends_a_container_the_token_and_to_no_other_host),
		cmocka_unit_test(reads_the_answers_of_a_container),
		cmocka_unit_test(says_why_a_container_gave_nothing),
		cmocka_unit_test(refuses_a_container_token_with_a_line_end),
		cmocka_unit_test(refuses_hosts_that_only_look_like_the_right_ones),
		cmocka_unit_test(says_why_github_gave_no_token),
		cmocka_unit_test(finds_the_metadata_service),
		cmocka_unit_test(takes_the_role_of_the_instance_by_version_two),
		cmocka_unit_test(asks_the_instance_for_a_region_when_none_is_configured),
		cmocka_unit_test(uses_instance_credentials_past_their_end_while_none_are_renewed),
		cmocka_unit_test(says_why_the_instance_gave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
