#include "aws/reply.h"
#include "aws/retry.h"
#include "base/cleanup.h"
#include "base/slice.h"

#include <string.h>

#define MAX_MESSAGE 2000

void aws_fault_release(struct aws_fault *fault)
{
	str_release(&fault->code);
	str_release(&fault->message);
	str_release(&fault->request_id);
	str_release(&fault->bucket_region);
}

static void set_text(struct str *to, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	str_reset(to);
	str_add(to, text, len < MAX_MESSAGE ? len : MAX_MESSAGE);
}

/*
 * A JSON service names its errors "Code", "prefix#Code" or "prefix#Code:http://...": what counts is
 * between the last '#' before the ':' and that.
 */
static void set_code(struct str *to, const char *text)
{
	struct slice code = slice_of(text ? text : "");
	const char *colon = memchr(code.p, ':', code.n);
	const char *hash;

	if (colon)
		code.n = (size_t)(colon - code.p);
	hash = memrchr(code.p, '#', code.n);
	if (hash)
		code = (struct slice){ hash + 1, code.n - (size_t)(hash + 1 - code.p) };
	code = slice_trim(code);
	str_reset(to);
	str_add(to, code.p, code.n < MAX_MESSAGE ? code.n : MAX_MESSAGE);
}

/* ErrorResponse/Error (query), Response/Errors/Error (EC2's, and stand-ins'), Error (S3's). */
static const struct xml_node *find_error(const struct xml_node *root)
{
	const struct xml_node *list = xml_child(root, "Errors");

	if (strcmp(root->name, "Error") == 0)
		return root;
	return xml_child(list ? list : root, "Error");
}

static bool read_xml_fault(const struct http_response *response, struct aws_fault *fault)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(xml_freep)
	struct xml_node *root = xml_read(response->body.buf, response->body.len, &err);
	const struct xml_node *error = root ? find_error(root) : NULL;
	const char *id;

	if (!error)
		return false;
	set_text(&fault->code, xml_text(error, "Code"));
	set_text(&fault->message, xml_text(error, "Message"));
	id = xml_text(root, "RequestId");
	set_text(&fault->request_id, *id ? id : xml_text(root, "RequestID"));
	set_text(&fault->bucket_region, xml_text(error, "Region"));
	return fault->code.len > 0;
}

static const char *first_text(const json_t *object, const char *const *names)
{
	for (; *names; names++) {
		const char *text = json_text(object, *names);

		if (text)
			return text;
	}
	return NULL;
}

static bool read_json_fault(const struct http_response *response, struct aws_fault *fault)
{
	static const char *const codes[] = { "__type", "code", "Code", "error", NULL };
	static const char *const messages[] = { "message", "Message", "errorMessage",
						"error_description", NULL };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	json_auto_t *body = json_read(response->body.buf, response->body.len, &err);

	if (!json_is_object(body))
		return false;
	set_code(&fault->code, first_text(body, codes));
	set_text(&fault->message, first_text(body, messages));
	return fault->code.len > 0;
}

/* The code may stand in a header, which then counts: the body may be cut or foreign. */
static void read_fault_headers(const struct http_response *response, struct aws_fault *fault)
{
	const char *type = http_header(response, "x-amzn-errortype");
	const char *query = http_header(response, "x-amzn-query-error");
	const char *id = http_header(response, "x-amzn-requestid");
	const char *region = http_header(response, "x-amz-bucket-region");

	if (region)
		set_text(&fault->bucket_region, region);
	if (type && *type)
		set_code(&fault->code, type);
	if (query && *query) {
		str_reset(&fault->code);
		str_add(&fault->code, query, strcspn(query, ";"));
	}
	if (!id)
		id = http_header(response, "x-amz-request-id");
	if (id)
		set_text(&fault->request_id, id);
}

/* Stand-ins answer in another protocol's shape now and then: the other one is tried too. */
void aws_fault_read(enum aws_protocol protocol, const struct http_response *response,
		    struct aws_fault *ret)
{
	bool is_xml = protocol == AWS_PROTOCOL_QUERY || protocol == AWS_PROTOCOL_REST_XML;

	aws_fault_release(ret);
	ret->status = response->status;
	if (is_xml)
		(void)(read_xml_fault(response, ret) || read_json_fault(response, ret));
	else
		(void)(read_json_fault(response, ret) || read_xml_fault(response, ret));
	read_fault_headers(response, ret);
}

bool aws_fault_is_expiry(const struct aws_fault *fault)
{
	return strcmp(fault->code.buf, "ExpiredToken") == 0 ||
	       strcmp(fault->code.buf, "ExpiredTokenException") == 0 ||
	       strcmp(fault->code.buf, "RequestExpired") == 0;
}

/* Codes that speak of the credentials or of what they may do, and what to do about each. */
static const struct auth_fault {
	const char *code;
	const char *fix;
} auth_faults[] = {
	{ "AccessDenied", NULL },
	{ "AccessDeniedException", NULL },
	{ "AuthorizationError", NULL },
	{ "UnauthorizedOperation", NULL },
	{ "InvalidClientTokenId", "the access key is unknown to AWS: check it, or name another "
				  "profile with --profile" },
	{ "UnrecognizedClientException", "the access key is unknown to AWS: check it, or name "
					 "another profile with --profile" },
	{ "InvalidAccessKeyId", "the access key is unknown to AWS: check it, or name another "
				"profile with --profile" },
	{ "AuthFailure", "check the access key and its secret" },
	{ "SignatureDoesNotMatch", "the secret key does not belong to the access key, or this "
				   "machine's clock is wrong" },
	{ "InvalidSignatureException", "the secret key does not belong to the access key, or this "
				       "machine's clock is wrong" },
	{ "RequestTimeTooSkewed", "set this machine's clock" },
	{ "IncompleteSignature", "check the access key: it may hold a blank or a line end" },
	{ "IncompleteSignatureException",
	  "check the access key: it may hold a blank or a line end" },
	{ "MissingAuthenticationToken", "configure credentials" },
	{ "MissingAuthenticationTokenException", "configure credentials" },
	{ "InvalidToken", "the session token does not belong to the access key: sign in again" },
	{ "ExpiredToken", "the session is over: sign in again" },
	{ "ExpiredTokenException", "the session is over: sign in again" },
	{ "RequestExpired", "the session is over: sign in again" },
	{ "UnauthorizedException", "the session is over: sign in again" },
	/* What the portal of IAM Identity Center says of a role that it does not hand out. */
	{ "ForbiddenException", "have the role of the account assigned to you in IAM Identity "
				"Center" },
	{ "OptInRequired", "the account is not subscribed to the service: see the AWS console" },
};

static const struct auth_fault *find_auth_fault(const char *code)
{
	for (size_t i = 0; i < sizeof(auth_faults) / sizeof(auth_faults[0]); i++) {
		if (strcmp(auth_faults[i].code, code) == 0)
			return &auth_faults[i];
	}
	return NULL;
}

/* Names the permission that is missing: the one of the message, or the operation itself. */
static int fix_denied(const struct aws_fault *fault, const struct aws_operation *operation,
		      struct error *err)
{
	static const char phrase[] = "not authorized to perform: ";
	const char *at = strstr(fault->message.buf, phrase);
	size_t len;

	if (!at)
		return error_fix(err, "allow '%s:%s' to this identity in IAM",
				 aws_services[operation->service].signing_name, operation->name);
	at += strlen(phrase);
	len = strcspn(at, " \t,");
	return error_fix(err, "allow '%.*s' to this identity in IAM", (int)len, at);
}

static enum error_kind kind_of(const struct aws_fault *fault, const struct aws_operation *operation)
{
	if (find_auth_fault(fault->code.buf))
		return ERROR_AUTH;
	if (fault->code.len == 0 && (fault->status == 401 || fault->status == 403))
		return ERROR_AUTH;
	if (aws_retry_kind_of(operation->service, fault->status, fault->code.buf) !=
	    AWS_RETRY_NEVER)
		return ERROR_BUSY;
	return ERROR_REMOTE;
}

/* What the service said, as far as it said anything. */
static void set_message(const struct aws_fault *fault, enum error_kind kind, struct error *err)
{
	bool is_redirection = fault->status >= 300 && fault->status <= 399;

	if (fault->code.len && fault->message.len)
		error_set(err, kind, "%s: %s", fault->code.buf, fault->message.buf);
	else if (fault->code.len)
		error_set(err, kind, "%s, HTTP %d", fault->code.buf, fault->status);
	else if (is_redirection)
		error_set(err, kind, "HTTP %d: redirections are not followed", fault->status);
	else
		error_set(err, kind, "unintelligible error, HTTP %d", fault->status);
	if (is_redirection)
		error_fix(err, "check the region and the endpoint URL");
}

int aws_fault_set(const struct aws_fault *fault, const struct aws_operation *operation,
		  struct error *err)
{
	const struct auth_fault *auth = find_auth_fault(fault->code.buf);
	enum error_kind kind = kind_of(fault, operation);

	set_message(fault, kind, err);
	error_set_code(err, fault->code.buf);
	if (auth && !auth->fix)
		return fix_denied(fault, operation, err);
	if (auth)
		return error_fix(err, "%s", auth->fix);
	if (kind == ERROR_BUSY)
		return error_fix(err, "try again in a while");
	return -1;
}
