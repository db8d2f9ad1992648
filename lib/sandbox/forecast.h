#ifndef SANDBOX_FORECAST_H
#define SANDBOX_FORECAST_H

#include "base/str.h"

#include <stdbool.h>

/* How a stack's step on a resource will end, and when: the sandbox knows it at the beginning. */
struct forecast {
	bool is_known; /* false: as the resource type usually does */
	bool fails;
	unsigned seconds;  /* AWS's, from the step's beginning */
	struct str reason; /* ResourceStatusReason, where it fails */
};

#define FORECAST_INIT                                                                              \
	{                                                                                          \
		.reason = STR_INIT                                                                 \
	}

static inline void forecast_release(struct forecast *forecast)
{
	str_release(&forecast->reason);
}

#endif
