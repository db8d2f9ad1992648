#include "aws/rate.h"

#define SCALE	       0.4
#define BETA	       0.7
#define SMOOTHING      0.8
#define SPANS_A_SECOND 2.0 /* in which calls are counted */
#define MIN_LIMIT      0.5
#define MAX_GROWTH     2.0 /* of the limit over what was measured */

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

/* By Newton's method, for a number that is not negative: libm is not loaded for this alone. */
static double cube_root(double number)
{
	double root = larger(number, 1);

	for (int i = 0; i < 64; i++)
		root = (2 * root + number / (root * root)) / 3;
	return root;
}

double aws_cubic_succeeded(const struct aws_cubic *cubic, double now_s)
{
	double plateau_s = cube_root(cubic->max_rate * (1 - BETA) / SCALE);
	double past_s = now_s - cubic->throttled_s - plateau_s;

	return SCALE * past_s * past_s * past_s + cubic->max_rate;
}

double aws_cubic_throttled(struct aws_cubic *cubic, double rate, double now_s)
{
	cubic->max_rate = rate;
	cubic->throttled_s = now_s;
	return rate * BETA;
}

void aws_rate_init(struct aws_rate *rate, int64_t now_ms)
{
	*rate = (struct aws_rate){ .started_ms = now_ms, .limit = 1, .capacity = 1 };
}

static double seconds(const struct aws_rate *rate, int64_t now_ms)
{
	return (double)(now_ms - rate->started_ms) / 1000;
}

static void refill(struct aws_rate *rate, double now_s)
{
	double fresh = (now_s - rate->filled_s) * rate->limit;

	rate->tokens = smaller(rate->tokens + fresh, rate->capacity);
	rate->filled_s = now_s;
}

static void set_limit(struct aws_rate *rate, double limit, double now_s)
{
	refill(rate, now_s);
	rate->limit = larger(limit, MIN_LIMIT);
	rate->capacity = larger(limit, 1);
	rate->tokens = smaller(rate->tokens, rate->capacity);
}

int64_t aws_rate_take(struct aws_rate *rate, int64_t now_ms)
{
	if (!rate->is_limited)
		return 0;
	refill(rate, seconds(rate, now_ms));
	rate->tokens--;
	return rate->tokens < 0 ? (int64_t)(-rate->tokens / rate->limit * 1000) : 0;
}

static void measure(struct aws_rate *rate, double now_s)
{
	double span_s = (double)(int64_t)(now_s * SPANS_A_SECOND) / SPANS_A_SECOND;

	rate->count++;
	if (span_s <= rate->measured_s)
		return;
	rate->measured = SMOOTHING * rate->count / (span_s - rate->measured_s) +
			 (1 - SMOOTHING) * rate->measured;
	rate->measured_s = span_s;
	rate->count = 0;
}

void aws_rate_update(struct aws_rate *rate, bool is_throttled, int64_t now_ms)
{
	double now_s = seconds(rate, now_ms), next, used;

	measure(rate, now_s);
	if (is_throttled) {
		used = rate->is_limited ? smaller(rate->measured, rate->limit) : rate->measured;
		next = aws_cubic_throttled(&rate->cubic, used, now_s);
		rate->is_limited = true;
	} else {
		next = aws_cubic_succeeded(&rate->cubic, now_s);
	}
	set_limit(rate, smaller(next, MAX_GROWTH * rate->measured), now_s);
}
