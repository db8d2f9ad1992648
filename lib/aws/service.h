#ifndef AWS_SERVICE_H
#define AWS_SERVICE_H

#include <stdbool.h>

/* How a service is spoken to (Smithy specification, "AWS protocols"). */
enum aws_protocol {
	AWS_PROTOCOL_QUERY,	/* form in, XML out */
	AWS_PROTOCOL_JSON,	/* JSON 1.1 in and out, the operation in X-Amz-Target */
	AWS_PROTOCOL_REST_JSON, /* method and path say what is wanted, JSON in and out */
	AWS_PROTOCOL_REST_XML,	/* the same with XML: S3 */
};

enum aws_service_id {
	AWS_CLOUDFORMATION,
	AWS_ECR,
	AWS_ECS,
	AWS_LOGS,
	AWS_S3,
	AWS_SECRETS_MANAGER,
	AWS_SSM,
	AWS_SSO,
	AWS_SSO_OIDC,
	AWS_STS,
	AWS_SERVICES, /* how many there are */
};

/*
 * A service: one row of service.c. Its hosts are rows of endpoint.c.
 *
 * `key` is its name in a services section of ~/.aws/config and, in capitals, in AWS_ENDPOINT_URL_X.
 * `version` is the API version of the query protocol, or the prefix of X-Amz-Target.
 */
struct aws_service {
	const char *title; /* for people */
	const char *key;
	const char *signing_name;
	enum aws_protocol protocol;
	const char *version;
};

extern const struct aws_service aws_services[AWS_SERVICES];

/*
 * An operation: one row beside the function that calls it. Method and path are REST's; `header` is
 * the reply header that proves success where the reply has no body to prove it (PutObject: etag).
 */
struct aws_operation {
	enum aws_service_id service;
	const char *name;
	bool is_unsigned;
	const char *method;
	const char *path;
	const char *header;
};

#endif
