#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Time as a value, so that tests can hand in another one; the real one is sys/wall_clock.h.
 *
 * wall_ms: milliseconds since 1970-01-01 UTC; may jump. monotonic_ms: for deadlines and durations;
 * never goes back. sleep_ms: returns early, also at once, when a signal is pending.
 */
struct clock {
	int64_t (*wall_ms)(struct clock *clock);
	int64_t (*monotonic_ms)(struct clock *clock);
	void (*sleep_ms)(struct clock *clock, int64_t ms);
};

/* "20150830T123600Z" (compact, SigV4) and "2015-08-30T12:36:00Z" (RFC 3339), in UTC. */
void clock_format_compact(int64_t wall_ms, struct str *out);
void clock_format_rfc3339(int64_t wall_ms, struct str *out);

/*
 * Reads the instants that AWS writes: RFC 3339 with `Z` or an offset, fractions allowed, and the
 * compact form. False where the text is anything else.
 */
bool clock_parse_rfc3339(const char *text, int64_t *ret_wall_ms);

/* Reads an HTTP Date header (RFC 9110 section 5.6.7, the preferred format only). */
bool clock_parse_http_date(const char *text, int64_t *ret_wall_ms);

/* "8s", "2m05s", "1h03m": for people. */
void clock_format_duration(int64_t ms, struct str *out);

#endif
