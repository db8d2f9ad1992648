#ifndef SANDBOX_REGISTRY_GATE_H
#define SANDBOX_REGISTRY_GATE_H

#include "sandbox/sandbox.h"

/*
 * What stands before the registry and makes it ECR's: the tokens of GetAuthorizationToken and their
 * end, repositories that must exist, tags that must not change. Everything else goes through as it
 * is, one connection a request.
 *
 * Sources: Amazon ECR user guide, "Troubleshooting errors with Amazon ECR" and "Preventing image
 * tags from being overwritten"; the texts as docker prints them (aws-cli #8671, containers-roadmap
 * #2179, aws-cli #2351); the shape of errors is the OCI distribution specification's.
 */
struct registry_gate;

/* Listens on 127.0.0.1, on `port` or, where that is 0 or taken, on a free one. */
int registry_gate_start(struct sandbox *sandbox, unsigned port, unsigned registry_port,
			struct registry_gate **ret_gate, struct error *err);
void registry_gate_stop(struct registry_gate *gate);
unsigned registry_gate_port(const struct registry_gate *gate);

/* The first lines of a request, and what the gate makes of them. */
struct gate_request {
	struct str method;
	struct str target;
	struct str authorization; /* what stands behind "Basic "; "" where there is none */
	struct str head;	  /* what goes on to the registry, without the blank line */
};

#define GATE_REQUEST_INIT                                                                          \
	{                                                                                          \
		.method = STR_INIT, .target = STR_INIT, .authorization = STR_INIT,                 \
		.head = STR_INIT                                                                   \
	}

void gate_request_release(struct gate_request *request);

/* Reads a head, up to its blank line; false where it is none of HTTP's. */
bool gate_request_read(const char *bytes, size_t len, struct gate_request *ret);

/* Appends how scenarios and the list of calls name it: "PUT manifests". */
void gate_request_name(const struct gate_request *request, struct str *out);

/* What becomes of a request. */
struct gate_verdict {
	bool is_known;	    /* the token was one of ours */
	struct str reply;   /* why it may not go on, the whole of it; "" where it may */
	struct fault fault; /* what the scenario does to it: nothing, drop, lost, cut or delay */
};

#define GATE_VERDICT_INIT                                                                          \
	{                                                                                          \
		.reply = STR_INIT                                                                  \
	}

void gate_verdict_release(struct gate_verdict *verdict);

/* Judges a request, and counts it where its token is known. Takes the sandbox's lock. */
void gate_request_check(struct sandbox *sandbox, const struct gate_request *request,
			struct gate_verdict *ret);

#endif
