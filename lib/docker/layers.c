#include "docker/layers.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "data/json.h"
#include "docker/blob.h"
#include "docker/image.h"
#include "docker/registry_call.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define DOCKER_TYPE "application/vnd.docker."

void image_layers_fill(struct image_layers *layers, const struct strv *diff_ids)
{
	for (size_t i = 0; i < diff_ids->count; i++) {
		struct image_layer *layer;

		if (image_layers_find(layers, diff_ids->v[i]))
			continue;
		layer = mem_grow(&layers->items, &layers->count, sizeof(*layer));
		layer->diff_id = diff_ids->v[i];
		layer->digest = (struct str)STR_INIT;
		layer->from = (struct str)STR_INIT;
	}
}

void image_layers_release(struct image_layers *layers)
{
	for (size_t i = 0; i < layers->count; i++) {
		str_release(&layers->items[i].digest);
		str_release(&layers->items[i].from);
	}
	free(layers->items);
	str_release(&layers->manifest);
	str_release(&layers->config);
	*layers = (struct image_layers)IMAGE_LAYERS_INIT;
}

struct image_layer *image_layers_find(const struct image_layers *layers, const char *diff_id)
{
	for (size_t i = 0; i < layers->count; i++) {
		if (strcmp(layers->items[i].diff_id, diff_id) == 0)
			return &layers->items[i];
	}
	return NULL;
}

bool image_layers_have(const struct image_layers *layers, enum layer_state state)
{
	for (size_t i = 0; i < layers->count; i++) {
		if (layers->items[i].state == state)
			return true;
	}
	return false;
}

static void set_text(struct str *to, const char *text)
{
	str_reset(to);
	str_adds(to, text);
}

static bool is_gzip(const char *media_type)
{
	return media_type &&
	       (strcmp(media_type, DOCKER_TYPE "image.rootfs.diff.tar.gzip") == 0 ||
		strcmp(media_type, "application/vnd.oci.image.layer.v1.tar+gzip") == 0);
}

static void see(struct image_layers *layers, const char *name, const char *diff_id,
		const json_t *blob)
{
	struct image_layer *layer = diff_id ? image_layers_find(layers, diff_id) : NULL;
	const char *digest = json_text(blob, "digest");
	json_int_t size = json_integer_value(json_object_get(blob, "size"));

	if (!layer || layer->state != LAYER_LACKING || size <= 0 || !digest ||
	    !image_digest_is_valid(digest) || !is_gzip(json_text(blob, "mediaType")))
		return;
	set_text(&layer->digest, digest);
	set_text(&layer->from, name);
	layer->size = (uint64_t)size;
	layer->state = LAYER_SEEN;
}

/* An answer of the registry's that is no JSON. */
static json_t *read_answer(const struct str *bytes, const char *what, struct error *err)
{
	json_t *value = json_read(bytes->buf, bytes->len, err);

	if (!value) {
		error_become(err, ERROR_REMOTE);
		error_wrap(err, "%s", what);
	}
	return value;
}

int image_layers_learn(struct image_layers *layers, const struct registry *registry,
		       const char *name, const char *reference, struct error *err)
{
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
	CLEANUP(str_release) struct str config = STR_INIT;
	json_auto_t *list = NULL;
	json_auto_t *object = NULL;
	const json_t *blobs;
	const json_t *diff_ids;
	const char *digest;

	if (registry_fetch(registry, name, reference, &manifest, err) < 0)
		return -1;
	list = read_answer(&manifest.bytes, "manifest", err);
	if (!list)
		return -1;
	blobs = json_object_get(list, "layers");
	digest = json_text(json_object_get(list, "config"), "digest");
	/* An index of several platforms has none of its own. */
	if (!blobs || !digest || !image_digest_is_valid(digest))
		return 0;
	set_text(&layers->manifest, manifest.digest.buf);
	set_text(&layers->config, digest);
	if (blob_get(registry, name, digest, &config, err) < 0)
		return -1;
	object = read_answer(&config, "image configuration", err);
	if (!object)
		return -1;
	diff_ids = json_object_get(json_object_get(object, "rootfs"), "diff_ids");
	if (json_array_size(diff_ids) != json_array_size(blobs))
		return 0;
	for (size_t i = 0; i < json_array_size(blobs); i++)
		see(layers, name, json_string_value(json_array_get(diff_ids, i)),
		    json_array_get(blobs, i));
	return 0;
}

static void tell(const struct image_layer *layer, struct report *report, const char *status)
{
	CLEANUP_FREE char *id = mem_strndup(layer->diff_id + strlen("sha256:"), 12);
	const struct report_event event = {
		.kind = REPORT_PROGRESS,
		.source = id,
		.status = status,
		.done = layer->size,
		.total = layer->size,
	};

	report->emit(report, &event);
}

static int settle(struct image_layer *layer, const struct registry *registry, const char *name,
		  struct report *report, struct error *err)
{
	CLEANUP(str_release) struct str mounted = STR_INIT;
	bool is_there = false;
	uint64_t size = 0;

	if (blob_exists(registry, name, layer->digest.buf, &is_there, &size, err) < 0)
		return -1;
	if (is_there) {
		tell(layer, report, "Layer already exists");
	} else if (strcmp(layer->from.buf, name) != 0) {
		if (blob_mount(registry, name, layer->digest.buf, layer->from.buf, &is_there, err) <
		    0)
			return -1;
		str_addf(&mounted, "Mounted from %s", layer->from.buf);
		if (is_there)
			tell(layer, report, mounted.buf);
	}
	layer->state = is_there ? LAYER_PRESENT : LAYER_LACKING;
	return 0;
}

int image_layers_settle(struct image_layers *layers, const struct registry *registry,
			const char *name, struct report *report, struct error *err)
{
	for (size_t i = 0; i < layers->count; i++) {
		if (layers->items[i].state == LAYER_SEEN &&
		    settle(&layers->items[i], registry, name, report, err) < 0)
			return -1;
	}
	return 0;
}

static void add_blob(struct str *out, const char *type, const char *digest, uint64_t size)
{
	str_addf(out,
		 "{\"mediaType\":\"" DOCKER_TYPE "%s\",\"size\":%" PRIu64 ",\"digest\":\"%s\"}",
		 type, size, digest);
}

void image_layers_write(const struct image_layers *layers, const struct strv *diff_ids,
			const char *config_digest, uint64_t config_size, struct str *out)
{
	str_adds(out, "{\"schemaVersion\":2,\"mediaType\":\"" IMAGE_MANIFEST_TYPE "\",\"config\":");
	add_blob(out, "container.image.v1+json", config_digest, config_size);
	str_adds(out, ",\"layers\":[");
	for (size_t i = 0; i < diff_ids->count; i++) {
		const struct image_layer *layer = image_layers_find(layers, diff_ids->v[i]);

		assert(layer);
		if (i)
			str_addc(out, ',');
		add_blob(out, "image.rootfs.diff.tar.gzip", layer->digest.buf, layer->size);
	}
	str_adds(out, "]}");
}
