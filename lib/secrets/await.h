#ifndef SECRETS_AWAIT_H
#define SECRETS_AWAIT_H

#include "base/error.h"

/*
 * Does work in a thread and waits for it, for a signal (sys/interrupt.h) or for `timeout_ms`, so
 * that neither a name server nor a peer that says nothing can hold a container's start or end up.
 *
 * Returns what `work` returned. Where it was not over: ERROR_SIGNAL or ERROR_BUSY, and the thread
 * still runs with `ctx` in use: end the process by _exit().
 */
int secrets_await(int (*work)(void *ctx, struct error *err), void *ctx, unsigned timeout_ms,
		  struct error *err);

#endif
