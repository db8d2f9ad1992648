#ifndef AWS_RATE_H
#define AWS_RATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How many calls a second a client makes where retry_mode is adaptive: as many as it likes until a
 * service throttles, then fewer, and more again as CUBIC has it (RFC 9438). Pure: time is handed
 * in.
 *
 * Source: botocore/retries/adaptive.py, bucket.py and throttling.py.
 */

/* The curve: the rate that was too high, and when. */
struct aws_cubic {
	double max_rate;
	double throttled_s;
};

/* The rate after an answer at this time; `rate` is the one that was throttled. */
double aws_cubic_succeeded(const struct aws_cubic *cubic, double now_s);
double aws_cubic_throttled(struct aws_cubic *cubic, double rate, double now_s);

struct aws_rate {
	int64_t started_ms;
	struct aws_cubic cubic;
	bool is_limited; /* once a service has throttled */

	double measured; /* calls a second, smoothed */
	double measured_s;
	unsigned count; /* since then */

	double limit; /* tokens that come in a second; a call takes one */
	double capacity;
	double tokens;
	double filled_s;
};

/* `now_ms` is of a clock that never goes back. */
void aws_rate_init(struct aws_rate *rate, int64_t now_ms);

/* Before a call: how long to wait with it. */
int64_t aws_rate_take(struct aws_rate *rate, int64_t now_ms);

/* After each answer, or where none came. */
void aws_rate_update(struct aws_rate *rate, bool is_throttled, int64_t now_ms);

#endif
