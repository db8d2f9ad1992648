#include "aws/call.h"
#include "aws/cloudformation.h"
#include "aws/ecr.h"
#include "aws/ecs.h"
#include "aws/logs.h"
#include "aws/s3.h"
#include "aws/secrets_manager.h"
#include "aws/sts.h"
#include "base/cleanup.h"
#include "sys/interrupt.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * Makes every signed call that the library knows, for signatures.sh, and prints one line for each:
 * its name and "ok", or the code that it was refused with. With arguments BUCKET KEY only
 * PutObject. Texts with blanks and characters beyond ASCII go along, since those are what
 * signatures break on.
 */

#define ODD "a b+c/d=e&f %20 \xc3\xa9\xe2\x82\xac ~*'()!"

static const char *bucket = "signed-calls", *key = "folder/object";

static int call_identity(struct aws_client *client, struct error *err)
{
	CLEANUP(sts_identity_release) struct sts_identity identity = STS_IDENTITY_INIT;

	return sts_get_caller_identity(client, &identity, err);
}

static int call_assume_role(struct aws_client *client, struct error *err)
{
	CLEANUP(sts_role_release) struct sts_role role = STS_ROLE_INIT;
	const struct sts_role_request request = {
		.role_arn = "arn:aws:iam::123456789012:role/path/odd+role",
		.session_name = "odd@session,name=1",
		.external_id = "odd:external/id",
		.duration_s = 900,
	};

	return sts_assume_role(aws_client_caller(client), &request, &role, err);
}

static int call_ecr_token(struct aws_client *client, struct error *err)
{
	CLEANUP(ecr_authorization_release)
	struct ecr_authorization authorization = ECR_AUTHORIZATION_INIT;

	return ecr_get_authorization(client, &authorization, err);
}

static int call_create_repository(struct aws_client *client, struct error *err)
{
	CLEANUP(ecr_repository_release) struct ecr_repository repository = ECR_REPOSITORY_INIT;

	return ecr_create_repository(client, "signed/calls", &repository, err);
}

static int call_describe_repository(struct aws_client *client, struct error *err)
{
	CLEANUP(ecr_repository_release) struct ecr_repository repository = ECR_REPOSITORY_INIT;

	return ecr_describe_repository(client, NULL, "signed/calls", &repository, err);
}

static int call_describe_images(struct aws_client *client, struct error *err)
{
	CLEANUP(ecr_repository_release) struct ecr_repository repository = ECR_REPOSITORY_INIT;
	CLEANUP(ecr_images_release) struct ecr_images images = ECR_IMAGES_INIT;

	str_adds(&repository.uri, "host.example/signed/calls");
	return ecr_describe_images(client, &repository, NULL, &images, err);
}

static const char template[] =
	"Description: '" ODD "'\nResources: {Topic: {Type: 'AWS::SNS::Topic'}}\n";

static int call_create_change_set(struct aws_client *client, struct error *err)
{
	CLEANUP(str_release) struct str arn = STR_INIT, stack_arn = STR_INIT;
	CLEANUP(strv_release) struct strv tags = STRV_INIT;
	const struct cfn_change_set_request request = {
		.stack_name = "signed-calls",
		.change_set_name = "first",
		.type = "CREATE",
		.description = ODD,
		.template_body = template,
		.tags = &tags,
	};

	strv_add(&tags, "odd key=" ODD);
	return cfn_create_change_set(client, &request, &arn, &stack_arn, err);
}

static const char change_set_arn[] =
	"arn:aws:cloudformation:us-east-1:123456789012:changeSet/signed-calls/1";

static int call_describe_change_set(struct aws_client *client, struct error *err)
{
	CLEANUP(cfn_change_set_release) struct cfn_change_set set = CFN_CHANGE_SET_INIT;

	return cfn_describe_change_set(client, change_set_arn, &set, err);
}

static int call_execute_change_set(struct aws_client *client, struct error *err)
{
	return cfn_execute_change_set(client, change_set_arn, "token-1", false, err);
}

static int call_delete_change_set(struct aws_client *client, struct error *err)
{
	return cfn_delete_change_set(client, change_set_arn, err);
}

static int call_describe_stack(struct aws_client *client, struct error *err)
{
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;

	return cfn_describe_stack(client, "signed-calls", &stack, err);
}

static int call_describe_events(struct aws_client *client, struct error *err)
{
	CLEANUP(cfn_events_release) struct cfn_events events = CFN_EVENTS_INIT;

	return cfn_describe_events(client, "signed-calls", NULL, &events, err);
}

static int call_has_change_sets(struct aws_client *client, struct error *err)
{
	bool any;

	return cfn_has_change_sets(client, "signed-calls", &any, err);
}

static int call_list_resources(struct aws_client *client, struct error *err)
{
	CLEANUP(cfn_resources_release) struct cfn_resources resources = CFN_RESOURCES_INIT;

	return cfn_list_resources(client, "signed-calls", &resources, err);
}

static int call_get_template(struct aws_client *client, struct error *err)
{
	CLEANUP(str_release) struct str body = STR_INIT;

	return cfn_get_template(client, "signed-calls", &body, err);
}

static int call_cancel_update(struct aws_client *client, struct error *err)
{
	return cfn_cancel_update(client, "signed-calls", "token-2", err);
}

static int call_delete_stack(struct aws_client *client, struct error *err)
{
	return cfn_delete_stack(client, "signed-calls", "token-3", err);
}

static int call_create_secret(struct aws_client *client, struct error *err)
{
	CLEANUP(secret_release) struct secret value = SECRET_INIT;
	CLEANUP(str_release) struct str arn = STR_INIT;
	const struct secrets_create_request request = { .name = "signed/calls",
							.value = &value,
							.description = ODD };

	secret_sets(&value, ODD);
	return secrets_create(client, &request, &arn, err);
}

static int call_put_secret(struct aws_client *client, struct error *err)
{
	CLEANUP(secret_release) struct secret value = SECRET_INIT;
	CLEANUP(str_release) struct str version = STR_INIT;

	secret_sets(&value, ODD);
	return secrets_put_value(client, "signed/calls", &value, "0123456789abcdef0123456789abcdef",
				 &version, err);
}

static int call_get_secret(struct aws_client *client, struct error *err)
{
	CLEANUP(secrets_value_release) struct secrets_value value = SECRETS_VALUE_INIT;

	return secrets_get_value(client, "signed/calls", NULL, NULL, &value, err);
}

static int call_describe_secret(struct aws_client *client, struct error *err)
{
	CLEANUP(secrets_entry_release) struct secrets_entry entry = SECRETS_ENTRY_INIT;

	return secrets_describe(client, "signed/calls", &entry, err);
}

static int call_list_secrets(struct aws_client *client, struct error *err)
{
	CLEANUP(secrets_list_release) struct secrets_list list = SECRETS_LIST_INIT;

	return secrets_list(client, "signed", &list, err);
}

static int call_describe_service(struct aws_client *client, struct error *err)
{
	CLEANUP(ecs_service_release) struct ecs_service service = ECS_SERVICE_INIT;

	return ecs_describe_service(client, "cluster", "service", &service, err);
}

static int call_list_tasks(struct aws_client *client, struct error *err)
{
	CLEANUP(strv_release) struct strv arns = STRV_INIT;
	const struct ecs_task_filter filter = { .cluster = "cluster" };

	return ecs_list_tasks(client, &filter, &arns, err);
}

static int call_describe_tasks(struct aws_client *client, struct error *err)
{
	CLEANUP(strv_release) struct strv arns = STRV_INIT;
	CLEANUP(ecs_tasks_release) struct ecs_tasks tasks = ECS_TASKS_INIT;

	strv_add(&arns, "arn:aws:ecs:us-east-1:123456789012:task/cluster/1");
	return ecs_describe_tasks(client, "cluster", &arns, &tasks, err);
}

static int call_describe_task_definition(struct aws_client *client, struct error *err)
{
	CLEANUP(ecs_task_definition_release)
	struct ecs_task_definition definition = ECS_TASK_DEFINITION_INIT;

	return ecs_describe_task_definition(client, "family:1", &definition, err);
}

static int call_tail(struct aws_client *client, struct error *err)
{
	CLEANUP(logs_events_release) struct logs_events events = LOGS_EVENTS_INIT;

	return logs_tail(client, "/group/1", "stream/a/1", 10, &events, err);
}

static int call_find(struct aws_client *client, struct error *err)
{
	CLEANUP(logs_events_release) struct logs_events events = LOGS_EVENTS_INIT;
	const struct logs_filter filter = { .group = "/group/1", .pattern = "\"" ODD "\"" };

	return logs_find(client, &filter, &events, err);
}

static int call_put_object(struct aws_client *client, struct error *err)
{
	const struct s3_put_request request = {
		.bucket = bucket, .key = key, .body = ODD, .body_len = strlen(ODD)
	};

	CLEANUP(str_release) struct str url = STR_INIT;

	return s3_put_object(client, &request, &url, err);
}

static const struct {
	const char *name;
	int (*call)(struct aws_client *client, struct error *err);
} rows[] = {
	{ "PutObject", call_put_object },
	{ "GetCallerIdentity", call_identity },
	{ "AssumeRole", call_assume_role },
	{ "GetAuthorizationToken", call_ecr_token },
	{ "CreateRepository", call_create_repository },
	{ "DescribeRepositories", call_describe_repository },
	{ "DescribeImages", call_describe_images },
	{ "CreateChangeSet", call_create_change_set },
	{ "DescribeChangeSet", call_describe_change_set },
	{ "ExecuteChangeSet", call_execute_change_set },
	{ "DeleteChangeSet", call_delete_change_set },
	{ "ListChangeSets", call_has_change_sets },
	{ "DescribeStacks", call_describe_stack },
	{ "DescribeStackEvents", call_describe_events },
	{ "ListStackResources", call_list_resources },
	{ "GetTemplate", call_get_template },
	{ "CancelUpdateStack", call_cancel_update },
	{ "DeleteStack", call_delete_stack },
	{ "CreateSecret", call_create_secret },
	{ "PutSecretValue", call_put_secret },
	{ "GetSecretValue", call_get_secret },
	{ "DescribeSecret", call_describe_secret },
	{ "ListSecrets", call_list_secrets },
	{ "DescribeServices", call_describe_service },
	{ "ListTasks", call_list_tasks },
	{ "DescribeTasks", call_describe_tasks },
	{ "DescribeTaskDefinition", call_describe_task_definition },
	{ "GetLogEvents", call_tail },
	{ "FilterLogEvents", call_find },
};

static void make_calls(struct aws_client *client, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;

		if (rows[i].call(client, &err) == 0)
			(void)printf("%s ok\n", rows[i].name);
		else
			(void)printf("%s %s: %s\n", rows[i].name, err.code[0] ? err.code : "-",
				     err.msg.buf);
	}
}

int main(int argc, char **argv)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	const struct aws_options options = { .profile = NULL };
	const struct env env = { environ };
	struct http *http = http_curl_new(&system_clock, interrupt_pending);
	const struct aws_context context = { http, &system_clock, &env, &report_none };
	struct aws_client *client;
	int status = 0;

	if (argc == 3) {
		bucket = argv[1];
		key = argv[2];
	}
	if (aws_client_new(&options, &context, &client, &err) == 0) {
		make_calls(client, argc == 3 ? 1 : sizeof(rows) / sizeof(rows[0]));
		aws_client_free(client);
	} else {
		(void)fprintf(stderr, "%s\n", err.msg.buf);
		status = 1;
	}
	http_curl_free(http);
	return status;
}
