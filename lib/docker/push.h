#ifndef DOCKER_PUSH_H
#define DOCKER_PUSH_H

#include "base/error.h"
#include "base/report.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads what an Engine streams while it pushes: JSON objects one after another, cut anywhere
 * (docs.docker.com/engine/api, ImagePush). The HTTP status was 200 long before the outcome is
 * known: only the stream tells it.
 *
 * `report` and `tag` are borrowed. The rest is the reader's own.
 */
struct push {
	struct report *report;
	const char *tag;
	struct str object; /* the object that is not whole yet */
	unsigned depth;
	bool in_string;
	bool after_backslash;
	struct str digest;
	struct str failure; /* what the Engine said went wrong */
	bool is_garbled;
	uint64_t retry_seconds; /* where the Engine's last count-down stood */
};

#define PUSH_INIT                                                                                  \
	{                                                                                          \
		.report = &report_none, .tag = "", .object = STR_INIT, .digest = STR_INIT,         \
		.failure = STR_INIT                                                                \
	}

void push_release(struct push *push);

/* Takes the next bytes. Layers are reported as progress, a retry of the Engine's as a warning. */
void push_add(struct push *push, const char *bytes, size_t len);

/*
 * The outcome, at the end of the stream: the digest that the registry took. What the Engine said
 * went wrong fails as docker/failure.h has it; no digest, or what is no JSON, is ERROR_PUBLISH.
 */
int push_finish(struct push *push, struct str *ret_digest, struct error *err);

#endif
