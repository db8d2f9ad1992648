#include "base/cleanup.h"
#include "data/digest.h"
#include "data/json.h"
#include "docker/engine_call.h"
#include "docker/push.h"

#include <assert.h>
#include <string.h>

/* Long: an Engine compresses a whole layer before it says anything, and retries by itself. */
#define PUSH_STALL_MS 300000

void engine_image_release(struct engine_image *image)
{
	str_release(&image->id);
	strv_release(&image->repo_digests);
	strv_release(&image->labels);
	strv_release(&image->layers);
	str_release(&image->created);
	image->size_bytes = 0;
}

static void add_text(struct str *out, const json_t *object, const char *key)
{
	const char *text = json_text(object, key);

	str_adds(out, text ? text : "");
}

static void add_texts(struct strv *out, const json_t *list)
{
	const json_t *value;
	size_t i;

	json_array_foreach(list, i, value)
	{
		if (json_is_string(value))
			strv_add(out, json_string_value(value));
	}
}

static void fill_image(const json_t *body, struct engine_image *ret)
{
	json_t *labels = json_object_get(json_object_get(body, "Config"), "Labels");
	const char *key;
	json_t *value;

	add_text(&ret->id, body, "Id");
	add_text(&ret->created, body, "Created");
	ret->size_bytes = json_integer_value(json_object_get(body, "Size"));
	add_texts(&ret->repo_digests, json_object_get(body, "RepoDigests"));
	add_texts(&ret->layers, json_object_get(json_object_get(body, "RootFS"), "Layers"));
	json_object_foreach(labels, key, value)
	{
		if (json_is_string(value))
			strv_addf(&ret->labels, "%s=%s", key, json_string_value(value));
	}
}

int engine_inspect_image(struct engine *engine, const char *ref, struct engine_image *ret,
			 struct error *err)
{
	CLEANUP(str_release) struct str path = STR_INIT;
	json_auto_t *body = NULL;

	str_adds(&path, "/images/");
	if (engine_add_name(&path, ref, err) < 0)
		return -1;
	str_adds(&path, "/json");
	body = engine_get(engine, path.buf, err);
	if (!body)
		return -1;
	if (!json_text(body, "Id"))
		return error_set(err, ERROR_TOOL, "Docker Engine: image '%s' has no id", ref);
	engine_image_release(ret);
	fill_image(body, ret);
	return 0;
}

int engine_tag_image(struct engine *engine, const char *ref, const char *repository,
		     const char *tag, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;

	str_adds(&path, "/images/");
	if (engine_add_name(&path, ref, err) < 0)
		return -1;
	str_adds(&path, "/tag?repo=");
	url_encode(&path, repository, strlen(repository));
	str_adds(&path, "&tag=");
	url_encode(&path, tag, strlen(tag));
	return engine_call(engine, "POST", path.buf, &response, err);
}

int engine_remove_image(struct engine *engine, const char *ref, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;

	str_adds(&path, "/images/");
	if (engine_add_name(&path, ref, err) < 0)
		return -1;
	if (engine_call(engine, "DELETE", path.buf, &response, err) == 0)
		return 0;
	if (error_has_code(err, "Conflict"))
		return error_fix(err, "remove the containers that use it first");
	if (!error_has_code(err, "NotFound"))
		return -1;
	error_release(err);
	return 0;
}

/*
 * The credentials as one header, base64url with padding: Engines up to 20.10 take any other form
 * for none at all, without a word. Room is made beforehand, so that growing leaves no copies.
 */
static void add_auth(const struct engine_auth *auth, struct strv *headers)
{
	CLEANUP(str_wipe) struct str json = STR_INIT;
	CLEANUP(str_wipe) struct str header = STR_INIT;

	str_reserve(&json, secret_len(auth->password) * 6 + 1024);
	str_adds(&json, "{\"username\":");
	json_quote(&json, auth->username);
	str_adds(&json, ",\"password\":");
	json_quote(&json, secret_bytes(auth->password));
	str_adds(&json, ",\"serveraddress\":");
	json_quote(&json, auth->server);
	str_addc(&json, '}');
	str_reserve(&header, json.len * 4 / 3 + 64);
	str_adds(&header, "X-Registry-Auth: ");
	base64_encode(&header, json.buf, json.len);
	for (char *p = header.buf + strlen("X-Registry-Auth: "); *p; p++) {
		if (*p == '+')
			*p = '-';
		else if (*p == '/')
			*p = '_';
	}
	strv_take(headers, str_detach(&header));
}

static bool take_push(void *ctx, const char *bytes, size_t len)
{
	struct push *push = ctx;

	push_add(push, bytes, len);
	return !push->is_garbled;
}

static int send_push(struct engine *engine, struct http_request *request, struct push *stream,
		     struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	int result;

	request->on_body = take_push;
	request->ctx = stream;
	request->stall_timeout_ms = PUSH_STALL_MS;
	result = engine_exchange(engine, request, &response, err);
	/* What the Engine managed to say explains more than the connection that broke after it. */
	if (result < 0 && (stream->failure.len || stream->is_garbled)) {
		error_release(err);
		return 0;
	}
	return result < 0 ? -1 : engine_check(&response, err);
}

/*
 * Without a tag, an Engine pushes every tag of the repository that it has. A registry on this
 * machine is spoken to over plain http: Docker's Engine knows that by itself, podman is told.
 */
static int add_push_path(const struct engine *engine, const struct engine_push *push,
			 struct str *path, struct error *err)
{
	CLEANUP(str_release) struct str url = STR_INIT;

	str_adds(path, "/images/");
	if (engine_add_name(path, push->repository, err) < 0)
		return -1;
	str_adds(path, "/push?tag=");
	url_encode(path, push->tag, strlen(push->tag));
	str_addf(&url, "http://%s", push->repository);
	if (engine_is_podman(engine) && url_is_loopback(url.buf))
		str_adds(path, "&tlsVerify=false");
	return 0;
}

int engine_push(struct engine *engine, const struct engine_push *push, struct str *ret_digest,
		struct error *err)
{
	CLEANUP(strv_wipe) struct strv headers = STRV_INIT;
	CLEANUP(push_release) struct push stream = PUSH_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;
	CLEANUP(str_release) struct str url = STR_INIT;
	struct http_request request;

	assert(*push->tag);
	if (add_push_path(engine, push, &path, err) < 0)
		return -1;
	engine_prepare(engine, "POST", path.buf, &request, &url);
	add_auth(&push->auth, &headers);
	request.headers = headers;
	stream.report = push->report;
	stream.tag = push->tag;
	if (send_push(engine, &request, &stream, err) < 0 ||
	    push_finish(&stream, ret_digest, err) < 0)
		return error_wrap(err, "pushing %s:%s", push->repository, push->tag);
	return 0;
}

/* One by one rather than by the Engine's prune: it counts layers, and takes no "only these". */
static int remove_dangling(struct engine *engine, const json_t *images, unsigned *ret_count,
			   struct error *err)
{
	unsigned count = 0;
	json_t *image;
	size_t i;

	json_array_foreach(images, i, image)
	{
		CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
		CLEANUP(str_release) struct str path = STR_INIT;
		const char *id = json_text(image, "Id");

		str_adds(&path, "/images/");
		if (engine_add_name(&path, id ? id : "", err) < 0)
			return -1;
		if (engine_call(engine, "DELETE", path.buf, &response, err) == 0) {
			count++;
			continue;
		}
		/* Still used by a container or another image, or gone meanwhile: left alone. */
		if (!error_has_code(err, "NotFound") && !error_has_code(err, "Conflict"))
			return -1;
		error_release(err);
	}
	*ret_count = count;
	return 0;
}

int engine_prune_dangling(struct engine *engine, const struct strv *labels, unsigned *ret_count,
			  struct error *err)
{
	CLEANUP(str_release) struct str path = STR_INIT;
	json_auto_t *images = NULL;

	assert(labels->count);
	str_adds(&path, "/images/json?");
	engine_add_filters(&path, labels, true);
	images = engine_get(engine, path.buf, err);
	return images ? remove_dangling(engine, images, ret_count, err) : -1;
}
