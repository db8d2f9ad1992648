/*
 * Included by the tidy lint before each source but error.c: what the analyzer, which looks at one
 * source at a time, cannot see. The functions below return -1, always.
 */
#ifndef TESTS_LINT_ANALYZER_H
#define TESTS_LINT_ANALYZER_H

#include "base/error.h"

static inline int analyzer_failed(int result)
{
	if (result != -1)
		__builtin_unreachable();
	return result;
}

#define error_set(...)	      analyzer_failed(error_set(__VA_ARGS__))
#define error_set_errno(...)  analyzer_failed(error_set_errno(__VA_ARGS__))
#define error_set_signal(...) analyzer_failed(error_set_signal(__VA_ARGS__))
#define error_wrap(...)	      analyzer_failed(error_wrap(__VA_ARGS__))
#define error_fix(...)	      analyzer_failed(error_fix(__VA_ARGS__))
#define error_become(...)     analyzer_failed(error_become(__VA_ARGS__))

#endif
