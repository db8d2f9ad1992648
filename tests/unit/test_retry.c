/*
 * The retry tests of smithy-kotlin (standard.yaml, standard-2.1.yaml, adaptive.yaml), read from the
 * conformance folder; the rest stands in botocore/retries/standard.py and its tests.
 */
#include "aws/rate.h"
#include "aws/retry.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/yaml.h"
#include "test.h"
#include "vectors.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The rules before 2026, which standard.yaml tests. */
static const struct aws_retry_rules rules_2020 = {
	.max_attempts = 3,
	.quota = 500,
	.transient_cost = 5,
	.throttling_cost = 5,
	.success_gain = 1,
	.transient_base_ms = 1000,
	.throttling_base_ms = 1000,
	.max_backoff_ms = 20000,
	.max_retry_after_ms = 5000,
};

/* Seconds as milliseconds. */
static int64_t to_ms(const json_t *seconds)
{
	return (int64_t)(json_number_value(seconds) * 1000.0 + 0.5);
}

/* One case of a file under way. */
struct scenario {
	const char *name;
	struct aws_retry_rules rules;
	unsigned tokens;
};

static void set_up(struct scenario *scenario, const struct aws_retry_rules *rules,
		   const json_t *test)
{
	const json_t *given = json_object_get(test, "given");
	const json_t *attempts = json_object_get(given, "max_attempts");
	const json_t *tokens = json_object_get(given, "initial_retry_tokens");
	const json_t *backoff = json_object_get(given, "max_backoff_time");

	*scenario = (struct scenario){
		.name = json_string_value(json_object_get(test, "name")),
		.rules = *rules,
		.tokens = rules->quota,
	};
	if (attempts)
		scenario->rules.max_attempts = (unsigned)json_integer_value(attempts);
	if (tokens)
		scenario->tokens = (unsigned)json_integer_value(tokens);
	if (backoff)
		scenario->rules.max_backoff_ms = to_ms(backoff);
}

static void check_quota(const struct scenario *scenario, const json_t *expected)
{
	const json_t *quota = json_object_get(expected, "retry_quota");

	if (quota && (unsigned)json_integer_value(quota) != scenario->tokens)
		fail_msg("%s: quota %u, not %u", scenario->name, scenario->tokens,
			 (unsigned)json_integer_value(quota));
}

/* A delay without a retry is long polling's, which no operation here does. */
static void check_failure(const struct scenario *scenario, struct aws_retry *retry,
			  const json_t *response, const json_t *expected)
{
	const char *code = json_string_value(json_object_get(response, "error_code"));
	const json_t *headers = json_object_get(response, "headers");
	const char *after = json_string_value(json_object_get(headers, "x-amz-retry-after"));
	const char *outcome = json_string_value(json_object_get(expected, "outcome"));
	int status = (int)json_integer_value(json_object_get(response, "status_code"));
	const json_t *delay = json_object_get(expected, "delay");
	bool want = strcmp(outcome, "retry_request") == 0;
	int64_t wait_ms = -1;

	if (aws_retry_again(retry, aws_retry_kind_of(AWS_STS, status, code ? code : ""), after, 1.0,
			    &wait_ms) != want)
		fail_msg("%s: expected %s", scenario->name, outcome);
	if (want && delay && wait_ms != to_ms(delay))
		fail_msg("%s: waits %d ms", scenario->name, (int)wait_ms);
}

/* Plays an answer; the call ends where none more is asked for. */
static void play(struct scenario *scenario, struct aws_retry *retry, const json_t *step)
{
	const json_t *response = json_object_get(step, "response");
	const json_t *expected = json_object_get(step, "expected");
	const char *outcome = json_string_value(json_object_get(expected, "outcome"));

	if (strcmp(outcome, "success") == 0)
		aws_retry_succeeded(retry);
	else
		check_failure(scenario, retry, response, expected);
	check_quota(scenario, expected);
	if (strcmp(outcome, "retry_request") != 0)
		aws_retry_begin(retry, &scenario->rules, &scenario->tokens, 0);
}

static void play_all(struct scenario *scenario, const json_t *steps)
{
	struct aws_retry retry;
	const json_t *step;
	size_t i;

	aws_retry_begin(&retry, &scenario->rules, &scenario->tokens, 0);
	json_array_foreach(steps, i, step) play(scenario, &retry, step);
}

/* Two calls that share a quota, in the order that the numbers tell: A A B B A. */
static void play_threads(struct scenario *scenario, const json_t *threads)
{
	const json_t *a = json_array_get(threads, 0), *b = json_array_get(threads, 1);
	struct aws_retry retry_a, retry_b;

	aws_retry_begin(&retry_a, &scenario->rules, &scenario->tokens, 0);
	aws_retry_begin(&retry_b, &scenario->rules, &scenario->tokens, 0);
	play(scenario, &retry_a, json_array_get(a, 0));
	play(scenario, &retry_a, json_array_get(a, 1));
	play(scenario, &retry_b, json_array_get(b, 0));
	play(scenario, &retry_b, json_array_get(b, 1));
	play(scenario, &retry_a, json_array_get(a, 2));
}

static bool is_throttled(const json_t *step)
{
	return strcmp(json_string_value(json_object_get(step, "response")), "throttle") == 0;
}

static void check_number(const json_t *test, const json_t *step, const char *name, double got)
{
	double want = json_number_value(json_object_get(step, name));

	if (got < want - 1e-6 || got > want + 1e-6)
		fail_msg("%s: %s %f, not %f", json_string_value(json_object_get(test, "name")),
			 name, got, want);
}

/* The rates of the curve alone: from where it was throttled before. */
static void play_curve(const json_t *test, const json_t *given)
{
	struct aws_cubic cubic = {
		.max_rate = json_number_value(json_object_get(given, "last_max_rate")),
		.throttled_s = json_number_value(json_object_get(given, "last_throttle_time")),
	};
	const json_t *step;
	double rate = 0;
	size_t i;

	json_array_foreach(json_object_get(test, "cases"), i, step)
	{
		double now_s = json_number_value(json_object_get(step, "timestamp"));

		rate = is_throttled(step) ? aws_cubic_throttled(&cubic, rate, now_s)
					  : aws_cubic_succeeded(&cubic, now_s);
		check_number(test, step, "calculated_rate", rate);
	}
}

/* The rate of a client, which measures how many calls it makes. */
static void play_rate(const json_t *test)
{
	const json_t *step;
	struct aws_rate rate;
	size_t i;

	aws_rate_init(&rate, 0);
	json_array_foreach(json_object_get(test, "cases"), i, step)
	{
		int64_t now_ms = to_ms(json_object_get(step, "timestamp"));

		aws_rate_update(&rate, is_throttled(step), now_ms);
		check_number(test, step, "measured_tx_rate", rate.measured);
		check_number(test, step, "new_token_bucket_rate", rate.limit);
	}
}

static void play_adaptive_case(const struct aws_retry_rules *rules, const json_t *test)
{
	const json_t *given = json_object_get(test, "given");

	(void)rules;
	if (given)
		play_curve(test, given);
	else
		play_rate(test);
}

static void play_case(const struct aws_retry_rules *rules, const json_t *test)
{
	const json_t *threads = json_object_get(test, "threads");
	const json_t *final = json_object_get(test, "expected_final_quota");
	struct scenario scenario;

	set_up(&scenario, rules, test);
	if (threads)
		play_threads(&scenario, threads);
	else
		play_all(&scenario, json_object_get(test, "responses"));
	if (final)
		assert_int_equal(scenario.tokens, json_integer_value(final));
}

static char *read_vectors(const char *name)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP_FREE char *path = NULL;
	CLEANUP_FILE FILE *file = NULL;
	char chunk[4096];
	size_t len;

	vectors_need("retries");
	path = mem_printf("%s/retries/%s", vectors_dir(), name);
	file = fopen(path, "re");
	assert_non_null(file);
	while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0)
		str_add(&text, chunk, len);
	return str_detach(&text);
}

typedef void (*play_fn)(const struct aws_retry_rules *rules, const json_t *test);

/* Plays each document of a YAML stream; returns how many there are. */
static size_t play_file(const char *name, const struct aws_retry_rules *rules, play_fn play_one)
{
	CLEANUP_FREE char *text = read_vectors(name);
	char *document = strstr(text, "---\n");
	size_t count = 0;

	while (document) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		char *start = document + strlen("---\n");
		char *end = strstr(start, "\n---\n");
		json_auto_t *test = yaml_read(
			start, end ? (size_t)(end + 1 - start) : strlen(start), YAML_PLAIN, &err);

		if (!test)
			fail_msg("%s: %s", name, err.msg.buf);
		play_one(rules, test);
		document = end ? end + 1 : NULL;
		count++;
	}
	return count;
}

static void plays_the_published_scenarios_of_2026(void **state)
{
	size_t count = play_file("standard-2.1.yaml", &aws_retry_rules_2026, play_case);

	(void)state;
	print_message("# retries, rules of 2026: %zu/19 scenarios\n", count);
	assert_int_equal(count, 19);
}

static void plays_the_published_scenarios_of_the_former_rules(void **state)
{
	size_t count = play_file("standard.yaml", &rules_2020, play_case);

	(void)state;
	print_message("# retries, former rules: %zu/6 scenarios\n", count);
	assert_int_equal(count, 6);
}

static void plays_the_published_scenarios_of_adaptive_rates(void **state)
{
	size_t count = play_file("adaptive.yaml", NULL, play_adaptive_case);

	(void)state;
	print_message("# retries, adaptive rates: %zu/3 scenarios\n", count);
	assert_int_equal(count, 3);
}

/* Ten calls a second until one is throttled; then each waits for its turn. */
static void lets_no_call_wait_before_one_was_throttled(void **state)
{
	struct aws_rate rate;
	int64_t now_ms = 5000;

	(void)state;
	aws_rate_init(&rate, now_ms);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(aws_rate_take(&rate, now_ms), 0);
		now_ms += 100;
		aws_rate_update(&rate, i == 19, now_ms);
	}
	assert_true(rate.limit > 1 && rate.limit < 10);
	for (int i = 0; i < 20; i++)
		now_ms += aws_rate_take(&rate, now_ms);
	assert_in_range(now_ms, 7000 + (int64_t)(19 / rate.limit * 1000) - 1000,
			7000 + (int64_t)(20 / rate.limit * 1000) + 1000);
}

static void waits_longer_each_time_up_to_the_limit(void **state)
{
	static const int64_t transient[] = { 50,   100,	 200,	400,   800,  1600,
					     3200, 6400, 12800, 20000, 20000 };
	static const int64_t throttling[] = { 1000, 2000, 4000, 8000, 16000, 20000, 20000 };
	unsigned tokens = 500;
	struct aws_retry retry;
	int64_t wait_ms;

	(void)state;
	aws_retry_begin(&retry, &aws_retry_rules_2026, &tokens, 100);
	for (size_t i = 0; i < sizeof(transient) / sizeof(transient[0]); i++) {
		assert_true(aws_retry_again(&retry, AWS_RETRY_TRANSIENT, NULL, 1.0, &wait_ms));
		assert_int_equal(wait_ms, transient[i]);
	}
	aws_retry_begin(&retry, &aws_retry_rules_2026, &tokens, 100);
	for (size_t i = 0; i < sizeof(throttling) / sizeof(throttling[0]); i++) {
		assert_true(aws_retry_again(&retry, AWS_RETRY_THROTTLING, NULL, 1.0, &wait_ms));
		assert_int_equal(wait_ms, throttling[i]);
	}
}

/* botocore, tests/unit/retries/test_standard.py: the header of the 2026 rules. */
static void waits_as_the_service_asks_within_limits(void **state)
{
	static const struct {
		const char *header;
		double jitter;
		int64_t want_ms;
	} rows[] = {
		{ "1500", 1.0, 1500 },
		{ "0", 1.0, 50 },
		{ "10000", 1.0, 5050 },
		{ "invalid", 1.0, 50 },
		{ "-100", 1.0, 50 },
		{ "", 1.0, 50 },
		{ "99999999999999999999999", 1.0, 50 },
		{ "5051", 1.0, 5050 },
		{ NULL, 0.5, 25 },
		{ "10", 0.0, 10 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned tokens = 500;
		struct aws_retry retry;
		int64_t wait_ms;

		aws_retry_begin(&retry, &aws_retry_rules_2026, &tokens, 0);
		assert_true(aws_retry_again(&retry, AWS_RETRY_TRANSIENT, rows[i].header,
					    rows[i].jitter, &wait_ms));
		assert_int_equal(wait_ms, rows[i].want_ms);
	}
}

static void tells_what_is_worth_repeating(void **state)
{
	static const struct {
		enum aws_service_id service;
		int status;
		const char *code;
		enum aws_retry_kind want;
	} rows[] = {
		{ AWS_STS, 400, "Throttling", AWS_RETRY_THROTTLING },
		{ AWS_ECR, 400, "ThrottlingException", AWS_RETRY_THROTTLING },
		{ AWS_STS, 503, "RequestLimitExceeded", AWS_RETRY_THROTTLING },
		{ AWS_S3, 503, "SlowDown", AWS_RETRY_THROTTLING },
		{ AWS_ECR, 400, "LimitExceededException", AWS_RETRY_THROTTLING },
		{ AWS_CLOUDFORMATION, 400, "LimitExceededException", AWS_RETRY_NEVER },
		{ AWS_STS, 429, "", AWS_RETRY_THROTTLING },
		{ AWS_STS, 500, "", AWS_RETRY_TRANSIENT },
		{ AWS_STS, 502, "", AWS_RETRY_TRANSIENT },
		{ AWS_STS, 503, "ServiceUnavailable", AWS_RETRY_TRANSIENT },
		{ AWS_STS, 504, "", AWS_RETRY_TRANSIENT },
		{ AWS_STS, 501, "", AWS_RETRY_NEVER },
		{ AWS_STS, 400, "RequestTimeout", AWS_RETRY_TRANSIENT },
		{ AWS_STS, 400, "IDPCommunicationError", AWS_RETRY_TRANSIENT },
		{ AWS_STS, 400, "ValidationError", AWS_RETRY_NEVER },
		{ AWS_STS, 403, "AccessDenied", AWS_RETRY_NEVER },
		{ AWS_STS, 404, "", AWS_RETRY_NEVER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(aws_retry_kind_of(rows[i].service, rows[i].status, rows[i].code),
				 rows[i].want);
}

static void never_holds_more_tokens_than_the_quota(void **state)
{
	unsigned tokens = 500;
	struct aws_retry retry;

	(void)state;
	aws_retry_begin(&retry, &aws_retry_rules_2026, &tokens, 0);
	aws_retry_succeeded(&retry);
	assert_int_equal(tokens, 500);
	tokens = 10;
	aws_retry_succeeded(&retry);
	assert_int_equal(tokens, 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plays_the_published_scenarios_of_2026),
		cmocka_unit_test(plays_the_published_scenarios_of_the_former_rules),
		cmocka_unit_test(plays_the_published_scenarios_of_adaptive_rates),
		cmocka_unit_test(lets_no_call_wait_before_one_was_throttled),
		cmocka_unit_test(waits_longer_each_time_up_to_the_limit),
		cmocka_unit_test(waits_as_the_service_asks_within_limits),
		cmocka_unit_test(tells_what_is_worth_repeating),
		cmocka_unit_test(never_holds_more_tokens_than_the_quota),
	};

	return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
