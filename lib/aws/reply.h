#ifndef AWS_REPLY_H
#define AWS_REPLY_H

#include "aws/service.h"
#include "base/error.h"
#include "base/str.h"
#include "data/json.h"
#include "data/xml.h"
#include "net/http.h"

/*
 * What a service answered to a call that it carried out. One of the documents is there, by the
 * protocol; both are NULL where the operation has no result.
 */
struct aws_reply {
	struct xml_node *xml; /* the root, "DescribeStacksResponse" */
	json_t *json;	      /* an object */
	struct str request_id;
	struct str region; /* that answered; filled in by aws_call() */
};

#define AWS_REPLY_INIT                                                                             \
	{                                                                                          \
		.xml = NULL, .json = NULL, .request_id = STR_INIT, .region = STR_INIT              \
	}

void aws_reply_release(struct aws_reply *reply);

/*
 * Reads the answer to a call with a 2xx status. libcurl reports success for four kinds of truncated
 * answer, so the status proves nothing: what counts is a document that is whole, has the expected
 * root and names its request (query), is an object (JSON), or carries the operation's proving
 * header. ERROR_NETWORK otherwise: the service may have acted on the request.
 */
int aws_reply_read(const struct aws_operation *operation, const struct http_response *response,
		   struct aws_reply *ret, struct error *err);

/* Fails because a whole answer lacks something that must be in it. */
int aws_reply_lacks(const struct aws_operation *operation, const char *what, struct error *err);

/* The "XResult" element of a query reply. Borrowed; NULL where there is none. */
const struct xml_node *aws_reply_result(const struct aws_reply *reply);

/*
 * What a service answered where it refused. `code` and `message` are "" where none could be read.
 * `bucket_region`: where S3 says that the bucket really is, "" where it does not.
 */
struct aws_fault {
	int status;
	struct str code;
	struct str message;
	struct str request_id;
	struct str bucket_region;
};

#define AWS_FAULT_INIT                                                                             \
	{                                                                                          \
		.status = 0, .code = STR_INIT, .message = STR_INIT, .request_id = STR_INIT,        \
		.bucket_region = STR_INIT                                                          \
	}

void aws_fault_release(struct aws_fault *fault);

/*
 * Reads an error answer in whatever shape it has: never fails. Sources: Smithy specification,
 * "AWS query protocol", "AWS JSON 1.1", "AWS restXml", section "Operation error serialization" of
 * each; botocore/parsers.py.
 */
void aws_fault_read(enum aws_protocol protocol, const struct http_response *response,
		    struct aws_fault *ret);

/* Turns a fault into an error with its kind, the service's code and, where one is known, a fix. */
int aws_fault_set(const struct aws_fault *fault, const struct aws_operation *operation,
		  struct error *err);

/* Whether the code says that the session is over, so that new credentials could help. */
bool aws_fault_is_expiry(const struct aws_fault *fault);

#endif
