#ifndef DOCKER_ARCHIVE_H
#define DOCKER_ARCHIVE_H

#include "base/error.h"
#include "base/str.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What an image's archive has: its layers, uncompressed, in any order. Each function returns 0, or
 * -1 with the error set, which ends the reading.
 *
 * begin: `diff_id` is the layer's, as far as the archive tells it beforehand, else ""; *ret_wanted
 * false passes over it. end: `diff_id` is the hash of what came.
 */
struct archive_sink {
	int (*begin)(void *ctx, const char *diff_id, uint64_t size, bool *ret_wanted,
		     struct error *err);
	int (*data)(void *ctx, const char *bytes, size_t len, struct error *err);
	int (*end)(void *ctx, const char *diff_id, struct error *err);
	void *ctx;
};

/*
 * Reads the archive of one image as an Engine exports it, cut anywhere: the layout of `docker save`
 * up to Engine 24 (ID/layer.tar), the OCI layout since Engine 25 (blobs/sha256/DIGEST), and
 * podman's (DIFF_ID.tar). Which file is what is settled by hashing: the configuration's hash is the
 * image's id, a layer's its diff id (OCI image-spec, config.md). No name of the archive is ever a
 * path.
 *
 * `layers`: the diff ids of the image, as the Engine told them. All borrowed. Owned by the caller:
 * archive_free().
 */
struct archive;

struct archive *archive_new(const char *image_id, const struct strv *layers,
			    const struct archive_sink *sink);
void archive_free(struct archive *archive);

/* Takes the next bytes. ERROR_REMOTE where they are no tar archive; or what the sink said. */
int archive_add(struct archive *archive, const char *bytes, size_t len, struct error *err);

/* The image's configuration, byte for byte, borrowed; ERROR_REMOTE where it did not come. */
int archive_finish(const struct archive *archive, const struct str **ret_config, struct error *err);

#endif
