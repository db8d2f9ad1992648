#include "docker/direct.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "data/digest.h"
#include "data/json.h"
#include "docker/archive.h"
#include "docker/blob.h"
#include "docker/image.h"
#include "docker/layers.h"
#include "docker/registry_call.h"
#include "docker/uploads.h"

#include <string.h>

#define ATTEMPTS       4
#define FIRST_PAUSE_MS 1000

/* A push under way. */
struct work {
	const struct direct_push *push;
	struct registry registry; /* with the credentials of now */
	struct image_layers layers;
	struct uploads *uploads;
	struct archive *archive;
	bool is_wanted; /* the layer that is being read */
	bool has_config;
	bool is_unseen; /* an attempt may have put the tag */
	uint64_t config_size;
	struct str same;  /* digest of a manifest of this very image in the repository, or "" */
	struct error err; /* of what the export is fed to */
};

/* ---- what the registry has ---- */

/* Where there is nothing to learn from, or what is there is odd, more is sent than had to be. */
static int learn(struct work *work, const char *name, const char *reference, struct error *err)
{
	const struct direct_push *push = work->push;
	struct image_layers *layers = &work->layers;

	if (image_layers_learn(layers, &work->registry, name, reference, err) == 0) {
		if (strcmp(layers->config.buf, push->image->id.buf) == 0 &&
		    strcmp(name, push->name) == 0 && work->same.len == 0)
			str_adds(&work->same, layers->manifest.buf);
		return 0;
	}
	if (err->kind != ERROR_PUBLISH && err->kind != ERROR_REMOTE)
		return -1;
	if (!error_has_code(err, "NotFound") && !error_has_code(err, "RepositoryNotFound"))
		report_note(push->report, "nothing is learned of %s at %s: %s", name, reference,
			    err->msg.buf);
	error_release(err);
	return 0;
}

/* Images that share layers and that this Engine has from the registry, or brought there. */
static int learn_from_relatives(struct work *work, struct error *err)
{
	const struct direct_push *push = work->push;
	CLEANUP(strv_release) struct strv relatives = STRV_INIT;
	CLEANUP(str_release) struct str host = STR_INIT;

	url_host(work->registry.url, &host);
	if (engine_list_relatives(push->engine, host.buf, &push->image->layers, &relatives, err) <
	    0)
		return -1;
	for (size_t i = 0; i < relatives.count; i++) {
		CLEANUP(image_ref_release) struct image_ref ref = IMAGE_REF_INIT;

		if (!image_layers_have(&work->layers, LAYER_LACKING))
			return 0;
		if (image_ref_parse(relatives.v[i], &ref, err) < 0 ||
		    learn(work, ref.name.buf, ref.digest.buf, err) < 0)
			return -1;
	}
	return 0;
}

static int look_around(struct work *work, struct error *err)
{
	const struct direct_push *push = work->push;

	for (size_t i = 0; i < push->tags->count; i++) {
		if (learn(work, push->name, push->tags->v[i], err) < 0)
			return -1;
		if (work->same.len)
			return 0;
	}
	if (image_layers_have(&work->layers, LAYER_LACKING) && learn_from_relatives(work, err) < 0)
		return -1;
	if (image_layers_settle(&work->layers, &work->registry, push->name, push->report, err) < 0)
		return -1;
	return blob_exists(&work->registry, push->name, push->image->id.buf, &work->has_config,
			   &work->config_size, err);
}

/* ---- the export, and what is sent of it ---- */

static int begin_layer(void *ctx, const char *diff_id, uint64_t size, bool *ret_wanted,
		       struct error *err)
{
	struct work *work = ctx;
	const struct image_layer *layer = image_layers_find(&work->layers, diff_id);

	(void)err;
	work->is_wanted = layer ? layer->state == LAYER_LACKING
				: image_layers_have(&work->layers, LAYER_LACKING);
	*ret_wanted = work->is_wanted;
	if (work->is_wanted)
		uploads_begin(work->uploads, diff_id, size);
	return 0;
}

static int take_layer(void *ctx, const char *bytes, size_t len, struct error *err)
{
	struct work *work = ctx;

	return uploads_add(work->uploads, bytes, len, err);
}

/* Only now is it sure which layer that was. */
static int end_layer(void *ctx, const char *diff_id, struct error *err)
{
	struct work *work = ctx;
	struct image_layer *layer = image_layers_find(&work->layers, diff_id);
	bool is_wanted = layer && layer->state == LAYER_LACKING;

	(void)err;
	if (is_wanted)
		layer->state = LAYER_COMING;
	uploads_end(work->uploads, diff_id, is_wanted);
	return 0;
}

static void take_uploaded(void *ctx, const struct uploaded *uploaded)
{
	const struct work *work = ctx;
	struct image_layer *layer = image_layers_find(&work->layers, uploaded->diff_id);

	str_reset(&layer->digest);
	str_adds(&layer->digest, uploaded->digest);
	layer->size = uploaded->size;
	layer->state = LAYER_PRESENT;
}

static bool take_archive(void *ctx, const char *bytes, size_t len)
{
	struct work *work = ctx;

	return archive_add(work->archive, bytes, len, &work->err) == 0;
}

/* What failed is, in this order: an upload, what was made of the export, the Engine. */
static int export_layers(struct work *work, struct error *err)
{
	const struct direct_push *push = work->push;
	CLEANUP(error_release) struct error export_err = ERROR_INIT;
	int result = engine_export_image(push->engine, push->image->id.buf, take_archive, work,
					 &export_err);
	int sent = uploads_finish(work->uploads, result == 0, err);

	if (sent == 0 && result < 0) {
		struct error *cause = work->err.kind == ERROR_NONE ? &export_err : &work->err;

		*err = *cause;
		*cause = (struct error)ERROR_INIT;
		sent = -1;
	}
	error_release(&work->err);
	return sent;
}

/* The configuration says the same of the layers as the Engine, or one of them is mistaken. */
static int check_config(const struct work *work, const struct str *config, struct error *err)
{
	const struct strv *layers = &work->push->image->layers;
	json_auto_t *object = json_read(config->buf, config->len, err);
	const json_t *diff_ids = json_object_get(json_object_get(object, "rootfs"), "diff_ids");
	bool is_same = json_array_size(diff_ids) == layers->count;

	if (!object) {
		error_become(err, ERROR_TOOL);
		return error_wrap(err, "configuration of image %s", work->push->image->id.buf);
	}
	for (size_t i = 0; is_same && i < layers->count; i++) {
		const char *diff_id = json_string_value(json_array_get(diff_ids, i));

		is_same = diff_id && strcmp(diff_id, layers->v[i]) == 0;
	}
	return is_same ? 0
		       : error_set(err, ERROR_TOOL,
				   "the Engine and image %s disagree on its layers",
				   work->push->image->id.buf);
}

static int send_config(struct work *work, struct error *err)
{
	const struct str *config;

	if (archive_finish(work->archive, &config, err) < 0 || check_config(work, config, err) < 0)
		return -1;
	if (!work->has_config && blob_put(&work->registry, work->push->name, config, err) < 0)
		return error_wrap(err, "uploading the image's configuration");
	work->has_config = true;
	work->config_size = config->len;
	return 0;
}

/* What was on its way and did not arrive is to be sent again. */
static void forget_coming(struct image_layers *layers)
{
	for (size_t i = 0; i < layers->count; i++) {
		if (layers->items[i].state == LAYER_COMING)
			layers->items[i].state = LAYER_LACKING;
	}
}

static int send_lacking(struct work *work, struct error *err)
{
	const struct direct_push *push = work->push;
	const struct archive_sink sink = { begin_layer, take_layer, end_layer, work };
	const struct uploads_target target = {
		.registry = work->registry,
		.name = push->name,
		.clock = push->clock,
		.report = push->report,
		.on_done = take_uploaded,
		.ctx = work,
	};
	int result;

	if (uploads_new(&target, &work->uploads, err) < 0)
		return -1;
	work->archive = archive_new(push->image->id.buf, &push->image->layers, &sink);
	result = export_layers(work, err);
	if (result == 0)
		result = send_config(work, err);
	uploads_free(work->uploads);
	archive_free(work->archive);
	forget_coming(&work->layers);
	if (result == 0 && image_layers_have(&work->layers, LAYER_LACKING))
		return error_set(err, ERROR_TOOL, "the Engine's archive of image %s lacks layers",
				 push->image->id.buf);
	return result;
}

/* ---- all of it ---- */

static int put_manifest(struct work *work, struct str *ret_digest, struct error *err)
{
	const struct direct_push *push = work->push;
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;

	image_layers_write(&work->layers, &push->image->layers, push->image->id.buf,
			   work->config_size, &manifest.bytes);
	str_adds(&manifest.media_type, IMAGE_MANIFEST_TYPE);
	str_adds(&manifest.digest, "sha256:");
	digest_sha256_hex(&manifest.digest, manifest.bytes.buf, manifest.bytes.len);
	if (registry_put(&work->registry, push->name, push->tag, &manifest, err) < 0)
		return -1;
	str_reset(ret_digest);
	str_adds(ret_digest, manifest.digest.buf);
	return 0;
}

static int attempt(struct work *work, struct str *ret_digest, struct error *err)
{
	const struct direct_push *push = work->push;

	if (look_around(work, err) < 0)
		return -1;
	if (work->same.len) {
		if (registry_tag(&work->registry, push->name, work->same.buf, push->tag, err) < 0)
			return -1;
		str_reset(ret_digest);
		str_adds(ret_digest, work->same.buf);
		return 0;
	}
	/* A length of 0: the registry keeps it elsewhere, and does not tell. */
	if ((image_layers_have(&work->layers, LAYER_LACKING) || !work->has_config ||
	     work->config_size == 0) &&
	    send_lacking(work, err) < 0)
		return -1;
	return put_manifest(work, ret_digest, err);
}

/* Makes ready for another attempt, where that may help. */
static int prepare_again(struct work *work, unsigned failed, struct error *err)
{
	const struct direct_push *push = work->push;
	bool is_login = error_has_code(err, "ExpiredToken") || error_has_code(err, "NoCredentials");

	work->is_unseen = work->is_unseen || error_has_code(err, "Unseen");
	if (failed >= ATTEMPTS || (!is_login && err->kind != ERROR_NETWORK &&
				   err->kind != ERROR_REMOTE && err->kind != ERROR_BUSY))
		return -1;
	/* Credentials that are new are not refused twice. */
	if (is_login && failed > 1)
		return -1;
	report_note(push->report, "%s: trying again", err->msg.buf);
	error_release(err);
	if (is_login)
		return push->login(push->ctx, &work->registry, err);
	push->clock->sleep_ms(push->clock, (int64_t)FIRST_PAUSE_MS << (failed - 1));
	return 0;
}

int direct_push(const struct direct_push *push, struct str *ret_digest, struct error *err)
{
	struct work work = { .push = push,
			     .registry = push->registry,
			     .layers = IMAGE_LAYERS_INIT,
			     .same = STR_INIT,
			     .err = ERROR_INIT };
	unsigned failed = 0;
	int result;

	image_layers_fill(&work.layers, &push->image->layers);
	while ((result = attempt(&work, ret_digest, err)) < 0) {
		if (prepare_again(&work, ++failed, err) < 0)
			break;
	}
	if (result < 0 && work.is_unseen)
		error_set_code(err, "Unseen");
	image_layers_release(&work.layers);
	str_release(&work.same);
	return result < 0 ? error_wrap(err, "pushing %s:%s", push->name, push->tag) : 0;
}
