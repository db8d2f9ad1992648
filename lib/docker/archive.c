#include "docker/archive.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "data/digest.h"
#include "data/json.h"
#include "data/tar.h"

#include <string.h>

#define DIGEST_DIGITS 64

/* As registries have it for a configuration; the files that name layers are far smaller. */
#define KEPT_MAX_BYTES (4UL << 20)

/* What the file that is being read is. */
enum file { FILE_OTHER, FILE_CONFIG, FILE_LAYER, FILE_LAYER_NAME };

struct archive {
	struct archive_sink sink;
	const char *image_id;
	const struct strv *layers;
	struct tar_sink tar_sink;
	struct tar tar;
	enum file file;
	struct sha256 *hash; /* of the layer that is being read */
	struct str kept;     /* of a small file that is being read */
	struct str config;
	struct str folder; /* the folder of the last ID/json, and the layer that it names */
	struct str diff_id;
};

/* Whether the hexadecimal digits of a digest begin the name. */
static bool starts_with_digest(struct slice name)
{
	size_t n = 0;

	while (n < name.n && n < DIGEST_DIGITS &&
	       ((name.p[n] >= '0' && name.p[n] <= '9') || (name.p[n] >= 'a' && name.p[n] <= 'f')))
		n++;
	return n == DIGEST_DIGITS;
}

/* The layer of `digits`, as the image lists it, or NULL. */
static const char *find_layer(const struct archive *archive, struct slice digits)
{
	for (size_t i = 0; i < archive->layers->count; i++) {
		const char *layer = archive->layers->v[i];

		if (strncmp(layer, "sha256:", 7) == 0 && slice_is(digits, layer + 7))
			return layer;
	}
	return NULL;
}

static bool is_config(const struct archive *archive, struct slice digits)
{
	return strncmp(archive->image_id, "sha256:", 7) == 0 &&
	       slice_is(digits, archive->image_id + 7);
}

/* "DIGEST" or "DIGEST.tar" of a layer, "DIGEST" or "DIGEST.json" of the configuration. */
static enum file classify_digest(const struct archive *archive, struct slice name,
				 const char **ret_layer)
{
	struct slice digits = { name.p, DIGEST_DIGITS };
	struct slice rest = { name.p + DIGEST_DIGITS, name.n - DIGEST_DIGITS };
	const char *layer = find_layer(archive, digits);

	if (layer && (rest.n == 0 || slice_is(rest, ".tar"))) {
		*ret_layer = layer;
		return FILE_LAYER;
	}
	if (is_config(archive, digits) && (rest.n == 0 || slice_is(rest, ".json")))
		return FILE_CONFIG;
	return FILE_OTHER;
}

/* Up to Engine 24 a layer stands in a folder whose name is a hash of more than the layer. */
static enum file classify(struct archive *archive, struct slice name, const char **ret_layer)
{
	struct slice digits = { name.p, DIGEST_DIGITS };
	struct slice rest;

	*ret_layer = "";
	if (slice_starts_with(name, "blobs/sha256/"))
		name = (struct slice){ name.p + 13, name.n - 13 };
	if (!starts_with_digest(name))
		return FILE_OTHER;
	rest = (struct slice){ name.p + DIGEST_DIGITS, name.n - DIGEST_DIGITS };
	if (slice_is(rest, "/json")) {
		str_reset(&archive->folder);
		str_add(&archive->folder, digits.p, digits.n);
		return FILE_LAYER_NAME;
	}
	if (!slice_is(rest, "/layer.tar"))
		return classify_digest(archive, name, ret_layer);
	if (slice_is(digits, archive->folder.buf))
		*ret_layer = archive->diff_id.buf;
	return FILE_LAYER;
}

static int begin_file(void *ctx, const char *name, uint64_t size, struct error *err)
{
	struct archive *archive = ctx;
	const char *layer;
	bool is_wanted = false;

	archive->file = classify(archive, slice_of(name), &layer);
	str_reset(&archive->kept);
	if (archive->file != FILE_LAYER) {
		if (size > KEPT_MAX_BYTES)
			archive->file = FILE_OTHER;
		return 0;
	}
	if (archive->sink.begin(archive->sink.ctx, layer, size, &is_wanted, err) < 0)
		return -1;
	if (is_wanted)
		archive->hash = sha256_new();
	else
		archive->file = FILE_OTHER;
	return 0;
}

static int take_bytes(void *ctx, const char *bytes, size_t len, struct error *err)
{
	struct archive *archive = ctx;

	if (archive->file == FILE_OTHER)
		return 0;
	if (archive->file != FILE_LAYER) {
		str_add(&archive->kept, bytes, len);
		return 0;
	}
	sha256_add(archive->hash, bytes, len);
	return archive->sink.data(archive->sink.ctx, bytes, len, err);
}

static void free_hash(struct archive *archive)
{
	sha256_free(archive->hash);
	archive->hash = NULL;
}

static int end_layer(struct archive *archive, struct error *err)
{
	CLEANUP(str_release) struct str diff_id = STR_INIT;

	str_adds(&diff_id, "sha256:");
	sha256_finish(archive->hash, &diff_id);
	free_hash(archive);
	return archive->sink.end(archive->sink.ctx, diff_id.buf, err);
}

static void keep_config(struct archive *archive)
{
	CLEANUP(str_release) struct str id = STR_INIT;

	str_adds(&id, "sha256:");
	digest_sha256_hex(&id, archive->kept.buf, archive->kept.len);
	if (strcmp(id.buf, archive->image_id) != 0)
		return;
	str_reset(&archive->config);
	str_add(&archive->config, archive->kept.buf, archive->kept.len);
}

/* A member of ID/json as it is there: the order of keys counts, blanks do not. */
static void add_member(struct str *text, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	str_addf(text, "%s\"%s\":", text->len > 1 ? "," : "", key);
	if (value)
		json_write(value, text);
}

/*
 * The name of the folder of a layer that is not the last: the hash of its ID/json as it was before
 * it had an id, with the chain id of the layer (moby up to v24, image/v1/imagev1.go, CreateID, and
 * image/tarexport/save.go). OCI image-spec, config.md, "Layer ChainID".
 */
static bool names_folder(const json_t *object, const char *chain, const char *folder)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP(str_release) struct str digits = STR_INIT;
	const char *parent = json_text(object, "parent");

	str_addc(&text, '{');
	add_member(&text, object, "container_config");
	add_member(&text, object, "created");
	str_addf(&text, ",\"layer_id\":\"%s\"", chain);
	if (parent)
		str_addf(&text, ",\"parent\":\"sha256:%s\"", parent);
	str_addc(&text, '}');
	digest_sha256_hex(&digits, text.buf, text.len);
	return strcmp(digits.buf, folder) == 0;
}

/* Which layer the folder holds; the last layer's has a file of another form, and stays unknown. */
static void name_layer(struct archive *archive)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	CLEANUP(str_release) struct str chain = STR_INIT;
	json_auto_t *object = json_read(archive->kept.buf, archive->kept.len, &ignored);

	str_reset(&archive->diff_id);
	if (!object)
		return;
	for (size_t i = 0; i < archive->layers->count; i++) {
		const char *layer = archive->layers->v[i];

		if (chain.len) {
			CLEANUP_FREE char *pair = mem_printf("%s %s", chain.buf, layer);

			str_reset(&chain);
			str_adds(&chain, "sha256:");
			digest_sha256_hex(&chain, pair, strlen(pair));
		} else {
			str_adds(&chain, layer);
		}
		if (names_folder(object, chain.buf, archive->folder.buf)) {
			str_adds(&archive->diff_id, layer);
			return;
		}
	}
}

static int end_file(void *ctx, struct error *err)
{
	struct archive *archive = ctx;

	switch (archive->file) {
	case FILE_LAYER:
		return end_layer(archive, err);
	case FILE_CONFIG:
		keep_config(archive);
		break;
	case FILE_LAYER_NAME:
		name_layer(archive);
		break;
	case FILE_OTHER:
		break;
	}
	return 0;
}

struct archive *archive_new(const char *image_id, const struct strv *layers,
			    const struct archive_sink *sink)
{
	struct archive *archive = mem_zalloc(sizeof(*archive));

	archive->sink = *sink;
	archive->image_id = image_id;
	archive->layers = layers;
	archive->tar_sink = (struct tar_sink){ begin_file, take_bytes, end_file, archive };
	archive->tar = (struct tar)TAR_INIT(&archive->tar_sink);
	archive->kept = (struct str)STR_INIT;
	archive->config = (struct str)STR_INIT;
	archive->folder = (struct str)STR_INIT;
	archive->diff_id = (struct str)STR_INIT;
	return archive;
}

void archive_free(struct archive *archive)
{
	if (!archive)
		return;
	free_hash(archive);
	tar_release(&archive->tar);
	str_release(&archive->kept);
	str_release(&archive->config);
	str_release(&archive->folder);
	str_release(&archive->diff_id);
	free(archive);
}

int archive_add(struct archive *archive, const char *bytes, size_t len, struct error *err)
{
	return tar_add(&archive->tar, bytes, len, err);
}

int archive_finish(const struct archive *archive, const struct str **ret_config, struct error *err)
{
	if (tar_finish(&archive->tar, err) < 0)
		return -1;
	if (archive->config.len == 0)
		return error_set(err, ERROR_REMOTE, "the image's archive has no configuration %s",
				 archive->image_id);
	*ret_config = &archive->config;
	return 0;
}
