/* The operations of the smaller services: what is sent, and what is made of the answer. */
#include "aws/call.h"
#include "aws/ecr.h"
#include "aws/ecs.h"
#include "aws/logs.h"
#include "aws/s3.h"
#include "aws/secrets_manager.h"
#include "aws/sts.h"
#include "aws_fixture.h"
#include "base/cleanup.h"
#include "test.h"

#include <string.h>

#define URL "http://127.0.0.1:4566/"

#define STS_REPLY(operation, result)                                                               \
	"<" operation "Response><" operation "Result>" result "</" operation "Result>"             \
	"<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></" operation "Response>"

static void sts_tells_who_asks(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", URL, 200, "",
		  STS_REPLY("GetCallerIdentity",
			    "<Arn>a</Arn><UserId>u</UserId><Account>123456789012</Account>") },
		{ "POST", URL, 200, "", STS_REPLY("GetCallerIdentity", "<Arn>a</Arn>") },
	};
	CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
	CLEANUP(sts_identity_release) struct sts_identity identity = STS_IDENTITY_INIT;

	(void)state;
	AWS_FIXTURE_SET_UP(fixture, exchanges);
	assert_int_equal(sts_get_caller_identity(fixture.client, &identity, &fixture.err), 0);
	assert_string_equal(identity.account.buf, "123456789012");
	assert_string_equal(identity.user_id.buf, "u");
	assert_int_equal(sts_get_caller_identity(fixture.client, &identity, &fixture.err), -1);
	assert_string_equal(fixture.err.msg.buf,
			    "STS GetCallerIdentity: the answer lacks account and ARN");
	assert_string_equal(identity.arn.buf, "a");
}

#define KEYS                                                                                       \
	"<Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s/+</SecretAccessKey>"       \
	"<SessionToken>t</SessionToken><Expiration>2026-11-23T13:00:00Z</Expiration>"              \
	"</Credentials>"

static void sts_takes_a_role_on(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", URL, 200, "",
		  STS_REPLY("AssumeRole",
			    KEYS "<AssumedRoleUser><Arn>b</Arn><AssumedRoleId>i</AssumedRoleId>"
				 "</AssumedRoleUser>") },
		{ "POST", URL, 200, "", STS_REPLY("AssumeRoleWithWebIdentity", KEYS) },
		{ "POST", URL, 200, "", STS_REPLY("AssumeRole", "<Credentials/>") },
	};
	CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
	CLEANUP(sts_role_release) struct sts_role role = STS_ROLE_INIT;
	CLEANUP(secret_release) struct secret token = SECRET_INIT;
	struct sts_role_request request = { .role_arn = "arn:x",
					    .session_name = "n",
					    .external_id = "e",
					    .serial_number = "m",
					    .token_code = &token,
					    .duration_s = 900 };
	struct aws_caller *caller;

	(void)state;
	AWS_FIXTURE_SET_UP(fixture, exchanges);
	caller = aws_client_caller(fixture.client);
	secret_sets(&token, "123456");
	assert_int_equal(sts_assume_role(caller, &request, &role, &fixture.err), 0);
	assert_string_equal(fixture.http.body.buf,
			    "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Ax"
			    "&RoleSessionName=n&ExternalId=e&SerialNumber=m&TokenCode=123456"
			    "&DurationSeconds=900");
	assert_string_equal(role.credentials.access_key_id.buf, "ASIA");
	assert_string_equal(secret_bytes(&role.credentials.secret_key), "s/+");
	assert_int_equal(role.credentials.expires_ms, 1795438800000);
	assert_string_equal(role.assumed_role_id.buf, "i");
	request = (struct sts_role_request){ .role_arn = "r",
					     .session_name = "n",
					     .web_identity_token = &token };
	assert_int_equal(sts_assume_role_with_web_identity(caller, &request, &role, &fixture.err),
			 0);
	assert_string_equal(canned_header(&fixture.http, "Authorization"), "");
	assert_non_null(strstr(fixture.http.body.buf, "&WebIdentityToken=123456"));
	assert_int_equal(sts_assume_role(caller, &request, &role, &fixture.err), -1);
	assert_int_equal(fixture.err.kind, ERROR_REMOTE);
}

#define TOKEN(token)                                                                               \
	"{\"authorizationData\": [{\"authorizationToken\": \"" token "\", "                        \
	"\"expiresAt\": 1795438800.5, \"proxyEndpoint\": \"https://1.dkr.ecr.r.amazonaws.com\"}]}"

static void ecr_takes_a_token_apart(void **state)
{
	static const struct {
		const char *body, *password; /* NULL: refused */
	} rows[] = {
		{ TOKEN("QVdTOnBhOnNz"), "pa:ss" }, /* AWS:pa:ss */
		{ TOKEN("QVdT"), NULL },	    /* AWS */
		{ TOKEN("QVdTOg=="), NULL },	    /* AWS: */
		{ TOKEN("OnBhc3M="), NULL },	    /* :pass */
		{ TOKEN("not base64"), NULL },
		{ "{\"authorizationData\": []}", NULL },
		{ "{\"authorizationData\": [{\"authorizationToken\": \"QVdTOnBhOnNz\"}]}", NULL },
		{ "{}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct canned_exchange exchanges[] = { { "POST", URL, 200, "", rows[i].body } };
		CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
		CLEANUP(ecr_authorization_release)
		struct ecr_authorization got = ECR_AUTHORIZATION_INIT;

		AWS_FIXTURE_SET_UP(fixture, exchanges);
		assert_int_equal(ecr_get_authorization(fixture.client, &got, &fixture.err) == 0,
				 rows[i].password != NULL);
		assert_string_equal(secret_bytes(&got.password),
				    rows[i].password ? rows[i].password : "");
		if (!rows[i].password)
			continue;
		assert_string_equal(got.username.buf, "AWS");
		assert_string_equal(got.proxy_endpoint.buf, "https://1.dkr.ecr.r.amazonaws.com");
		assert_int_equal(got.expires_ms, 1795438800500);
	}
}

static void ecr_finds_a_repository_and_its_images(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", URL, 200, "",
		  "{\"repositories\": [{\"repositoryUri\": \"h/org/app\", \"registryId\": \"1\", "
		  "\"repositoryArn\": \"a\", \"imageTagMutability\": \"IMMUTABLE\"}]}" },
		{ "POST", URL, 200, "",
		  "{\"imageDetails\": [{\"imageDigest\": \"sha256:1\", \"imageTags\": [\"a\", "
		  "\"b\"], \"imagePushedAt\": 1.0}], \"nextToken\": \"n\"}" },
		{ "POST", URL, 200, "", "{\"imageDetails\": [{\"imageDigest\": \"sha256:2\"}]}" },
		{ "POST", URL, 400, "",
		  "{\"__type\": \"RepositoryNotFoundException\", \"message\": \"m\"}" },
	};
	CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
	CLEANUP(ecr_repository_release) struct ecr_repository repository = ECR_REPOSITORY_INIT;
	CLEANUP(ecr_images_release) struct ecr_images images = ECR_IMAGES_INIT;

	(void)state;
	AWS_FIXTURE_SET_UP(fixture, exchanges);
	assert_int_equal(
		ecr_describe_repository(fixture.client, "1", "org/app", &repository, &fixture.err),
		0);
	assert_string_equal(fixture.http.body.buf,
			    "{\"repositoryNames\":[\"org/app\"],\"registryId\":\"1\"}");
	assert_string_equal(repository.uri.buf, "h/org/app");
	assert_true(repository.is_immutable);
	assert_int_equal(
		ecr_describe_images(fixture.client, &repository, "a", &images, &fixture.err), 0);
	assert_string_equal(fixture.http.body.buf,
			    "{\"repositoryName\":\"org/app\",\"registryId\":\"1\","
			    "\"imageIds\":[{\"imageTag\":\"a\"}],\"nextToken\":\"n\"}");
	assert_int_equal(images.count, 2);
	assert_string_equal(images.items[0].tags.v[1], "b");
	assert_string_equal(images.items[1].digest, "sha256:2");
	assert_int_equal(images.items[1].tags.count, 0);
	assert_int_equal(
		ecr_describe_repository(fixture.client, NULL, "x", &repository, &fixture.err), -1);
	assert_string_equal(fixture.http.body.buf, "{\"repositoryNames\":[\"x\"]}");
	assert_true(error_has_code(&fixture.err, "RepositoryNotFoundException"));
}

static void secrets_come_as_text_or_as_bytes(void **state)
{
	static const struct {
		const char *body, *want;
		size_t len;
		bool is_binary;
	} rows[] = {
		{ "{\"ARN\": \"a\", \"SecretString\": \"x\\\"\\u00e9\"}", "x\"\xc3\xa9", 4, false },
		{ "{\"ARN\": \"a\", \"SecretString\": \"\"}", "", 0, false },
		{ "{\"ARN\": \"a\", \"SecretBinary\": \"AAEC\"}", "\0\1\2", 3, true },
		{ "{\"ARN\": \"a\", \"SecretBinary\": \"?\"}", NULL, 0, false },
		{ "{\"ARN\": \"a\"}", NULL, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct canned_exchange exchanges[] = { { "POST", URL, 200, "", rows[i].body } };
		CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
		CLEANUP(secrets_value_release) struct secrets_value got = SECRETS_VALUE_INIT;

		AWS_FIXTURE_SET_UP(fixture, exchanges);
		assert_int_equal(
			secrets_get_value(fixture.client, "s", NULL, "S", &got, &fixture.err) == 0,
			rows[i].want != NULL);
		assert_string_equal(fixture.http.body.buf,
				    "{\"SecretId\":\"s\",\"VersionStage\":\"S\"}");
		if (!rows[i].want)
			continue;
		assert_int_equal(secret_len(&got.value), rows[i].len);
		assert_memory_equal(secret_bytes(&got.value), rows[i].want, rows[i].len);
		assert_int_equal(got.is_binary, rows[i].is_binary);
	}
}

static void secrets_are_listed_and_stored(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", URL, 200, "",
		  "{\"SecretList\": [{\"Name\": \"a\", \"LastChangedDate\": 1.5}], "
		  "\"NextToken\": \"n\"}" },
		{ "POST", URL, 200, "", "{\"SecretList\": [{\"Name\": \"b\"}]}" },
		{ "POST", URL, 200, "", "{\"ARN\": \"arn\"}" },
		{ "POST", URL, 200, "", "{\"VersionId\": \"v\"}" },
	};
	CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
	CLEANUP(secrets_list_release) struct secrets_list list = SECRETS_LIST_INIT;
	CLEANUP(secret_release) struct secret value = SECRET_INIT;
	CLEANUP(strv_release) struct strv tags = STRV_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	struct secrets_create_request request = { .name = "n", .value = &value, .tags = &tags };

	(void)state;
	AWS_FIXTURE_SET_UP(fixture, exchanges);
	assert_int_equal(secrets_list(fixture.client, "p", &list, &fixture.err), 0);
	assert_string_equal(fixture.http.body.buf,
			    "{\"Filters\":[{\"Key\":\"name\",\"Values\":[\"p\"]}],"
			    "\"NextToken\":\"n\"}");
	assert_int_equal(list.count, 2);
	assert_int_equal(list.items[0].changed_ms, 1500);
	secret_sets(&value, "v\"");
	strv_add(&tags, "k=v=w");
	assert_int_equal(secrets_create(fixture.client, &request, &text, &fixture.err), 0);
	assert_string_equal(fixture.http.body.buf, "{\"Name\":\"n\",\"SecretString\":\"v\\\"\","
						   "\"Tags\":[{\"Key\":\"k\",\"Value\":\"v=w\"}]}");
	assert_string_equal(text.buf, "arn");
	assert_int_equal(secrets_put_value(fixture.client, "n", &value, "t", &text, &fixture.err),
			 0);
	assert_string_equal(fixture.http.body.buf, "{\"SecretId\":\"n\",\"SecretString\":\"v\\\"\","
						   "\"ClientRequestToken\":\"t\"}");
	assert_string_equal(text.buf, "v");
	secret_set(&value, "\xff", 1);
	assert_int_equal(secrets_put_value(fixture.client, "n", &value, "t", &text, &fixture.err),
			 -1);
	assert_int_equal(fixture.err.kind, ERROR_CONFIG);
}

static void ecs_takes_a_service_among_the_failures_for_missing(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", URL, 200, "",
		  "{\"services\": [], \"failures\": [{\"arn\": \"a\", \"reason\": \"MISSING\"}]}" },
		{ "POST", URL, 200, "", "{}" },
		{ "POST", URL, 200, "",
		  "{\"services\": [{\"serviceArn\": \"a\", \"serviceName\": \"s\", \"status\": "
		  "\"ACTIVE\", \"desiredCount\": 2, \"runningCount\": 1, \"deployments\": "
		  "[{\"id\": "
		  "\"d\", \"status\": \"PRIMARY\", \"rolloutState\": \"IN_PROGRESS\", "
		  "\"failedTasks\": 3, \"createdAt\": 1.25}], \"events\": [{\"id\": \"e\", "
		  "\"message\": \"m\", \"createdAt\": 2}]}]}" },
	};
	CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
	CLEANUP(ecs_service_release) struct ecs_service service = ECS_SERVICE_INIT;

	(void)state;
	AWS_FIXTURE_SET_UP(fixture, exchanges);
	assert_int_equal(ecs_describe_service(fixture.client, "c", "s", &service, &fixture.err),
			 -1);
	assert_true(error_has_code(&fixture.err, "ServiceNotFoundException"));
	error_release(&fixture.err);
	assert_int_equal(ecs_describe_service(fixture.client, "c", "s", &service, &fixture.err),
			 -1);
	assert_string_equal(fixture.err.code, "");
	error_release(&fixture.err);
	assert_int_equal(ecs_describe_service(fixture.client, "c", "s", &service, &fixture.err), 0);
	assert_string_equal(fixture.http.body.buf, "{\"cluster\":\"c\",\"services\":[\"s\"]}");
	assert_int_equal(service.desired, 2);
	assert_int_equal(service.deployments[0].failed, 3);
	assert_string_equal(service.deployments[0].rollout_state, "IN_PROGRESS");
	assert_int_equal(service.deployments[0].created_ms, 1250);
	assert_string_equal(service.events[0].message, "m");
	assert_int_equal(service.events[0].time_ms, 2000);
}

static void ecs_tells_why_a_task_stopped(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", URL, 200, "", "{\"taskArns\": [\"t1\"], \"nextToken\": \"n\"}" },
		{ "POST", URL, 200, "", "{\"taskArns\": [\"t2\", 5]}" },
		{ "POST", URL, 200, "",
		  "{\"tasks\": [{\"taskArn\": \"t1\", \"lastStatus\": \"STOPPED\", \"stopCode\": "
		  "\"EssentialContainerExited\", \"stoppedReason\": \"r\", \"containers\": "
		  "[{\"name\": \"app\", \"exitCode\": 0}, {\"name\": \"b\", \"reason\": \"q\"}]}], "
		  "\"failures\": [{\"arn\": \"t2\", \"reason\": \"MISSING\"}]}" },
	};
	static const struct ecs_task_filter filter = { .cluster = "c",
						       .service = "s",
						       .desired_status = "STOPPED" };
	CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
	CLEANUP(strv_release) struct strv arns = STRV_INIT;
	CLEANUP(ecs_tasks_release) struct ecs_tasks tasks = ECS_TASKS_INIT;

	(void)state;
	AWS_FIXTURE_SET_UP(fixture, exchanges);
	assert_int_equal(ecs_list_tasks(fixture.client, &filter, &arns, &fixture.err), 0);
	assert_string_equal(
		fixture.http.body.buf,
		"{\"cluster\":\"c\",\"serviceName\":\"s\",\"desiredStatus\":\"STOPPED\","
		"\"nextToken\":\"n\"}");
	assert_int_equal(arns.count, 2);
	assert_int_equal(ecs_describe_tasks(fixture.client, "c", &arns, &tasks, &fixture.err), 0);
	assert_string_equal(fixture.http.body.buf, "{\"cluster\":\"c\",\"tasks\":[\"t1\",\"t2\"]}");
	assert_int_equal(tasks.count, 1);
	assert_string_equal(tasks.items[0].stopped_reason, "r");
	assert_true(tasks.items[0].containers[0].has_exit_code);
	assert_int_equal(tasks.items[0].containers[0].exit_code, 0);
	assert_false(tasks.items[0].containers[1].has_exit_code);
	assert_string_equal(tasks.items[0].containers[1].reason, "q");
}

static void ecs_describes_at_most_a_hundred_tasks_a_call(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", URL, 200, "", "{\"tasks\": []}" },
		{ "POST", URL, 200, "", "{\"tasks\": []}" },
	};
	CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
	CLEANUP(strv_release) struct strv arns = STRV_INIT;
	CLEANUP(ecs_tasks_release) struct ecs_tasks tasks = ECS_TASKS_INIT;

	(void)state;
	AWS_FIXTURE_SET_UP(fixture, exchanges);
	for (int i = 0; i < 101; i++)
		strv_addf(&arns, "t%d", i);
	assert_int_equal(ecs_describe_tasks(fixture.client, "c", &arns, &tasks, &fixture.err), 0);
	assert_int_equal(fixture.http.next, 2);
	assert_string_equal(fixture.http.body.buf, "{\"cluster\":\"c\",\"tasks\":[\"t100\"]}");
}

static void ecs_tells_where_a_container_logs(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", URL, 200, "",
		  "{\"taskDefinition\": {\"taskDefinitionArn\": \"a\", \"family\": \"f\", "
		  "\"taskRoleArn\": \"r\", \"containerDefinitions\": [{\"name\": \"app\", "
		  "\"image\": "
		  "\"i\", \"logConfiguration\": {\"logDriver\": \"awslogs\", \"options\": "
		  "{\"awslogs-group\": \"g\", \"awslogs-region\": \"eu\", "
		  "\"awslogs-stream-prefix\": \"p\"}}}, {\"name\": \"side\", \"essential\": false, "
		  "\"logConfiguration\": {\"logDriver\": \"json-file\", \"options\": "
		  "{\"awslogs-group\": \"no\"}}}]}}" },
	};
	CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
	CLEANUP(ecs_task_definition_release)
	struct ecs_task_definition got = ECS_TASK_DEFINITION_INIT;

	(void)state;
	AWS_FIXTURE_SET_UP(fixture, exchanges);
	assert_int_equal(ecs_describe_task_definition(fixture.client, "f", &got, &fixture.err), 0);
	assert_string_equal(got.task_role_arn.buf, "r");
	assert_string_equal(got.containers[0].log_group, "g");
	assert_string_equal(got.containers[0].log_prefix, "p");
	assert_true(got.containers[0].is_essential);
	assert_string_equal(got.containers[1].log_group, "");
	assert_false(got.containers[1].is_essential);
}

static void logs_are_read_from_their_end_or_by_filter(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", URL, 200, "", "{\"events\": [{\"timestamp\": 5, \"message\": \"m\"}]}" },
		{ "POST", URL, 200, "",
		  "{\"events\": [{\"timestamp\": 6, \"message\": \"a\", \"logStreamName\": "
		  "\"s\"}], "
		  "\"nextToken\": \"n\"}" },
		{ "POST", URL, 200, "", "{\"events\": [{\"timestamp\": 7, \"message\": \"b\"}]}" },
		{ "POST", URL, 200, "", "{}" },
	};
	static const struct logs_filter filter = { .group = "g", .pattern = "x", .start_ms = 4 };
	CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
	CLEANUP(logs_events_release) struct logs_events events = LOGS_EVENTS_INIT;

	(void)state;
	AWS_FIXTURE_SET_UP(fixture, exchanges);
	assert_int_equal(logs_tail(fixture.client, "g", "s", 20, &events, &fixture.err), 0);
	assert_string_equal(fixture.http.body.buf,
			    "{\"logGroupName\":\"g\",\"logStreamName\":\"s\",\"limit\":20,"
			    "\"startFromHead\":false}");
	assert_int_equal(events.items[0].time_ms, 5);
	assert_int_equal(logs_find(fixture.client, &filter, &events, &fixture.err), 0);
	assert_string_equal(fixture.http.body.buf,
			    "{\"logGroupName\":\"g\",\"filterPattern\":\"x\",\"startTime\":4,"
			    "\"nextToken\":\"n\"}");
	assert_int_equal(events.count, 2);
	assert_string_equal(events.items[0].stream, "s");
	assert_int_equal(logs_tail(fixture.client, "g", "s", 20, &events, &fixture.err), -1);
	assert_int_equal(fixture.err.kind, ERROR_REMOTE);
}

static void pages_that_come_back_are_noticed(void **state)
{
	static const struct canned_exchange page = { "POST", URL, 200, "",
						     "{\"taskArns\": [], \"nextToken\": \"n\"}" };
	struct canned_exchange exchanges[] = { page, page };
	static const struct ecs_task_filter filter = { .cluster = "c" };
	CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
	CLEANUP(strv_release) struct strv arns = STRV_INIT;

	(void)state;
	AWS_FIXTURE_SET_UP(fixture, exchanges);
	assert_int_equal(ecs_list_tasks(fixture.client, &filter, &arns, &fixture.err), -1);
	assert_string_equal(fixture.err.msg.buf, "ECS ListTasks: its pages never end");
}

static void s3_stores_an_object_in_its_owners_bucket_only(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "PUT", URL "bucket/a/b%20c/%C3%A9%2B.yml", 200, "etag: \"e\"", NULL },
	};
	static const struct s3_put_request request = { .bucket = "bucket",
						       .key = "a/b c/\xc3\xa9+.yml",
						       .body = "body",
						       .body_len = 4,
						       .content_type = "text/yaml",
						       .bucket_owner = "123456789012" };
	CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
	CLEANUP(str_release) struct str url = STR_INIT;

	(void)state;
	AWS_FIXTURE_SET_UP(fixture, exchanges);
	assert_int_equal(s3_put_object(fixture.client, &request, &url, &fixture.err), 0);
	assert_string_equal(fixture.http.body.buf, "body");
	assert_string_equal(canned_header(&fixture.http, "x-amz-expected-bucket-owner"),
			    "123456789012");
	assert_string_equal(canned_header(&fixture.http, "x-amz-content-sha256"),
			    "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5");
	assert_non_null(strstr(canned_header(&fixture.http, "Authorization"),
			       "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;"
			       "x-amz-expected-bucket-owner;x-amz-server-side-encryption"));
	assert_string_equal(canned_header(&fixture.http, "x-amz-server-side-encryption"), "AES256");
	assert_string_equal(url.buf, URL "bucket/a/b%20c/%C3%A9%2B.yml");
}

#define S3_ERROR(code, more) "<Error><Code>" code "</Code><Message>m</Message>" more "</Error>"

/* A bucket elsewhere answers from there, once; one that nobody can place does not loop. */
static void s3_follows_a_bucket_to_its_region(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "PUT", "https://bucket.s3.us-east-1.amazonaws.com/k", 301,
		  "x-amz-bucket-region: eu-west-1", S3_ERROR("PermanentRedirect", "") },
		{ "PUT", "https://bucket.s3.eu-west-1.amazonaws.com/k", 200, "etag: \"e\"", NULL },
		{ "PUT", "https://bucket.s3.us-east-1.amazonaws.com/k", 400, "",
		  S3_ERROR("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>") },
		{ "PUT", "https://bucket.s3.eu-west-1.amazonaws.com/k", 400, "",
		  S3_ERROR("AuthorizationHeaderMalformed", "<Region>us-east-1</Region>") },
		{ "PUT", "https://bucket.s3.us-east-1.amazonaws.com/k", 301,
		  "x-amz-bucket-region: evil.example/", S3_ERROR("PermanentRedirect", "") },
	};
	static const struct s3_put_request request = {
		.bucket = "bucket", .key = "k", .body = "b", .body_len = 1, .kms_key = "alias/k"
	};
	static const struct aws_options options = { .region = "us-east-1" };
	CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
	CLEANUP(str_release) struct str url = STR_INIT;

	(void)state;
	AWS_FIXTURE_SET_UP_WITH(fixture, options, exchanges);
	assert_int_equal(s3_put_object(fixture.client, &request, &url, &fixture.err), 0);
	assert_string_equal(url.buf, "https://bucket.s3.eu-west-1.amazonaws.com/k");
	assert_non_null(strstr(canned_header(&fixture.http, "Authorization"), "/eu-west-1/s3/"));
	assert_string_equal(canned_header(&fixture.http, "x-amz-server-side-encryption"),
			    "aws:kms");
	assert_int_equal(s3_put_object(fixture.client, &request, &url, &fixture.err), -1);
	assert_true(error_has_code(&fixture.err, "AuthorizationHeaderMalformed"));
	error_release(&fixture.err);
	assert_int_equal(s3_put_object(fixture.client, &request, &url, &fixture.err), -1);
	assert_int_equal(fixture.err.kind, ERROR_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sts_tells_who_asks),
		cmocka_unit_test(sts_takes_a_role_on),
		cmocka_unit_test(ecr_takes_a_token_apart),
		cmocka_unit_test(ecr_finds_a_repository_and_its_images),
		cmocka_unit_test(secrets_come_as_text_or_as_bytes),
		cmocka_unit_test(secrets_are_listed_and_stored),
		cmocka_unit_test(ecs_takes_a_service_among_the_failures_for_missing),
		cmocka_unit_test(ecs_tells_why_a_task_stopped),
		cmocka_unit_test(ecs_describes_at_most_a_hundred_tasks_a_call),
		cmocka_unit_test(ecs_tells_where_a_container_logs),
		cmocka_unit_test(logs_are_read_from_their_end_or_by_filter),
		cmocka_unit_test(pages_that_come_back_are_noticed),
		cmocka_unit_test(s3_stores_an_object_in_its_owners_bucket_only),
		cmocka_unit_test(s3_follows_a_bucket_to_its_region),
	};

	return cmocka_run_group_tests_name("services", tests, NULL, NULL);
}
