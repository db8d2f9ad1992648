#ifndef AWS_SIGV4_H
#define AWS_SIGV4_H

#include "aws/credentials.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * AWS Signature Version 4, pure: bytes, a time and a key in, text out; nothing fails.
 *
 * Source: "Create a signed AWS API request", AWS Identity and Access Management User Guide
 * (reference_sigv-create-signed-request); for S3's two deviations "Signature Calculations for the
 * Authorization Header", Amazon S3 API Reference (sig-v4-header-based-auth).
 */

/* What is to be signed. Borrowed. */
struct sigv4_request {
	const char *method;
	const char *path;	    /* as it goes on the wire; "" counts as "/" */
	const char *query;	    /* as it goes on the wire, without '?'; NULL: none */
	const struct strv *headers; /* "Name: value", in any order, Host among them */
	const char *body;
	size_t body_len;
	const char
		*payload_hash; /* stands for the body's hash, "UNSIGNED-PAYLOAD"; NULL: computed */
};

/* How it is to be signed. Every service but S3 wants normalize and double_encode. */
struct sigv4_options {
	const char *region;
	const char *service; /* the signing name: "cloudformation" */
	int64_t time_ms;
	bool normalize;	    /* resolve ".", ".." and "//" in the path */
	bool double_encode; /* percent-encode the path of the wire once more */
	bool sign_body;	    /* send and sign x-amz-content-sha256 */
	bool omit_token;    /* send the session token, but do not sign it */
	unsigned expires_s; /* of a presigned URL */
};

/* The steps on the way, for tests and for whoever verifies. Hold session tokens: released wiped. */
struct sigv4 {
	struct str signed_headers;    /* "host;x-amz-date" */
	struct str canonical_request; /* step 1 */
	struct str string_to_sign;    /* step 2 */
	struct str signature;	      /* step 3, in hexadecimal */
};

#define SIGV4_INIT                                                                                 \
	{                                                                                          \
		.signed_headers = STR_INIT, .canonical_request = STR_INIT,                         \
		.string_to_sign = STR_INIT, .signature = STR_INIT                                  \
	}

void sigv4_release(struct sigv4 *sigv4);

/*
 * Signs in the header form: adds X-Amz-Date, X-Amz-Security-Token, x-amz-content-sha256 and
 * Authorization, as far as they apply, to `ret_headers` (wipe it: the token is a secret).
 */
void sigv4_sign(const struct sigv4_request *request, const struct sigv4_options *options,
		const struct aws_credentials *credentials, struct strv *ret_headers,
		struct sigv4 *ret_steps);

/* Signs in the query form (a presigned URL): appends the whole query, without '?'. */
void sigv4_presign(const struct sigv4_request *request, const struct sigv4_options *options,
		   const struct aws_credentials *credentials, struct str *ret_query,
		   struct sigv4 *ret_steps);

/*
 * The three steps over a request as it stands: for the verifier of a received one, and the core of
 * both forms above. Only the headers named in `signed_headers` ("a;b", lower case) count; NULL: all
 * but those that proxies change. An X-Amz-Signature in the query does not count.
 */
void sigv4_compute(const struct sigv4_request *request, const struct sigv4_options *options,
		   const char *signed_headers, const struct secret *secret_key,
		   struct sigv4 *ret_steps);

#endif
