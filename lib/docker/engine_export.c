#include "base/cleanup.h"
#include "data/json.h"
#include "docker/engine_call.h"

#include <string.h>

/* Long: an Engine writes the whole archive to its own disk before it sends the first byte. */
#define EXPORT_STALL_MS 900000

int engine_export_image(struct engine *engine, const char *ref, http_body_fn on_body, void *ctx,
			struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;
	CLEANUP(str_release) struct str url = STR_INIT;
	struct http_request request;

	str_adds(&path, "/images/");
	if (engine_add_name(&path, ref, err) < 0)
		return -1;
	str_adds(&path, "/get");
	engine_prepare(engine, "GET", path.buf, &request, &url);
	request.on_body = on_body;
	request.ctx = ctx;
	request.stall_timeout_ms = EXPORT_STALL_MS;
	if (engine_exchange(engine, &request, &response, err) < 0 ||
	    engine_check(&response, err) < 0)
		return error_wrap(err, "exporting image %s", ref);
	return 0;
}

int engine_keeps_compressed(struct engine *engine, bool *ret, struct error *err)
{
	json_auto_t *info = engine_get(engine, "/info", err);
	const json_t *pair;
	size_t i;

	if (!info)
		return -1;
	*ret = false;
	json_array_foreach(json_object_get(info, "DriverStatus"), i, pair)
	{
		const char *key = json_string_value(json_array_get(pair, 0));
		const char *value = json_string_value(json_array_get(pair, 1));

		if (key && value && strcmp(key, "driver-type") == 0 &&
		    strcmp(value, "io.containerd.snapshotter.v1") == 0)
			*ret = true;
	}
	return 0;
}

/* The digest by which an image is known in repositories of `host`, or NULL. */
static const char *digest_at(const json_t *image, const char *host)
{
	const json_t *digest;
	size_t host_len = strlen(host);
	size_t i;

	json_array_foreach(json_object_get(image, "RepoDigests"), i, digest)
	{
		const char *text = json_string_value(digest);

		if (text && strncmp(text, host, host_len) == 0 && text[host_len] == '/')
			return text;
	}
	return NULL;
}

static bool shares_layer(const struct engine_image *image, const struct strv *layers)
{
	for (size_t i = 0; i < image->layers.count; i++) {
		if (strv_has(layers, image->layers.v[i]))
			return true;
	}
	return false;
}

int engine_list_relatives(struct engine *engine, const char *host, const struct strv *layers,
			  struct strv *ret, struct error *err)
{
	json_auto_t *images = engine_get(engine, "/images/json", err);
	const json_t *image;
	size_t i;

	if (!images)
		return -1;
	json_array_foreach(images, i, image)
	{
		CLEANUP(engine_image_release) struct engine_image found = ENGINE_IMAGE_INIT;
		const char *digest = digest_at(image, host);
		const char *id = json_text(image, "Id");

		if (!digest || !id)
			continue;
		if (engine_inspect_image(engine, id, &found, err) < 0) {
			/* Removed meanwhile. */
			if (!error_has_code(err, "NotFound"))
				return -1;
			error_release(err);
		} else if (shares_layer(&found, layers)) {
			strv_add(ret, digest);
		}
	}
	return 0;
}
