#ifndef SANDBOX_CALL_H
#define SANDBOX_CALL_H

#include "base/error.h"
#include "base/str.h"
#include "base/strv.h"
#include "sandbox/sandbox.h"

#include <jansson.h>
#include <stdbool.h>

/* A request as it came over the wire; headers are "name: value", names in lower case, in order. */
struct request {
	const char *method;
	const char *target; /* path and query, as sent */
	struct strv headers;
	struct str body;
};

#define REQUEST_INIT                                                                               \
	{                                                                                          \
		.headers = STRV_INIT, .body = STR_INIT                                             \
	}

void request_release(struct request *request);

/* The first value of a header, or NULL. Borrowed. */
const char *request_header(const struct request *request, const char *name);

/* What goes back, or does not. */
enum reply_fate {
	REPLY_SEND,
	REPLY_DROP, /* the connection is closed without a byte */
	REPLY_CUT,  /* the headers and half of the body, then the connection is closed */
};

struct reply {
	int status;
	enum reply_fate fate;
	unsigned delay_ms; /* before it goes out */
	struct strv headers;
	struct str body;
};

#define REPLY_INIT                                                                                 \
	{                                                                                          \
		.status = 200, .headers = STRV_INIT, .body = STR_INIT                              \
	}

void reply_release(struct reply *reply);

struct call;

/*
 * An operation: its name and what it does. `run` reads call->input and returns the output (owned by
 * the caller) or NULL with *err set: kind ERROR_REMOTE, the service's error code, its message.
 */
struct operation {
	const char *name;
	json_t *(*run)(struct call *call, struct error *err);
	bool is_unsigned; /* may come without a signature */
};

enum protocol {
	PROTOCOL_QUERY, /* form parameters in, XML out */
	PROTOCOL_JSON,	/* application/x-amz-json-1.1 */
	/* Method and path name the operation; output {"Headers": {...}, "Body": base64} */
	PROTOCOL_REST_XML,
};

/* A service: one of these a file, and a row in the table of sandbox/dispatch.c. */
struct service {
	const char *signing_name; /* as in the credential scope */
	enum protocol protocol;
	const char *version;	   /* query: the API version */
	const char *xml_namespace; /* query: of the reply */
	const char *target_prefix; /* JSON: X-Amz-Target before the dot */
	/* REST: the operation's name, NULL where there is none, and its input */
	const char *(*route)(const struct request *request, json_t **ret_input);
	const struct operation *operations;
	size_t operation_count;
};

extern const struct service service_cloudformation;
extern const struct service service_ecr;
extern const struct service service_ecs;
extern const struct service service_logs;
extern const struct service service_s3;
extern const struct service service_secrets_manager;
extern const struct service service_ssm;
extern const struct service service_sts;

/* One call while it is being answered. */
struct call {
	struct sandbox *sandbox;
	const struct service *service;
	const struct operation *operation;
	json_t *input; /* an object; list members of the query protocol are arrays in it */
	const struct sandbox_key *caller; /* NULL where the operation is unsigned */
	int64_t now_ms;
	char request_id[40];
};

/*
 * Answers one request: finds service and operation, plays the scenario's faults, checks the
 * signature, runs the operation and writes the reply. Never fails: what goes wrong is in the reply.
 */
void sandbox_answer(struct sandbox *sandbox, const struct request *request, struct reply *ret);

/* An error as a service gives it, and returns -1: refuse(err, "ValidationError", "..."). */
int refuse(struct error *err, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A string that the caller must give; refuses as the query services do where it is missing. */
const char *call_text(const struct call *call, const char *name, struct error *err);

/* A string that may be missing: NULL then, and where it is empty. */
const char *call_optional(const struct call *call, const char *name);

/* A list that may be missing: an empty one then. Borrowed from the call. */
json_t *call_list(const struct call *call, const char *name);

#endif
