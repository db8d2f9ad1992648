#ifndef TESTS_UNIT_FAKE_CLOCK_H
#define TESTS_UNIT_FAKE_CLOCK_H

#include "base/clock.h"

#include <stddef.h>

/* A clock that stands still but for its sleeps, which it remembers. */
struct fake_clock {
	struct clock clock;
	int64_t now_ms;
	int64_t sleeps_ms[64];
	size_t sleeps;
};

static inline int64_t fake_clock_now(struct clock *clock)
{
	return ((struct fake_clock *)clock)->now_ms;
}

static inline void fake_clock_sleep(struct clock *clock, int64_t ms)
{
	struct fake_clock *fake = (struct fake_clock *)clock;

	if (fake->sleeps < sizeof(fake->sleeps_ms) / sizeof(fake->sleeps_ms[0]))
		fake->sleeps_ms[fake->sleeps++] = ms;
	fake->now_ms += ms;
}

#define FAKE_CLOCK(now)                                                                            \
	{                                                                                          \
		.clock = { fake_clock_now, fake_clock_now, fake_clock_sleep }, .now_ms = (now)     \
	}

#endif
