#ifndef AWS_RETRY_H
#define AWS_RETRY_H

#include "aws/service.h"
#include "net/http.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * When and how long after a failure a call is made again: pure, time and chance are handed in.
 *
 * Source: the AWS SDKs' rules of 2026 (AWS SDKs and Tools Reference Guide, "Retry behavior";
 * botocore/retries/standard.py with AWS_NEW_RETRIES_2026).
 */
struct aws_retry_rules {
	unsigned max_attempts;
	unsigned quota; /* tokens that all calls of a client share */
	unsigned transient_cost;
	unsigned throttling_cost;
	unsigned success_gain; /* for a call that needed no retry */
	int64_t transient_base_ms;
	int64_t throttling_base_ms;
	int64_t max_backoff_ms;
	int64_t max_retry_after_ms; /* how much longer than the back-off a service may ask for */
};

extern const struct aws_retry_rules aws_retry_rules_2026;

enum aws_retry_kind {
	AWS_RETRY_NEVER,
	AWS_RETRY_TRANSIENT,
	AWS_RETRY_THROTTLING,
};

/* What an error answer means. `code` is the service's own, "" where it sent none. */
enum aws_retry_kind aws_retry_kind_of(enum aws_service_id service, int status, const char *code);

/* One call with its attempts. `tokens` is the client's and outlives it. */
struct aws_retry {
	const struct aws_retry_rules *rules;
	unsigned *tokens;
	unsigned max_attempts;
	unsigned attempts; /* made so far */
	unsigned cost;	   /* of the last retry */
};

void aws_retry_begin(struct aws_retry *retry, const struct aws_retry_rules *rules, unsigned *tokens,
		     unsigned max_attempts);

/*
 * After a failed attempt: whether to make another, and after how long. `retry_after` is the
 * x-amz-retry-after header or NULL; `jitter` lies in [0, 1].
 */
bool aws_retry_again(struct aws_retry *retry, enum aws_retry_kind kind, const char *retry_after,
		     double jitter, int64_t *ret_wait_ms);

/* After a success: gives tokens back. */
void aws_retry_succeeded(struct aws_retry *retry);

/*
 * How far the service's clock is ahead of ours, from its Date header; false where an answer tells
 * nothing (no Date, a cached one, a round trip of more than 15 minutes). RFC 5905 section 8: the
 * service is taken to have looked at its clock half-way.
 */
bool aws_skew_measure(const struct http_response *response, int64_t *ret_skew_ms);

/* Whether a refusal with this code is due to the clock, being this far off. */
bool aws_skew_explains(const char *code, int64_t skew_ms);

#endif
