#include "aws/call.h"
#include "aws/ecr.h"
#include "aws/ecs.h"
#include "aws/secrets_manager.h"
#include "aws/sts.h"
#include "aws_fixture.h"
#include "base/cleanup.h"
#include "vectors.h"

#include <string.h>

/* The answers that AWS publishes as examples (botocore, data/SERVICE/examples-1.json), read by
 * ours. */

/* A text of the example by its path: at(output, "services", 0, "serviceArn"); -1: not a list. */
static const char *text_at(const json_t *value, const char *name, int index, const char *member)
{
	value = json_object_get(value, name);
	if (index >= 0)
		value = json_array_get(value, (size_t)index);
	if (member)
		value = json_object_get(value, member);
	return json_string_value(value);
}

static bool is_same(const char *got, const char *want)
{
	if (want && strcmp(got, want) == 0)
		return true;
	print_message("# '%s' is not '%s'\n", got, want ? want : "(absent in the example)");
	return false;
}

/* Calls the service and says whether what was read is what stands in the example. */
typedef bool (*read_fn)(struct aws_client *client, const json_t *output, struct error *err);

static bool is_repository(const struct ecr_repository *got, const char *uri, const char *arn)
{
	return is_same(got->uri.buf, uri) && is_same(got->arn.buf, arn);
}

static bool read_create_repository(struct aws_client *client, const json_t *output,
				   struct error *err)
{
	CLEANUP(ecr_repository_release) struct ecr_repository got = ECR_REPOSITORY_INIT;

	return ecr_create_repository(client, "n", &got, err) == 0 &&
	       is_repository(&got, text_at(output, "repository", -1, "repositoryUri"),
			     text_at(output, "repository", -1, "repositoryArn"));
}

static bool read_repository(struct aws_client *client, const json_t *output, struct error *err)
{
	CLEANUP(ecr_repository_release) struct ecr_repository got = ECR_REPOSITORY_INIT;

	return ecr_describe_repository(client, NULL, "n", &got, err) == 0 &&
	       is_repository(&got, text_at(output, "repositories", 0, "repositoryUri"),
			     text_at(output, "repositories", 0, "repositoryArn"));
}

static bool read_service(struct aws_client *client, const json_t *output, struct error *err)
{
	CLEANUP(ecs_service_release) struct ecs_service got = ECS_SERVICE_INIT;
	const json_t *service = json_array_get(json_object_get(output, "services"), 0);

	return ecs_describe_service(client, "c", "s", &got, err) == 0 &&
	       is_same(got.arn.buf, text_at(service, "serviceArn", -1, NULL)) &&
	       is_same(got.status.buf, text_at(service, "status", -1, NULL)) &&
	       is_same(got.task_definition.buf, text_at(service, "taskDefinition", -1, NULL)) &&
	       got.event_count == json_array_size(json_object_get(service, "events")) &&
	       is_same(got.deployments[0].id, text_at(service, "deployments", 0, "id"));
}

static bool read_task_definition(struct aws_client *client, const json_t *output, struct error *err)
{
	CLEANUP(ecs_task_definition_release)
	struct ecs_task_definition got = ECS_TASK_DEFINITION_INIT;
	const json_t *definition = json_object_get(output, "taskDefinition");

	return ecs_describe_task_definition(client, "f", &got, err) == 0 &&
	       is_same(got.arn.buf, text_at(definition, "taskDefinitionArn", -1, NULL)) &&
	       is_same(got.family.buf, text_at(definition, "family", -1, NULL)) &&
	       is_same(got.containers[0].image,
		       text_at(definition, "containerDefinitions", 0, "image"));
}

static bool read_tasks(struct aws_client *client, const json_t *output, struct error *err)
{
	CLEANUP(ecs_tasks_release) struct ecs_tasks got = ECS_TASKS_INIT;
	CLEANUP(strv_release) struct strv arns = STRV_INIT;

	strv_add(&arns, "a");
	return ecs_describe_tasks(client, "c", &arns, &got, err) == 0 && got.count == 1 &&
	       is_same(got.items[0].arn, text_at(output, "tasks", 0, "taskArn")) &&
	       is_same(got.items[0].status, text_at(output, "tasks", 0, "lastStatus"));
}

static bool read_task_list(struct aws_client *client, const json_t *output, struct error *err)
{
	CLEANUP(strv_release) struct strv arns = STRV_INIT;
	const struct ecs_task_filter filter = { .cluster = "c" };

	return ecs_list_tasks(client, &filter, &arns, err) == 0 &&
	       arns.count == json_array_size(json_object_get(output, "taskArns")) &&
	       is_same(arns.v[0], text_at(output, "taskArns", 0, NULL));
}

static bool read_create_secret(struct aws_client *client, const json_t *output, struct error *err)
{
	CLEANUP(secret_release) struct secret value = SECRET_INIT;
	CLEANUP(str_release) struct str arn = STR_INIT;
	const struct secrets_create_request request = { .name = "n", .value = &value };

	return secrets_create(client, &request, &arn, err) == 0 &&
	       is_same(arn.buf, text_at(output, "ARN", -1, NULL));
}

static bool read_put_secret(struct aws_client *client, const json_t *output, struct error *err)
{
	CLEANUP(secret_release) struct secret value = SECRET_INIT;
	CLEANUP(str_release) struct str version = STR_INIT;

	return secrets_put_value(client, "n", &value, "t", &version, err) == 0 &&
	       is_same(version.buf, text_at(output, "VersionId", -1, NULL));
}

static bool read_secret(struct aws_client *client, const json_t *output, struct error *err)
{
	CLEANUP(secrets_value_release) struct secrets_value got = SECRETS_VALUE_INIT;

	return secrets_get_value(client, "n", NULL, NULL, &got, err) == 0 && !got.is_binary &&
	       is_same(secret_bytes(&got.value), text_at(output, "SecretString", -1, NULL)) &&
	       is_same(got.version_id.buf, text_at(output, "VersionId", -1, NULL));
}

static bool read_secret_entry(struct aws_client *client, const json_t *output, struct error *err)
{
	CLEANUP(secrets_entry_release) struct secrets_entry got = SECRETS_ENTRY_INIT;

	return secrets_describe(client, "n", &got, err) == 0 &&
	       is_same(got.arn.buf, text_at(output, "ARN", -1, NULL)) &&
	       is_same(got.description.buf, text_at(output, "Description", -1, NULL));
}

static bool read_secrets(struct aws_client *client, const json_t *output, struct error *err)
{
	CLEANUP(secrets_list_release) struct secrets_list got = SECRETS_LIST_INIT;

	return secrets_list(client, NULL, &got, err) == 0 &&
	       got.count == json_array_size(json_object_get(output, "SecretList")) &&
	       is_same(got.items[0].name.buf, text_at(output, "SecretList", 0, "Name"));
}

static bool is_role(const struct sts_role *got, const json_t *output)
{
	return is_same(got->credentials.access_key_id.buf,
		       text_at(output, "Credentials", -1, "AccessKeyId")) &&
	       is_same(secret_bytes(&got->credentials.session_token),
		       text_at(output, "Credentials", -1, "SessionToken")) &&
	       is_same(got->arn.buf, text_at(output, "AssumedRoleUser", -1, "Arn"));
}

static bool read_role(struct aws_client *client, const json_t *output, struct error *err)
{
	CLEANUP(sts_role_release) struct sts_role got = STS_ROLE_INIT;
	const struct sts_role_request request = { .role_arn = "r", .session_name = "n" };

	return sts_assume_role(aws_client_caller(client), &request, &got, err) == 0 &&
	       is_role(&got, output);
}

static bool read_web_role(struct aws_client *client, const json_t *output, struct error *err)
{
	CLEANUP(sts_role_release) struct sts_role got = STS_ROLE_INIT;
	CLEANUP(secret_release) struct secret token = SECRET_INIT;
	const struct sts_role_request request = { .role_arn = "r",
						  .session_name = "n",
						  .web_identity_token = &token };

	secret_sets(&token, "t");
	return sts_assume_role_with_web_identity(aws_client_caller(client), &request, &got, err) ==
		       0 &&
	       is_role(&got, output);
}

static bool read_identity(struct aws_client *client, const json_t *output, struct error *err)
{
	CLEANUP(sts_identity_release) struct sts_identity got = STS_IDENTITY_INIT;

	return sts_get_caller_identity(client, &got, err) == 0 &&
	       is_same(got.account.buf, text_at(output, "Account", -1, NULL)) &&
	       is_same(got.arn.buf, text_at(output, "Arn", -1, NULL));
}

static void add_xml(struct str *out, const json_t *value)
{
	const char *name;
	json_t *member;

	if (json_is_string(value))
		str_adds(out, json_string_value(value));
	else if (json_is_integer(value))
		str_addf(out, "%lld", (long long)json_integer_value(value));
	json_object_foreach((json_t *)(uintptr_t)value, name, member)
	{
		str_addf(out, "<%s>", name);
		add_xml(out, member);
		str_addf(out, "</%s>", name);
	}
}

/* The example as the service would send it: the query protocol wraps it twice. */
static void add_body(struct str *out, const char *operation, const json_t *output, bool is_xml)
{
	if (!is_xml) {
		json_write(output, out);
		return;
	}
	str_addf(out, "<%sResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><%sResult>",
		 operation, operation);
	add_xml(out, output);
	str_addf(out,
		 "</%sResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
		 "</%sResponse>",
		 operation, operation);
}

/* The examples are older than repositoryUri, without which nothing can be pushed: they get one. */
static void add_uri(json_t *repository)
{
	if (repository)
		(void)json_object_set_new(repository, "repositoryUri",
					  json_string("1.dkr.ecr.r.amazonaws.com/n"));
}

struct row {
	const char *operation;
	read_fn read;
};

static size_t read_examples(const char *operation, const json_t *examples, read_fn read,
			    bool is_xml)
{
	size_t good = 0, i;
	json_t *example;

	json_array_foreach((json_t *)(uintptr_t)examples, i, example)
	{
		CLEANUP(str_release) struct str body = STR_INIT;
		CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
		struct canned_exchange exchanges[] = { { "POST", "http://127.0.0.1:4566/", 200, "",
							 NULL } };
		const json_t *output = json_object_get(example, "output");
		bool ok;

		add_uri(json_object_get(output, "repository"));
		add_uri(json_array_get(json_object_get(output, "repositories"), 0));
		add_body(&body, operation, output, is_xml);
		exchanges[0].body = body.buf;
		AWS_FIXTURE_SET_UP(fixture, exchanges);
		ok = read(fixture.client, output, &fixture.err);
		good += ok;
		if (!ok)
			print_message("# fails: %s %zu: %s\n", operation, i, fixture.err.msg.buf);
	}
	return good;
}

static void read_service_examples(const char *service, const struct row *rows, size_t want)
{
	json_auto_t *file = vectors_read("protocol/examples/%s.json", service);
	size_t good = 0, count = 0;

	for (; rows->operation; rows++) {
		const json_t *examples =
			json_object_get(json_object_get(file, "examples"), rows->operation);

		count += json_array_size(examples);
		good += read_examples(rows->operation, examples, rows->read,
				      strcmp(service, "sts") == 0);
	}
	print_message("# example answers of %s: %zu/%zu\n", service, good, count);
	assert_int_equal(count, want);
	assert_int_equal(good, count);
}

static void reads_the_examples_of_ecr(void **state)
{
	static const struct row rows[] = {
		{ "CreateRepository", read_create_repository },
		{ "DescribeRepositories", read_repository },
		{ NULL, NULL },
	};

	(void)state;
	read_service_examples("ecr", rows, 2);
}

static void reads_the_examples_of_ecs(void **state)
{
	static const struct row rows[] = {
		{ "DescribeServices", read_service },
		{ "DescribeTaskDefinition", read_task_definition },
		{ "DescribeTasks", read_tasks },
		{ "ListTasks", read_task_list },
		{ NULL, NULL },
	};

	(void)state;
	read_service_examples("ecs", rows, 5);
}

static void reads_the_examples_of_secrets_manager(void **state)
{
	static const struct row rows[] = {
		{ "CreateSecret", read_create_secret }, { "DescribeSecret", read_secret_entry },
		{ "GetSecretValue", read_secret },	{ "ListSecrets", read_secrets },
		{ "PutSecretValue", read_put_secret },	{ NULL, NULL },
	};

	(void)state;
	read_service_examples("secretsmanager", rows, 5);
}

static void reads_the_examples_of_sts(void **state)
{
	static const struct row rows[] = {
		{ "AssumeRole", read_role },
		{ "AssumeRoleWithWebIdentity", read_web_role },
		{ "GetCallerIdentity", read_identity },
		{ NULL, NULL },
	};

	(void)state;
	read_service_examples("sts", rows, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_examples_of_ecr),
		cmocka_unit_test(reads_the_examples_of_ecs),
		cmocka_unit_test(reads_the_examples_of_secrets_manager),
		cmocka_unit_test(reads_the_examples_of_sts),
	};

	return cmocka_run_group_tests_name("examples", tests, NULL, NULL);
}
