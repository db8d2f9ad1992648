#include "aws/cloudformation.h"
#include "aws_fixture.h"
#include "base/cleanup.h"
#include "test.h"

#include <string.h>

#define URL "http://127.0.0.1:4566/"
#define ARN "arn:aws:cloudformation:us-east-1:123456789012:stack/todobackend/51af3dc0"

#define REPLY(operation, result)                                                                   \
	"<" operation "Response xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">"    \
	"<" operation "Result>" result "</" operation "Result>"                                    \
	"<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></" operation "Response>"
#define FAULT(code, message)                                                                       \
	"<ErrorResponse><Error><Type>Sender</Type><Code>" code "</Code><Message>" message          \
	"</Message></Error><RequestId>r</RequestId></ErrorResponse>"

static void describes_a_stack(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", URL, 200, "",
		  REPLY("DescribeStacks",
			"<Stacks><member><StackId>" ARN
			"</StackId><StackName>todobackend</StackName>"
			"<CreationTime>2026-11-23T12:00:00.500Z</CreationTime>"
			"<StackStatus>UPDATE_COMPLETE</StackStatus>"
			"<StackStatusReason>because</StackStatusReason>"
			"<Parameters><member><ParameterKey>Tag</ParameterKey>"
			"<ParameterValue>5fdbe62</ParameterValue></member>"
			"<member><ParameterKey>Empty</ParameterKey><ParameterValue/></member>"
			"</Parameters><Outputs><member><OutputKey>Url</OutputKey>"
			"<OutputValue>http://a/?b=1&amp;c=2</OutputValue></member></Outputs>"
			"<Tags/></member></Stacks>") },
	};
	CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;

	(void)state;
	AWS_FIXTURE_SET_UP(fixture, exchanges);
	assert_int_equal(cfn_describe_stack(fixture.client, "a b", &stack, &fixture.err), 0);
	assert_string_equal(fixture.http.body.buf,
			    "Action=DescribeStacks&Version=2010-05-15&StackName=a+b");
	assert_string_equal(stack.id.buf, ARN);
	assert_string_equal(stack.name.buf, "todobackend");
	assert_string_equal(stack.status.buf, "UPDATE_COMPLETE");
	assert_string_equal(stack.status_reason.buf, "because");
	assert_int_equal(stack.created_ms, 1795435200500);
	assert_int_equal(stack.updated_ms, 0);
	assert_int_equal(stack.parameters.count, 2);
	assert_string_equal(cfn_parameters_find(&stack.parameters, "Tag")->value, "5fdbe62");
	assert_string_equal(cfn_parameters_find(&stack.parameters, "Empty")->value, "");
	assert_null(cfn_parameters_find(&stack.parameters, "tag"));
	assert_int_equal(stack.output_count, 1);
	assert_string_equal(stack.outputs[0].value, "http://a/?b=1&c=2");
	assert_string_equal(stack.outputs[0].description, "");
}

/* A stack that is taken for absent would be created: only its own two texts may say so. */
static void tells_a_missing_stack_from_other_refusals(void **state)
{
	static const struct {
		const char *name, *body, *code;
	} rows[] = {
		{ "app", FAULT("ValidationError", "Stack with id app does not exist"),
		  "StackNotFound" },
		{ "app", FAULT("ValidationError", "Stack [app] does not exist"), "StackNotFound" },
		{ ARN, FAULT("ValidationError", "Stack with id " ARN " does not exist"),
		  "StackNotFound" },
		{ ARN, FAULT("ValidationError", "Stack [todobackend] does not exist"),
		  "StackNotFound" },
		{ "app", FAULT("ValidationError", "Stack with id apple does not exist"),
		  "ValidationError" },
		{ "app", FAULT("ValidationError", "Stack:app is in UPDATE_IN_PROGRESS state"),
		  "ValidationError" },
		{ "app", FAULT("ValidationError", "Role app does not exist"), "ValidationError" },
		{ "app", FAULT("AccessDenied", "Stack with id app does not exist"),
		  "AccessDenied" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct canned_exchange exchanges[] = { { "POST", URL, 400, "", rows[i].body } };
		CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
		CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;

		AWS_FIXTURE_SET_UP(fixture, exchanges);
		assert_int_equal(
			cfn_describe_stack(fixture.client, rows[i].name, &stack, &fixture.err), -1);
		assert_string_equal(fixture.err.code, rows[i].code);
		assert_int_equal(fixture.http.next, 1);
	}
}

static void refuses_an_answer_without_a_stack(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", URL, 200, "", REPLY("DescribeStacks", "<Stacks/>") },
	};
	CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;

	(void)state;
	AWS_FIXTURE_SET_UP(fixture, exchanges);
	assert_int_equal(cfn_describe_stack(fixture.client, "app", &stack, &fixture.err), -1);
	assert_int_equal(fixture.err.kind, ERROR_REMOTE);
	assert_string_equal(fixture.err.code, "");
}

static void sends_every_part_of_a_change_set(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", URL, 200, "",
		  REPLY("CreateChangeSet", "<Id>change-set-arn</Id><StackId>stack-arn</StackId>") },
	};
	CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
	CLEANUP(cfn_parameters_release) struct cfn_parameters parameters = CFN_PARAMETERS_INIT;
	CLEANUP(strv_release) struct strv capabilities = STRV_INIT;
	CLEANUP(strv_release) struct strv tags = STRV_INIT;
	CLEANUP(strv_release) struct strv topics = STRV_INIT;
	CLEANUP(str_release) struct str change_set = STR_INIT;
	CLEANUP(str_release) struct str stack = STR_INIT;
	struct cfn_change_set_request request = {
		.stack_name = "app",
		.change_set_name = "c1",
		.type = "UPDATE",
		.client_token = "t",
		.template_body = "A: b\n",
		.parameters = &parameters,
		.capabilities = &capabilities,
		.tags = &tags,
		.notification_arns = &topics,
		.role_arn = "arn",
	};

	(void)state;
	AWS_FIXTURE_SET_UP(fixture, exchanges);
	cfn_parameters_add(&parameters, "Tag", "5fdbe62");
	cfn_parameters_add(&parameters, "Kept", "****");
	parameters.items[1].use_previous = true;
	strv_add(&capabilities, "CAPABILITY_IAM");
	strv_add_all(&tags, "k=v=w", "bare", (char *)NULL);
	strv_add(&topics, "topic");
	assert_int_equal(
		cfn_create_change_set(fixture.client, &request, &change_set, &stack, &fixture.err),
		0);
	assert_string_equal(fixture.http.body.buf,
			    "Action=CreateChangeSet&Version=2010-05-15&StackName=app"
			    "&ChangeSetName=c1&ChangeSetType=UPDATE&ClientToken=t"
			    "&TemplateBody=A%3A+b%0A"
			    "&Parameters.member.1.ParameterKey=Tag"
			    "&Parameters.member.1.ParameterValue=5fdbe62"
			    "&Parameters.member.2.ParameterKey=Kept"
			    "&Parameters.member.2.UsePreviousValue=true"
			    "&Capabilities.member.1=CAPABILITY_IAM"
			    "&Tags.member.1.Key=k&Tags.member.1.Value=v%3Dw"
			    "&Tags.member.2.Key=bare&Tags.member.2.Value="
			    "&NotificationARNs.member.1=topic&RoleARN=arn");
	assert_string_equal(change_set.buf, "change-set-arn");
	assert_string_equal(stack.buf, "stack-arn");
}

#define CHANGE(id)                                                                                 \
	"<member><Type>Resource</Type><ResourceChange><Action>Modify</Action>"                     \
	"<LogicalResourceId>" id "</LogicalResourceId><PhysicalResourceId>p</PhysicalResourceId>"  \
	"<ResourceType>AWS::ECS::Service</ResourceType><Replacement>False</Replacement>"           \
	"<Scope><member>Properties</member><member>Tags</member></Scope></ResourceChange></"       \
	"member>"

static void follows_the_pages_of_a_change_set(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", URL, 200, "",
		  REPLY("DescribeChangeSet",
			"<Status>CREATE_COMPLETE</Status><NextToken>n1</NextToken>"
			"<Parameters><member><ParameterKey>A</ParameterKey></member></Parameters>"
			"<Changes>" CHANGE("One") CHANGE("Two") "</Changes>") },
		{ "POST", URL, 200, "",
		  REPLY("DescribeChangeSet",
			"<Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</"
			"ExecutionStatus>"
			"<Parameters><member><ParameterKey>A</ParameterKey></member></Parameters>"
			"<Changes>" CHANGE("Three") "</Changes>") },
	};
	CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
	CLEANUP(cfn_change_set_release) struct cfn_change_set set = CFN_CHANGE_SET_INIT;

	(void)state;
	AWS_FIXTURE_SET_UP(fixture, exchanges);
	assert_int_equal(cfn_describe_change_set(fixture.client, "arn", &set, &fixture.err), 0);
	assert_non_null(strstr(fixture.http.body.buf, "&NextToken=n1"));
	assert_int_equal(set.change_count, 3);
	assert_string_equal(set.changes[2].logical_id, "Three");
	assert_string_equal(set.changes[0].scope, "Properties Tags");
	assert_string_equal(set.execution_status.buf, "AVAILABLE");
	assert_int_equal(set.parameters.count, 1);
}

static void notices_pages_that_never_end(void **state)
{
	static const struct canned_exchange page = {
		"POST", URL, 200, "",
		REPLY("DescribeChangeSet", "<Status>S</Status><NextToken>same</NextToken>")
	};
	struct canned_exchange exchanges[] = { page, page };
	CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
	CLEANUP(cfn_change_set_release) struct cfn_change_set set = CFN_CHANGE_SET_INIT;

	(void)state;
	AWS_FIXTURE_SET_UP(fixture, exchanges);
	assert_int_equal(cfn_describe_change_set(fixture.client, "arn", &set, &fixture.err), -1);
	assert_int_equal(fixture.err.kind, ERROR_REMOTE);
	assert_int_equal(fixture.http.next, 2);
}

static void tells_a_missing_change_set(void **state)
{
	static const char *const rows[] = {
		FAULT("ChangeSetNotFound", "ChangeSet [arn] does not exist"),
		FAULT("ChangeSetNotFoundException", "m"),
		FAULT("ValidationError", "Stack with id arn does not exist"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct canned_exchange one = { "POST", URL, 404, "", rows[i] };
		struct canned_exchange exchanges[] = { one, one };
		CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;

		AWS_FIXTURE_SET_UP(fixture, exchanges);
		assert_int_equal(
			cfn_execute_change_set(fixture.client, "arn", "t", false, &fixture.err),
			-1);
		assert_true(error_has_code(&fixture.err, "ChangeSetNotFound"));
		error_release(&fixture.err);
		assert_int_equal(cfn_delete_change_set(fixture.client, "arn", &fixture.err), -1);
		assert_true(error_has_code(&fixture.err, "ChangeSetNotFound"));
	}
}

static void reads_a_page_of_events(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", URL, 200, "",
		  REPLY("DescribeStackEvents",
			"<StackEvents><member><EventId>e2</EventId><StackId>s</StackId>"
			"<LogicalResourceId>Service</LogicalResourceId>"
			"<ResourceType>AWS::ECS::Service</ResourceType>"
			"<Timestamp>2026-11-23T12:00:01Z</Timestamp>"
			"<ResourceStatus>UPDATE_FAILED</ResourceStatus>"
			"<ResourceStatusReason>because</ResourceStatusReason>"
			"<ClientRequestToken>t</ClientRequestToken></member>"
			"<member><EventId>e1</EventId></member></StackEvents>"
			"<NextToken>n</NextToken>") },
		{ "POST", URL, 200, "", REPLY("DescribeStackEvents", "<StackEvents/>") },
	};
	CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
	CLEANUP(cfn_events_release) struct cfn_events events = CFN_EVENTS_INIT;

	(void)state;
	AWS_FIXTURE_SET_UP(fixture, exchanges);
	assert_int_equal(cfn_describe_events(fixture.client, ARN, NULL, &events, &fixture.err), 0);
	assert_int_equal(events.count, 2);
	assert_string_equal(events.items[0].status, "UPDATE_FAILED");
	assert_string_equal(events.items[0].client_token, "t");
	assert_int_equal(events.items[0].time_ms, 1795435201000);
	assert_string_equal(events.items[1].client_token, "");
	assert_string_equal(events.next_token.buf, "n");
	assert_int_equal(cfn_describe_events(fixture.client, ARN, "n", &events, &fixture.err), 0);
	assert_int_equal(events.count, 0);
	assert_string_equal(events.next_token.buf, "");
}

static void hands_the_template_over_as_it_was_sent(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", URL, 200, "",
		  REPLY("GetTemplate",
			"<TemplateBody>A: \"&lt;b&gt;\"\n  c: \xc3\xa9\n</TemplateBody>"
			"<StagesAvailable/>") },
	};
	CLEANUP(aws_fixture_tear_down) struct aws_fixture fixture;
	CLEANUP(str_release) struct str body = STR_INIT;

	(void)state;
	AWS_FIXTURE_SET_UP(fixture, exchanges);
	assert_int_equal(cfn_get_template(fixture.client, ARN, &body, &fixture.err), 0);
	assert_string_equal(body.buf, "A: \"<b>\"\n  c: \xc3\xa9\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(describes_a_stack),
		cmocka_unit_test(tells_a_missing_stack_from_other_refusals),
		cmocka_unit_test(refuses_an_answer_without_a_stack),
		cmocka_unit_test(sends_every_part_of_a_change_set),
		cmocka_unit_test(follows_the_pages_of_a_change_set),
		cmocka_unit_test(notices_pages_that_never_end),
		cmocka_unit_test(tells_a_missing_change_set),
		cmocka_unit_test(reads_a_page_of_events),
		cmocka_unit_test(hands_the_template_over_as_it_was_sent),
	};

	return cmocka_run_group_tests_name("cloudformation", tests, NULL, NULL);
}
