#ifndef AWS_CALL_H
#define AWS_CALL_H

#include "aws/client.h"
#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/rate.h"
#include "aws/reply.h"
#include "aws/service.h"
#include "aws/settings.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/strv.h"
#include "net/http.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Where a caller gets its credentials: called before each signature, so that none is made with
 * credentials that have ended. `force_refresh`: the service called them expired. Borrowed until the
 * next call.
 */
typedef int (*aws_credentials_fn)(void *ctx, bool force_refresh,
				  const struct aws_credentials **ret_credentials,
				  struct error *err);

/*
 * What calls need from around them, and what they learn from each other: the retry quota, the
 * rate that a service bears and how far the clock is off. A value; everything it points to is
 * borrowed.
 */
struct aws_caller {
	const struct aws_settings *settings;
	struct http *http;
	struct clock *clock;
	aws_credentials_fn credentials; /* NULL: only unsigned operations can be called */
	void *credentials_ctx;
	double (*jitter)(void); /* a number in [0, 1] */
	unsigned tokens;
	struct aws_rate rate; /* obeyed where retry_mode is adaptive */
	int64_t skew_ms;
};

/* Sets up a caller without credentials. */
void aws_caller_init(struct aws_caller *caller, const struct aws_settings *settings,
		     struct http *http, struct clock *clock);

/* Makes a caller sign with these credentials, which are borrowed. */
void aws_caller_use(struct aws_caller *caller, const struct aws_credentials *credentials);

/*
 * What a call sends. Borrowed. The query protocol wants `form`, JSON wants `json`; REST takes what
 * it needs of the rest. Everything here may hold secrets: whoever made it wipes it.
 */
struct aws_input {
	const struct str *form; /* from aws_form_add() */
	const json_t *json;	/* NULL: an empty object */
	const char *path;	/* encoded, instead of the operation's */
	const char *query;	/* encoded, without '?' */
	const struct strv *headers;
	const char *body;
	size_t body_len;
	const char *bucket; /* S3 */
	const char *region; /* instead of the one in the settings */
};

/*
 * Makes a call: finds the endpoint, signs each attempt at its own time, repeats what may be
 * repeated, reads the answer. `input` may be NULL.
 *
 * ERROR_AUTH where credentials or a permission are missing, ERROR_BUSY where the service is
 * throttled or down past the limit, ERROR_NETWORK where no whole answer came (the service may have
 * acted), ERROR_CONFIG where the endpoint is wrong, ERROR_SIGNAL when interrupted, ERROR_REMOTE
 * with the service's code otherwise.
 */
int aws_call(struct aws_caller *caller, const struct aws_operation *operation,
	     const struct aws_input *input, struct aws_reply *ret, struct error *err);

/*
 * Where a service is for this caller; `region` instead of the settings' own, `bucket` for S3, NULL
 * for none. ERROR_CONFIG as aws_endpoint_find() has it.
 */
int aws_caller_endpoint(const struct aws_caller *caller, enum aws_service_id service,
			const char *region, const char *bucket, struct aws_endpoint *ret,
			struct error *err);

/* The caller of a client, with its credentials. Borrowed. */
struct aws_caller *aws_client_caller(struct aws_client *client);

/*
 * Appends "&name=value" to a form, the value encoded with '+' for a blank, as the AWS CLI has it
 * (application/x-www-form-urlencoded); nothing where it is NULL.
 */
void aws_form_add(struct str *form, const char *name, const char *value);

/* The same with a name made by printf: aws_form_addf(&form, value, "Tags.member.%zu.Key", i). */
void aws_form_addf(struct str *form, const char *value, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
