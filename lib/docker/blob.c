#include "docker/blob.h"

#include "base/cleanup.h"
#include "base/slice.h"
#include "data/digest.h"
#include "docker/registry_call.h"

#include <string.h>

#define OCTETS "application/octet-stream"

int blob_exists(const struct registry *registry, const char *name, const char *digest, bool *ret,
		uint64_t *ret_size, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;
	struct registry_call call = { .method = "HEAD" };
	const char *len;
	uint64_t size = 0;

	str_addf(&path, "%s/blobs/%s", name, digest);
	call.path = path.buf;
	if (registry_send(registry, &call, &response, err) < 0)
		return -1;
	if (response.status == 404) {
		*ret = false;
		return 0;
	}
	/* 307: it is elsewhere, but it is. Its length is then not told. */
	if (response.status / 100 != 3 && registry_check_response(registry, &response, err) < 0)
		return error_wrap(err, "looking up layer %s", digest);
	len = http_header(&response, "content-length");
	if (response.status / 100 == 2 && len)
		(void)slice_to_u64(slice_trim(slice_of(len)), UINT64_MAX, &size);
	*ret = true;
	*ret_size = size;
	return 0;
}

/* Where an upload that the registry opened goes on. */
static int take_location(const struct http_response *response, struct str *location,
			 struct error *err)
{
	const char *value = http_header(response, "location");

	if (value) {
		str_reset(location);
		str_adds(location, value);
	}
	if (location->len)
		return 0;
	return error_set(err, ERROR_REMOTE, "the registry says not where to upload to");
}

static int begin(const struct registry *registry, const char *name, struct str *location,
		 struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;
	struct registry_call call = { .method = "POST" };

	str_addf(&path, "%s/blobs/uploads/", name);
	call.path = path.buf;
	if (registry_send(registry, &call, &response, err) < 0 ||
	    registry_check_response(registry, &response, err) < 0)
		return -1;
	return take_location(&response, location, err);
}

int blob_mount(const struct registry *registry, const char *name, const char *digest,
	       const char *from, bool *ret, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(http_response_release) struct http_response dropped = HTTP_RESPONSE_INIT;
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;
	CLEANUP(str_release) struct str location = STR_INIT;
	struct registry_call call = { .method = "POST" };

	str_addf(&path, "%s/blobs/uploads/?mount=", name);
	url_encode(&path, digest, strlen(digest));
	str_adds(&path, "&from=");
	url_encode(&path, from, strlen(from));
	call.path = path.buf;
	if (registry_send(registry, &call, &response, err) < 0 ||
	    registry_check_response(registry, &response, err) < 0)
		return -1;
	*ret = response.status == 201;
	/* An upload was opened instead: closed again, where the registry lets it be. */
	if (!*ret && take_location(&response, &location, &ignored) == 0) {
		call = (struct registry_call){ .method = "DELETE", .path = location.buf };
		(void)registry_send(registry, &call, &dropped, &ignored);
	}
	return 0;
}

static int hash_matches(const struct str *bytes, const char *digest, struct error *err)
{
	CLEANUP(str_release) struct str hash = STR_INIT;

	str_adds(&hash, "sha256:");
	digest_sha256_hex(&hash, bytes->buf, bytes->len);
	if (strcmp(hash.buf, digest) == 0)
		return 0;
	return error_set(err, ERROR_REMOTE, "asked for blob %s, what came has %s", digest,
			 hash.buf);
}

/* ECR keeps blobs in S3 and sends there, once. */
static int get(const struct registry *registry, const char *name, const char *digest,
	       const struct registry_call *how, struct http_response *response, struct error *err)
{
	CLEANUP(str_release) struct str path = STR_INIT;
	struct registry_call call = *how;
	const char *elsewhere;

	str_addf(&path, "%s/blobs/%s", name, digest);
	call.method = "GET";
	call.path = path.buf;
	if (registry_send(registry, &call, response, err) < 0)
		return -1;
	elsewhere = response->status / 100 == 3 ? http_header(response, "location") : NULL;
	if (elsewhere) {
		str_reset(&path);
		str_adds(&path, elsewhere);
		call.path = path.buf;
		http_response_release(response);
		*response = (struct http_response)HTTP_RESPONSE_INIT;
		if (registry_send(registry, &call, response, err) < 0)
			return -1;
	}
	return registry_check_response(registry, response, err);
}

int blob_read(const struct registry *registry, const char *name, const char *digest,
	      http_body_fn on_body, void *ctx, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	const struct registry_call how = { .on_body = on_body, .ctx = ctx };

	return get(registry, name, digest, &how, &response, err);
}

int blob_get(const struct registry *registry, const char *name, const char *digest,
	     struct str *ret_bytes, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	const struct registry_call how = { .on_body = NULL };

	if (get(registry, name, digest, &how, &response, err) < 0 ||
	    hash_matches(&response.body, digest, err) < 0)
		return -1;
	str_reset(ret_bytes);
	str_add(ret_bytes, response.body.buf, response.body.len);
	return 0;
}

/* Closes an upload: the location may have a query of its own already. */
static int finish(const struct registry *registry, const struct str *location, const char *digest,
		  const struct str *bytes, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;
	struct registry_call call = { .method = "PUT", .media_type = OCTETS, .body = bytes };
	const char *told;

	str_addf(&path, "%s%cdigest=", location->buf, strchr(location->buf, '?') ? '&' : '?');
	url_encode(&path, digest, strlen(digest));
	call.path = path.buf;
	if (registry_send(registry, &call, &response, err) < 0 ||
	    registry_check_response(registry, &response, err) < 0)
		return -1;
	told = http_header(&response, "docker-content-digest");
	if (!told || strcmp(told, digest) == 0)
		return 0;
	return error_set(err, ERROR_PUBLISH, "the registry took %s, but %s was sent", told, digest);
}

int blob_put(const struct registry *registry, const char *name, const struct str *bytes,
	     struct error *err)
{
	CLEANUP(str_release) struct str location = STR_INIT;
	CLEANUP(str_release) struct str digest = STR_INIT;

	str_adds(&digest, "sha256:");
	digest_sha256_hex(&digest, bytes->buf, bytes->len);
	if (begin(registry, name, &location, err) < 0)
		return -1;
	return finish(registry, &location, digest.buf, bytes, err);
}

int blob_stream(const struct registry *registry, const struct blob_upload *upload,
		struct error *err)
{
	static const struct str nothing = STR_INIT;
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(str_release) struct str location = STR_INIT;
	struct registry_call call = {
		.method = "PATCH",
		.media_type = OCTETS,
		.source = upload->source,
		.ctx = upload->ctx,
	};

	if (begin(registry, upload->name, &location, err) < 0)
		return -1;
	call.path = location.buf;
	if (registry_send(registry, &call, &response, err) < 0 ||
	    registry_check_response(registry, &response, err) < 0 ||
	    take_location(&response, &location, err) < 0)
		return -1;
	return finish(registry, &location, upload->digest(upload->ctx), &nothing, err);
}
