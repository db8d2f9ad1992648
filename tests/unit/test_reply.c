/*
 * What counts as an answer, and what an error says: the faults D5 to D8 and D20 to D29 of the
 * project's catalogue, and the error cases of botocore's protocol tests.
 */
#include "aws/reply.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "sys/file.h"
#include "vectors.h"

#include <string.h>

static const struct aws_operation describe_stacks = { .service = AWS_CLOUDFORMATION,
						      .name = "DescribeStacks" };
static const struct aws_operation execute_change_set = { .service = AWS_CLOUDFORMATION,
							 .name = "ExecuteChangeSet" };
static const struct aws_operation describe_repositories = { .service = AWS_ECR,
							    .name = "DescribeRepositories" };
static const struct aws_operation put_object = {
	.service = AWS_S3, .name = "PutObject", .method = "PUT", .header = "etag"
};

static const char executed[] =
	"<ExecuteChangeSetResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">"
	"<ExecuteChangeSetResult/><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>"
	"</ExecuteChangeSetResponse>";

static void set_response(struct http_response *response, int status, const char *headers,
			 const char *body)
{
	response->status = status;
	strv_split(&response->headers, headers, "\n");
	str_adds(&response->body, body);
}

static void takes_a_whole_answer(void **state)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	set_response(&response, 200, "", executed);
	assert_int_equal(aws_reply_read(&execute_change_set, &response, &reply, &err), 0);
	assert_string_equal(reply.request_id.buf, "r-1");
	assert_string_equal(aws_reply_result(&reply)->name, "ExecuteChangeSetResult");
}

static void takes_no_cut_of_an_answer_for_success(void **state)
{
	(void)state;
	for (size_t len = 0; len < strlen(executed); len++) {
		CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
		CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
		CLEANUP(error_release) struct error err = ERROR_INIT;

		set_response(&response, 200, "x-amzn-requestid: r", "");
		str_add(&response.body, executed, len);
		assert_int_equal(aws_reply_read(&execute_change_set, &response, &reply, &err), -1);
		assert_int_equal(err.kind, ERROR_NETWORK);
		assert_null(reply.xml);
	}
}

static void believes_no_status_alone(void **state)
{
	static const struct {
		const struct aws_operation *operation;
		const char *headers, *body, *want;
	} rows[] = {
		{ &describe_stacks, "", "", "no element found" },
		{ &describe_stacks, "", executed, "it answers something else" },
		{ &describe_stacks, "", "<html><body>ok</body></html>",
		  "it answers something else" },
		{ &describe_stacks, "", "<DescribeStacksResponse/>", "it names no request" },
		{ &describe_stacks, "", "{\"DescribeStacksResponse\": {}}", "not well-formed" },
		{ &describe_stacks, "", "<!DOCTYPE a><DescribeStacksResponse/>",
		  "a document type is not accepted" },
		{ &describe_repositories, "x-amzn-requestid: r", "", "an unusable answer of 0" },
		{ &describe_repositories, "", "{\"repositories\": [", "an unusable answer" },
		{ &describe_repositories, "", "null", "an unusable answer" },
		{ &describe_repositories, "", "[]", "it is not an object" },
		{ &describe_repositories, "", "<html/>", "an unusable answer" },
		{ &put_object, "x-amz-request-id: r", "", "the header that proves success" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
		CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
		CLEANUP(error_release) struct error err = ERROR_INIT;

		set_response(&response, 200, rows[i].headers, rows[i].body);
		assert_int_equal(aws_reply_read(rows[i].operation, &response, &reply, &err), -1);
		assert_int_equal(err.kind, ERROR_NETWORK);
		if (!strstr(err.msg.buf, rows[i].want))
			fail_msg("row %zu: %s", i, err.msg.buf);
	}
}

static void takes_an_answer_that_proves_itself_by_a_header(void **state)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	set_response(&response, 200, "etag: \"e\"\nx-amz-request-id: r-2", "");
	assert_int_equal(aws_reply_read(&put_object, &response, &reply, &err), 0);
	assert_string_equal(reply.request_id.buf, "r-2");
}

#define QUERY AWS_PROTOCOL_QUERY
#define JSON  AWS_PROTOCOL_JSON
#define XML   AWS_PROTOCOL_REST_XML

static void reads_an_error_in_every_shape(void **state)
{
	static const struct {
		enum aws_protocol protocol;
		int status;
		const char *headers, *body, *code, *message, *request_id;
	} rows[] = {
		{ QUERY, 400, "",
		  "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code>"
		  "<Message>Rate "
		  "exceeded</Message></Error><RequestId>r</RequestId></ErrorResponse>",
		  "Throttling", "Rate exceeded", "r" },
		{ QUERY, 503, "",
		  "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>m</Message>"
		  "</Error></Errors><RequestID>r</RequestID></Response>",
		  "RequestLimitExceeded", "m", "r" },
		{ QUERY, 403, "",
		  "<ErrorResponse><Errors><Error><Code>InvalidClientTokenId</Code></Error></Errors>"
		  "</ErrorResponse>",
		  "InvalidClientTokenId", "", "" },
		{ JSON, 400, "x-amzn-requestid: r",
		  "{\"__type\": \"ThrottlingException\", \"message\": \"m\"}",
		  "ThrottlingException", "m", "r" },
		{ JSON, 400, "", "{\"__type\": \"a.b#ThrottlingException\", \"Message\": \"m\"}",
		  "ThrottlingException", "m", "" },
		{ JSON, 400, "", "{\"__type\": \"FooError:http://a/b#c\"}", "FooError", "", "" },
		{ XML, 503, "",
		  "<Error><Code>SlowDown</Code><Message>m</Message><RequestId>r</RequestId></"
		  "Error>",
		  "SlowDown", "m", "r" },
		{ JSON, 400, "x-amzn-errortype: a#FooError:http://b", "", "FooError", "", "" },
		{ JSON, 400, "x-amzn-query-error: Queue.Missing;Sender",
		  "{\"__type\": \"a#QueueMissing\"}", "Queue.Missing", "", "" },
		{ JSON, 400, "", "{\"error\": \"invalid_grant\", \"error_description\": \"d\"}",
		  "invalid_grant", "d", "" },
		{ QUERY, 409, "", "{\"__type\": \"InvalidParameterException\", \"message\": \"m\"}",
		  "InvalidParameterException", "m", "" },
		{ JSON, 503, "", "<Error><Code>SlowDown</Code></Error>", "SlowDown", "", "" },
		{ QUERY, 500, "", "", "", "", "" },
		{ QUERY, 503, "", "<html><body>Service Unavailable</body></html>", "", "", "" },
		{ QUERY, 500, "", "<ErrorResponse/>", "", "", "" },
		{ QUERY, 500, "", "<ErrorResponse><Error/></ErrorResponse>", "", "", "" },
		{ QUERY, 500, "", "<ErrorResponse><Error><Code>Thr", "", "", "" },
		{ JSON, 400, "", "{\"__type\":\"Thr", "", "", "" },
		{ JSON, 400, "", "null", "", "", "" },
		{ JSON, 400, "", "[]", "", "", "" },
		{ JSON, 400, "", "{\"__type\": 5}", "", "", "" },
		{ JSON, 400, "", "{\"__type\": null, \"message\": []}", "", "", "" },
		{ JSON, 403, "", "", "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
		CLEANUP(aws_fault_release) struct aws_fault fault = AWS_FAULT_INIT;

		set_response(&response, rows[i].status, rows[i].headers, rows[i].body);
		aws_fault_read(rows[i].protocol, &response, &fault);
		assert_int_equal(fault.status, rows[i].status);
		assert_string_equal(fault.code.buf, rows[i].code);
		assert_string_equal(fault.message.buf, rows[i].message);
		assert_string_equal(fault.request_id.buf, rows[i].request_id);
	}
}

static void gives_an_error_its_kind_and_a_fix(void **state)
{
	static const struct {
		int status;
		const char *code, *message;
		enum error_kind kind;
		const char *msg, *fix;
	} rows[] = {
		{ 403, "AccessDenied", "User: u is not authorized to perform: iam:PassRole on x",
		  ERROR_AUTH,
		  "AccessDenied: User: u is not authorized to perform: iam:PassRole on x",
		  "allow 'iam:PassRole' to this identity in IAM" },
		{ 400, "AccessDeniedException", "", ERROR_AUTH, "AccessDeniedException, HTTP 400",
		  "allow 'cloudformation:DescribeStacks' to this identity in IAM" },
		{ 403, "InvalidClientTokenId", "m", ERROR_AUTH, "InvalidClientTokenId: m",
		  "the access key is unknown to AWS: check it, or name another profile with "
		  "--profile" },
		{ 403, "SignatureDoesNotMatch", "m", ERROR_AUTH, "SignatureDoesNotMatch: m",
		  "the secret key does not belong to the access key, or this machine's clock is "
		  "wrong" },
		{ 400, "ExpiredToken", "m", ERROR_AUTH, "ExpiredToken: m",
		  "the session is over: sign in again" },
		{ 403, "", "", ERROR_AUTH, "unintelligible error, HTTP 403", "" },
		{ 400, "Throttling", "m", ERROR_BUSY, "Throttling: m", "try again in a while" },
		{ 503, "", "", ERROR_BUSY, "unintelligible error, HTTP 503",
		  "try again in a while" },
		{ 400, "LimitExceededException", "m", ERROR_REMOTE, "LimitExceededException: m",
		  "" },
		{ 400, "ValidationError", "m", ERROR_REMOTE, "ValidationError: m", "" },
		{ 307, "", "", ERROR_REMOTE, "HTTP 307: redirections are not followed",
		  "check the region and the endpoint URL" },
		{ 404, "", "", ERROR_REMOTE, "unintelligible error, HTTP 404", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(aws_fault_release) struct aws_fault fault = AWS_FAULT_INIT;
		CLEANUP(error_release) struct error err = ERROR_INIT;

		fault.status = rows[i].status;
		str_adds(&fault.code, rows[i].code);
		str_adds(&fault.message, rows[i].message);
		assert_int_equal(aws_fault_set(&fault, &describe_stacks, &err), -1);
		assert_int_equal(err.kind, rows[i].kind);
		assert_string_equal(err.msg.buf, rows[i].msg);
		assert_string_equal(err.fix.buf, rows[i].fix);
		assert_string_equal(err.code, rows[i].code);
	}
}

static void set_vector(struct http_response *response, const json_t *given)
{
	const char *body = json_string_value(json_object_get(given, "body"));
	json_t *headers = json_object_get(given, "headers");
	const json_t *value;
	const char *name;

	json_object_foreach(headers, name, value)
		strv_addf(&response->headers, "%s: %s", name, json_string_value(value));
	response->status = (int)json_integer_value(json_object_get(given, "status_code"));
	str_adds(&response->body, body ? body : "");
}

/* Reads the error cases of a suite of one protocol; returns how many there are. */
static size_t read_suite(enum aws_protocol protocol, const json_t *suite)
{
	const json_t *test;
	size_t i, count = 0;

	json_array_foreach(json_object_get(suite, "cases"), i, test)
	{
		const char *code = json_string_value(json_object_get(test, "errorCode"));
		const char *message = json_string_value(json_object_get(test, "errorMessage"));
		CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
		CLEANUP(aws_fault_release) struct aws_fault fault = AWS_FAULT_INIT;

		if (!code)
			continue;
		set_vector(&response, json_object_get(test, "response"));
		aws_fault_read(protocol, &response, &fault);
		assert_string_equal(fault.code.buf, code);
		if (message)
			assert_string_equal(fault.message.buf, message);
		count++;
	}
	return count;
}

static void reads_the_error_cases_of_the_protocol_tests(void **state)
{
	static const struct {
		enum aws_protocol protocol;
		const char *name;
		size_t want;
	} rows[] = {
		{ AWS_PROTOCOL_JSON, "json", 12 },
		{ AWS_PROTOCOL_REST_JSON, "rest-json", 12 },
		{ AWS_PROTOCOL_QUERY, "query", 3 },
		{ AWS_PROTOCOL_REST_XML, "rest-xml", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_auto_t *suites = vectors_read("protocol/output/%s.json", rows[i].name);
		const json_t *suite;
		size_t j, count = 0;

		json_array_foreach(suites, j, suite) count += read_suite(rows[i].protocol, suite);
		print_message("# errors of the %s protocol: %zu/%zu cases\n", rows[i].name, count,
			      rows[i].want);
		assert_int_equal(count, rows[i].want);
	}
}

/* A recorded error: what botocore reads in it stands beside it, or in a folder of its own. */
static void read_recorded(enum aws_protocol protocol, const char *reply, const char *expected)
{
	json_auto_t *want = vectors_read("protocol/%s", expected);
	const json_t *error = json_object_get(want, "Error");
	const json_t *id = json_object_get(json_object_get(want, "ResponseMetadata"), "RequestId");
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(aws_fault_release) struct aws_fault fault = AWS_FAULT_INIT;
	CLEANUP_FREE char *path = mem_printf("%s/protocol/%s", vectors_dir(), reply);
	CLEANUP(error_release) struct error err = ERROR_INIT;

	response.status = 400;
	assert_int_equal(file_read(path, 1 << 20, &response.body, &err), 0);
	aws_fault_read(protocol, &response, &fault);
	assert_string_equal(fault.code.buf, json_string_value(json_object_get(error, "Code")));
	assert_string_equal(fault.message.buf,
			    json_string_value(json_object_get(error, "Message")));
	if (id)
		assert_string_equal(fault.request_id.buf, json_string_value(id));
}

static void reads_recorded_errors_as_botocore_does(void **state)
{
	static const struct {
		enum aws_protocol protocol;
		const char *reply, *expected;
	} rows[] = {
		{ QUERY, "response-xml/errors/cloudformation-cancel-update-stack.xml",
		  "response-xml/errors/cloudformation-cancel-update-stack.json" },
		{ QUERY, "response-xml/errors/iam-get-user.xml",
		  "response-xml/errors/iam-get-user.json" },
		{ QUERY, "response-xml/errors/sts-get-session-token.xml",
		  "response-xml/errors/sts-get-session-token.json" },
		{ XML, "response-xml/errors/s3-create-bucket.xml",
		  "response-xml/errors/s3-create-bucket.json" },
		{ XML, "response-xml/errors/s3-list-objects.xml",
		  "response-xml/errors/s3-list-objects.json" },
		{ JSON, "response-json/errors/datapipeline-create-pipeline.json",
		  "response-json/expected/datapipeline-create-pipeline.json" },
		{ JSON, "response-json/errors/directconnect-delete-connection.json",
		  "response-json/expected/directconnect-delete-connection.json" },
		{ JSON, "response-json/errors/dynamodb-put-item.json",
		  "response-json/expected/dynamodb-put-item.json" },
		{ JSON, "response-json/errors/storagegateway-delete-gateway.json",
		  "response-json/expected/storagegateway-delete-gateway.json" },
		{ JSON, "response-json/errors/swf-deprecate-domain.json",
		  "response-json/expected/swf-deprecate-domain.json" },
	};
	const size_t count = sizeof(rows) / sizeof(rows[0]);

	(void)state;
	for (size_t i = 0; i < count; i++)
		read_recorded(rows[i].protocol, rows[i].reply, rows[i].expected);
	print_message("# recorded errors: %zu/%zu\n", count, count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_whole_answer),
		cmocka_unit_test(takes_no_cut_of_an_answer_for_success),
		cmocka_unit_test(believes_no_status_alone),
		cmocka_unit_test(takes_an_answer_that_proves_itself_by_a_header),
		cmocka_unit_test(reads_an_error_in_every_shape),
		cmocka_unit_test(gives_an_error_its_kind_and_a_fix),
		cmocka_unit_test(reads_the_error_cases_of_the_protocol_tests),
		cmocka_unit_test(reads_recorded_errors_as_botocore_does),
	};

	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
