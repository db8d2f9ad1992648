#include "aws/reply.h"
#include "base/cleanup.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses protocol and status; up to a blank line stand headers, then the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct aws_operation operations[] = {
		{ .service = AWS_STS, .name = "GetCallerIdentity" },
		{ .service = AWS_ECR, .name = "GetAuthorizationToken" },
		{ .service = AWS_SSO, .name = "GetRoleCredentials" },
		{ .service = AWS_S3, .name = "PutObject", .header = "etag" },
	};
	static const int statuses[] = { 200, 400, 403, 503 };
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(aws_fault_release) struct aws_fault fault = AWS_FAULT_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str headers = STR_INIT;
	const struct aws_operation *operation;
	const uint8_t *body;

	if (size == 0)
		return 0;
	operation = &operations[data[0] & 3];
	response.status = statuses[data[0] >> 2 & 3];
	body = memmem(data + 1, size - 1, "\n\n", 2);
	if (body)
		str_add(&headers, data + 1, (size_t)(body - data - 1));
	body = body ? body + 2 : data + 1;
	strv_split(&response.headers, headers.buf, "\n");
	str_add(&response.body, body, (size_t)(data + size - body));
	if (aws_reply_read(operation, &response, &reply, &err) == 0)
		return 0;
	error_release(&err);
	aws_fault_read(aws_services[operation->service].protocol, &response, &fault);
	(void)aws_fault_set(&fault, operation, &err);
	return 0;
}
