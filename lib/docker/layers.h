#ifndef DOCKER_LAYERS_H
#define DOCKER_LAYERS_H

#include "base/error.h"
#include "base/report.h"
#include "base/strv.h"
#include "docker/registry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known of a layer in the registry. */
enum layer_state {
	LAYER_LACKING,
	LAYER_SEEN,    /* another repository, or another image of this one, is said to have it */
	LAYER_COMING,  /* it is being uploaded */
	LAYER_PRESENT, /* the repository has it */
};

/* One layer of an image: what it is uncompressed, and its blob, as far as that is known. */
struct image_layer {
	const char *diff_id; /* borrowed from the list it was made of */
	enum layer_state state;
	struct str digest;
	uint64_t size;
	struct str from; /* the repository where it was seen */
};

/* The layers of an image, each once although an image may have one twice. */
struct image_layers {
	size_t count;
	struct image_layer *items;
	struct str manifest; /* digests of the image that was learned from last */
	struct str config;
};

#define IMAGE_LAYERS_INIT                                                                          \
	{                                                                                          \
		.count = 0, .items = NULL, .manifest = STR_INIT, .config = STR_INIT                \
	}

/* The media type of that manifest. */
#define IMAGE_MANIFEST_TYPE "application/vnd.docker.distribution.manifest.v2+json"

void image_layers_fill(struct image_layers *layers, const struct strv *diff_ids);
void image_layers_release(struct image_layers *layers);

struct image_layer *image_layers_find(const struct image_layers *layers, const char *diff_id);
bool image_layers_have(const struct image_layers *layers, enum layer_state state);

/*
 * Learns from an image that the registry has in repository `name`, behind a tag or a digest, which
 * blobs its layers are: the manifest lists the blobs, the configuration the diff ids, in the same
 * order (OCI image-spec, config.md). Only gzip counts: an Engine 20.10 reads nothing newer.
 * "NotFound" where there is no such image.
 */
int image_layers_learn(struct image_layers *layers, const struct registry *registry,
		       const char *name, const char *reference, struct error *err);

/*
 * Settles what was seen: present in repository `name`, or mounted there from where it was seen, or
 * lacking. What is present is reported as progress.
 */
int image_layers_settle(struct image_layers *layers, const struct registry *registry,
			const char *name, struct report *report, struct error *err);

/*
 * Appends the manifest of an image (docs.docker.com, "Image Manifest V 2, Schema 2"), all of whose
 * layers are present; the same layers give the same bytes.
 */
void image_layers_write(const struct image_layers *layers, const struct strv *diff_ids,
			const char *config_digest, uint64_t config_size, struct str *out);

#endif
