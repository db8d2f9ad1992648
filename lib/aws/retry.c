#include "aws/retry.h"

#include "base/clock.h"
#include "base/slice.h"

#include <string.h>

#define MAX_ROUND_TRIP_MS   (15 * 60 * 1000)
#define MIN_HARMFUL_SKEW_MS (4 * 60 * 1000)

const struct aws_retry_rules aws_retry_rules_2026 = {
	.max_attempts = 3,
	.quota = 500,
	.transient_cost = 14,
	.throttling_cost = 5,
	.success_gain = 1,
	.transient_base_ms = 50,
	.throttling_base_ms = 1000,
	.max_backoff_ms = 20000,
	.max_retry_after_ms = 5000,
};

static const char *const transient_codes[] = {
	"IDPCommunicationError",
	"RequestTimeout",
	"RequestTimeoutException",
	NULL,
};

static const char *const throttling_codes[] = {
	"BandwidthLimitExceeded",
	"EC2ThrottledException",
	"LimitExceededException",
	"PriorRequestNotComplete",
	"ProvisionedThroughputExceededException",
	"RequestLimitExceeded",
	"RequestThrottled",
	"RequestThrottledException",
	"SlowDown",
	"ThrottledException",
	"Throttling",
	"ThrottlingException",
	"TooManyRequestsException",
	"TransactionInProgressException",
	NULL,
};

/* smithy-rs, aws-runtime/src/service_clock_skew.rs */
static const char *const skew_codes[] = {
	"AccessDeniedException", "AuthFailure",		  "InvalidSignatureException",
	"RequestTimeTooSkewed",	 "SignatureDoesNotMatch", NULL,
};

static bool is_one_of(const char *const *codes, const char *code)
{
	for (; *codes; codes++) {
		if (strcmp(*codes, code) == 0)
			return true;
	}
	return false;
}

enum aws_retry_kind aws_retry_kind_of(enum aws_service_id service, int status, const char *code)
{
	/* A hard quota of CloudFormation's has the name that elsewhere means throttling. */
	if (service == AWS_CLOUDFORMATION && strcmp(code, "LimitExceededException") == 0)
		return AWS_RETRY_NEVER;
	if (status == 429 || is_one_of(throttling_codes, code))
		return AWS_RETRY_THROTTLING;
	if (status == 500 || status == 502 || status == 503 || status == 504 ||
	    is_one_of(transient_codes, code))
		return AWS_RETRY_TRANSIENT;
	return AWS_RETRY_NEVER;
}

void aws_retry_begin(struct aws_retry *retry, const struct aws_retry_rules *rules, unsigned *tokens,
		     unsigned max_attempts)
{
	*retry = (struct aws_retry){
		.rules = rules,
		.tokens = tokens,
		.max_attempts = max_attempts ? max_attempts : rules->max_attempts,
	};
}

/* The back-off before attempt number attempts + 1: the base, doubled each time, up to the limit. */
static int64_t back_off(const struct aws_retry *retry, int64_t base_ms)
{
	int64_t wait_ms = base_ms;

	for (unsigned i = 1; i < retry->attempts && wait_ms < retry->rules->max_backoff_ms; i++)
		wait_ms *= 2;
	return wait_ms < retry->rules->max_backoff_ms ? wait_ms : retry->rules->max_backoff_ms;
}

static int64_t respect_service(const struct aws_retry_rules *rules, int64_t wait_ms,
			       const char *retry_after)
{
	uint64_t asked_ms;

	if (!retry_after || !slice_to_u64(slice_of(retry_after), INT64_MAX, &asked_ms) ||
	    (int64_t)asked_ms <= wait_ms)
		return wait_ms;
	if ((int64_t)asked_ms > wait_ms + rules->max_retry_after_ms)
		return wait_ms + rules->max_retry_after_ms;
	return (int64_t)asked_ms;
}

bool aws_retry_again(struct aws_retry *retry, enum aws_retry_kind kind, const char *retry_after,
		     double jitter, int64_t *ret_wait_ms)
{
	const struct aws_retry_rules *rules = retry->rules;
	bool is_throttling = kind == AWS_RETRY_THROTTLING;
	unsigned cost = is_throttling ? rules->throttling_cost : rules->transient_cost;
	int64_t wait_ms;

	retry->attempts++;
	if (kind == AWS_RETRY_NEVER || retry->attempts >= retry->max_attempts ||
	    *retry->tokens < cost)
		return false;
	*retry->tokens -= cost;
	retry->cost = cost;
	wait_ms = back_off(retry,
			   is_throttling ? rules->throttling_base_ms : rules->transient_base_ms);
	wait_ms = (int64_t)(jitter * (double)wait_ms);
	*ret_wait_ms = respect_service(rules, wait_ms, retry_after);
	return true;
}

void aws_retry_succeeded(struct aws_retry *retry)
{
	*retry->tokens += retry->cost ? retry->cost : retry->rules->success_gain;
	if (*retry->tokens > retry->rules->quota)
		*retry->tokens = retry->rules->quota;
}

bool aws_skew_measure(const struct http_response *response, int64_t *ret_skew_ms)
{
	const char *date = http_header(response, "date");
	int64_t round_trip_ms = response->received_ms - response->sent_ms;
	int64_t service_ms;

	if (!date || http_header(response, "age") || round_trip_ms > MAX_ROUND_TRIP_MS ||
	    !clock_parse_http_date(date, &service_ms))
		return false;
	if (round_trip_ms < 0)
		round_trip_ms = 0;
	*ret_skew_ms = service_ms - (response->sent_ms + round_trip_ms / 2);
	return true;
}

bool aws_skew_explains(const char *code, int64_t skew_ms)
{
	return (skew_ms > MIN_HARMFUL_SKEW_MS || skew_ms < -MIN_HARMFUL_SKEW_MS) &&
	       is_one_of(skew_codes, code);
}
