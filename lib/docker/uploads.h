#ifndef DOCKER_UPLOADS_H
#define DOCKER_UPLOADS_H

#include "base/clock.h"
#include "base/error.h"
#include "base/report.h"
#include "docker/registry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Compresses layers and uploads them while they come, one after another: pieces of a layer are
 * compressed by as many threads as there are processors, layers are uploaded by a few, each over a
 * connection of its own. Nothing is written to a file.
 *
 * Memory is bounded whatever the layers' size: at most UPLOADS_PIECES pieces are under way, each of
 * UPLOADS_PIECE_LEN bytes before and about as many after compression; uploads_add() waits for one
 * to become free. That, the compressors and the threads' stacks stay below 64 MB.
 */
#define UPLOADS_PIECE_LEN (512UL << 10)
#define UPLOADS_PIECES	  48

/* A layer that arrived. digest and size: of the blob, the layer compressed. Borrowed. */
struct uploaded {
	const char *diff_id;
	const char *digest;
	uint64_t size;
};

/* All borrowed. on_done is called by uploads_finish(), in the caller's thread. */
struct uploads_target {
	struct registry registry; /* the threads have transports of their own */
	const char *name;	  /* the repository */
	struct clock *clock;
	struct report *report;
	void (*on_done)(void *ctx, const struct uploaded *uploaded);
	void *ctx;
};

/* Owned by the caller: uploads_free(), which ends the threads at once where they still work. */
struct uploads;

int uploads_new(const struct uploads_target *target, struct uploads **ret, struct error *err);
void uploads_free(struct uploads *uploads);

/*
 * The next layer, of `size` bytes, with its diff id where that is known, else "": its bytes, and
 * its diff id with whether it is wanted after all.
 */
void uploads_begin(struct uploads *uploads, const char *diff_id, uint64_t size);
int uploads_add(struct uploads *uploads, const char *bytes, size_t len, struct error *err);
void uploads_end(struct uploads *uploads, const char *diff_id, bool is_wanted);

/*
 * Waits for what was begun, hands each layer that arrived to on_done, and fails as the first one
 * failed that did not. ERROR_NETWORK, ERROR_REMOTE and ERROR_BUSY are worth another try with the
 * layers that did not arrive; other failures end all uploads, and uploads_add() then fails. Where
 * is_complete is false, the rest of the layers will not come: what is under way is given up.
 */
int uploads_finish(struct uploads *uploads, bool is_complete, struct error *err);

#endif
