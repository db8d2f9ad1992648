#include "docker/registry_call.h"

#include "base/cleanup.h"
#include "base/mask.h"
#include "base/slice.h"
#include "data/digest.h"
#include "data/json.h"
#include "docker/failure.h"
#include "docker/image.h"

#include <ctype.h>
#include <string.h>

/* Between two bytes of an upload: the Engine may have to be waited for. */
#define UPLOAD_STALL_MS 300000

/* How often a request is sent whose answer gets lost. */
#define TRIES 3

/* libcurl's numbers (curl/curl.h) of connections that ended early. */
#define CURL_PARTIAL_FILE "18"
#define CURL_GOT_NOTHING  "52"
#define CURL_SEND_ERROR	  "55"
#define CURL_RECV_ERROR	  "56"

/* More platforms are nobody's. */
#define INDEX_MAX_IMAGES 64

static const char accept_manifests[] =
	"Accept: application/vnd.docker.distribution.manifest.v2+json, "
	"application/vnd.docker.distribution.manifest.list.v2+json, "
	"application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json";

void manifest_release(struct manifest *manifest)
{
	str_release(&manifest->bytes);
	str_release(&manifest->media_type);
	str_release(&manifest->digest);
}

/* RFC 7617. Room is made beforehand, so that growing leaves no copies of the password. */
static void add_authorization(const struct registry *registry, struct strv *headers)
{
	CLEANUP(str_wipe) struct str pair = STR_INIT;
	CLEANUP(str_wipe) struct str header = STR_INIT;

	if (!registry->username)
		return;
	str_reserve(&pair, strlen(registry->username) + secret_len(registry->password) + 2);
	str_addf(&pair, "%s:", registry->username);
	str_add(&pair, secret_bytes(registry->password), secret_len(registry->password));
	str_reserve(&header, pair.len * 4 / 3 + 64);
	str_adds(&header, "Authorization: Basic ");
	base64_encode(&header, pair.buf, pair.len);
	strv_take(headers, str_detach(&header));
}

/* Docker writes a code as words before its message, "name unknown: ...": so does this. */
static void describe(const struct http_response *response, struct str *out)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	json_auto_t *body = json_read(response->body.buf, response->body.len, &ignored);
	const json_t *first = json_array_get(json_object_get(body, "errors"), 0);
	const char *code = json_text(first, "code");
	const char *message = json_text(first, "message");

	for (; code && *code; code++)
		str_addc(out, (char)(*code == '_' ? ' ' : tolower((unsigned char)*code)));
	if (out->len && message && *message)
		str_adds(out, ": ");
	str_adds(out, message ? message : "");
	if (out->len == 0)
		str_addf(out, "HTTP status %d", response->status);
}

static enum error_kind kind_of(int status)
{
	switch (status) {
	case 401:
	case 403:
		return ERROR_AUTH;
	case 429:
	case 503:
		return ERROR_BUSY;
	default:
		return status >= 500 ? ERROR_REMOTE : ERROR_PUBLISH;
	}
}

/* A registry may quote what it was sent. */
static void mask_login(const struct registry *registry, struct str *text)
{
	CLEANUP(strv_wipe) struct strv headers = STRV_INIT;

	if (!registry->password || !secret_is_set(registry->password))
		return;
	(void)mask_str(text, secret_bytes(registry->password));
	add_authorization(registry, &headers);
	for (size_t i = 0; i < headers.count; i++)
		(void)mask_str(text, strrchr(headers.v[i], ' ') + 1);
}

int registry_check_response(const struct registry *registry, const struct http_response *response,
			    struct error *err)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP(str_release) struct str host = STR_INIT;

	if (response->status >= 200 && response->status < 300)
		return 0;
	describe(response, &text);
	mask_login(registry, &text);
	docker_failure_set(err, kind_of(response->status), text.buf);
	if (!err->code[0] && response->status == 401)
		error_set_code(err, "NoCredentials");
	if (!err->code[0] && response->status == 404)
		error_set_code(err, "NotFound");
	if (response->status == 401)
		error_fix(err, "the registry refused the login: see 'deployer login'");
	url_host(registry->url, &host);
	return error_wrap(err, "registry %s", host.buf);
}

/* An absolute location on another host gets no credentials: the registry may send anywhere. */
static bool is_same_origin(const struct registry *registry, const char *url)
{
	CLEANUP(str_release) struct str own = STR_INIT;
	CLEANUP(str_release) struct str other = STR_INIT;

	url_host(registry->url, &own);
	url_host(url, &other);
	return strcmp(own.buf, other.buf) == 0 &&
	       strncmp(registry->url, url, strcspn(registry->url, ":")) == 0;
}

static void build_url(const struct registry *registry, const char *path, struct str *url)
{
	size_t base_len = strlen(registry->url);

	while (base_len && registry->url[base_len - 1] == '/')
		base_len--;
	if (strncmp(path, "http://", 7) != 0 && strncmp(path, "https://", 8) != 0) {
		str_add(url, registry->url, base_len);
		if (*path != '/')
			str_adds(url, "/v2/");
	}
	str_adds(url, path);
}

/*
 * To ask twice is to ask once, and to put the same manifest under the same tag twice is to put it
 * once. An upload is begun anew by whoever has its bytes.
 */
static bool is_repeatable(const struct registry_call *call)
{
	if (call->source || call->on_body)
		return false;
	return strcmp(call->method, "GET") == 0 || strcmp(call->method, "HEAD") == 0 ||
	       (strcmp(call->method, "PUT") == 0 && strstr(call->path, "/manifests/"));
}

/* The connection was there, and ended before the whole answer: it may be lost alone. */
static bool is_broken_off(const struct error *err)
{
	static const char *const codes[] = { CURL_PARTIAL_FILE, CURL_GOT_NOTHING, CURL_SEND_ERROR,
					     CURL_RECV_ERROR };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (err->kind == ERROR_NETWORK && error_has_code(err, codes[i]))
			return true;
	}
	return false;
}

static int send_again(const struct registry *registry, const struct registry_call *call,
		      const struct http_request *request, struct http_response *ret,
		      struct error *err)
{
	for (unsigned tries = 1; http_send(registry->http, request, ret, err) < 0; tries++) {
		if (tries == TRIES || !is_repeatable(call) || !is_broken_off(err))
			return -1;
		error_release(err);
		http_response_release(ret);
	}
	return 0;
}

int registry_send(const struct registry *registry, const struct registry_call *call,
		  struct http_response *ret, struct error *err)
{
	CLEANUP(strv_wipe) struct strv headers = STRV_INIT;
	CLEANUP(str_release) struct str url = STR_INIT;
	struct http_request request = {
		.method = call->method,
		.max_body = REGISTRY_MAX_BYTES,
		.source = call->source,
		.source_len = -1,
		.on_body = call->on_body,
		.ctx = call->ctx,
		.stall_timeout_ms = call->source ? UPLOAD_STALL_MS : 0,
	};

	build_url(registry, call->path, &url);
	strv_add(&headers, accept_manifests);
	if (is_same_origin(registry, url.buf))
		add_authorization(registry, &headers);
	if (call->media_type)
		strv_addf(&headers, "Content-Type: %s", call->media_type);
	if (call->body) {
		request.body = call->body->buf;
		request.body_len = call->body->len;
	}
	request.url = url.buf;
	request.allow_http = url_is_loopback(url.buf);
	request.headers = headers;
	return send_again(registry, call, &request, ret, err);
}

int registry_check(const struct registry *registry, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	const struct registry_call call = { .method = "GET", .path = "" };

	if (registry_send(registry, &call, &response, err) < 0)
		return -1;
	return registry_check_response(registry, &response, err);
}

/* The hash of the bytes is what counts; a registry that says otherwise is not believed. */
static int verify(const struct http_response *response, const char *reference,
		  const struct manifest *manifest, struct error *err)
{
	const char *claimed = http_header(response, "docker-content-digest");

	if (claimed && strcmp(claimed, manifest->digest.buf) != 0)
		return error_set(err, ERROR_PUBLISH,
				 "the registry names the digest %s, its manifest has %s", claimed,
				 manifest->digest.buf);
	if (strchr(reference, ':') && strcmp(reference, manifest->digest.buf) != 0)
		return error_set(err, ERROR_PUBLISH, "asked for %s, the manifest that came has %s",
				 reference, manifest->digest.buf);
	return 0;
}

static void take_media_type(const struct http_response *response, struct str *ret)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	const char *header = http_header(response, "content-type");
	json_auto_t *body = NULL;
	const char *inner;

	str_add(ret, header ? header : "", strcspn(header ? header : "", "; "));
	if (strncmp(ret->buf, "application/vnd.", 16) == 0)
		return;
	body = json_read(response->body.buf, response->body.len, &ignored);
	inner = json_text(body, "mediaType");
	if (inner) {
		str_reset(ret);
		str_adds(ret, inner);
	}
}

int registry_fetch(const struct registry *registry, const char *name, const char *reference,
		   struct manifest *ret, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;
	struct registry_call call = { .method = "GET" };

	str_addf(&path, "%s/manifests/%s", name, reference);
	call.path = path.buf;
	if (registry_send(registry, &call, &response, err) < 0)
		return -1;
	if (registry_check_response(registry, &response, err) < 0) {
		if (response.status == 404)
			error_set_code(err, "NotFound");
		return -1;
	}
	str_add(&ret->bytes, response.body.buf, response.body.len);
	str_adds(&ret->digest, "sha256:");
	digest_sha256_hex(&ret->digest, ret->bytes.buf, ret->bytes.len);
	take_media_type(&response, &ret->media_type);
	return verify(&response, reference, ret, err);
}

int registry_digest(const struct registry *registry, const char *name, const char *tag,
		    struct str *ret_digest, struct error *err)
{
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;

	if (registry_fetch(registry, name, tag, &manifest, err) < 0)
		return error_wrap(err, "looking up %s:%s", name, tag);
	str_reset(ret_digest);
	str_add(ret_digest, manifest.digest.buf, manifest.digest.len);
	return 0;
}

static json_t *parse(const struct manifest *manifest, const char *name, const char *reference,
		     struct error *err)
{
	json_t *body = json_read(manifest->bytes.buf, manifest->bytes.len, err);

	if (body)
		return body;
	error_become(err, ERROR_REMOTE);
	error_wrap(err, "manifest of %s:%s", name, reference);
	return NULL;
}

/* One image's manifest names its configuration, of which the image's id is the digest. */
static bool is_of_image(const struct manifest *manifest, const json_t *body, const char *image_id)
{
	const char *config = json_text(json_object_get(body, "config"), "digest");

	return strcmp(manifest->digest.buf, image_id) == 0 ||
	       (config && strcmp(config, image_id) == 0);
}

/* Attestations of buildx stand in an index as images of no platform. */
static bool is_attestation(const json_t *entry)
{
	const char *os = json_text(json_object_get(entry, "platform"), "os");

	return os && strcmp(os, "unknown") == 0;
}

/* The images of an index, one a platform (image-spec, image-index.md). */
static int index_has_image(const struct registry *registry, const char *name, const json_t *index,
			   const char *image_id, bool *ret, struct error *err)
{
	const json_t *entries = json_object_get(index, "manifests");
	const json_t *entry;
	size_t i;

	if (json_array_size(entries) > INDEX_MAX_IMAGES)
		return error_set(err, ERROR_REMOTE, "an index of %zu images",
				 json_array_size(entries));
	json_array_foreach(entries, i, entry)
	{
		CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
		const char *digest = json_text(entry, "digest");
		json_auto_t *body = NULL;

		if (!digest || !image_digest_is_valid(digest) || is_attestation(entry))
			continue;
		if (registry_fetch(registry, name, digest, &manifest, err) < 0)
			return -1;
		body = parse(&manifest, name, digest, err);
		if (!body)
			return -1;
		*ret = *ret || is_of_image(&manifest, body, image_id);
	}
	return 0;
}

int registry_has_image(const struct registry *registry, const char *name, const char *tag,
		       const char *image_id, bool *ret, struct error *err)
{
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
	json_auto_t *body = NULL;
	bool has_it;

	if (registry_fetch(registry, name, tag, &manifest, err) < 0)
		return error_wrap(err, "looking up %s:%s", name, tag);
	body = parse(&manifest, name, tag, err);
	if (!body)
		return -1;
	has_it = is_of_image(&manifest, body, image_id);
	if (!has_it && index_has_image(registry, name, body, image_id, &has_it, err) < 0)
		return error_wrap(err, "looking into %s:%s", name, tag);
	*ret = has_it;
	return 0;
}

int registry_index_has(const struct registry *registry, const char *name, const char *index,
		       const char *digest, bool *ret, struct error *err)
{
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
	json_auto_t *body = NULL;
	const json_t *item;
	size_t i;

	if (registry_fetch(registry, name, index, &manifest, err) < 0)
		return error_wrap(err, "looking up %s@%s", name, index);
	body = parse(&manifest, name, index, err);
	if (!body)
		return -1;
	*ret = false;
	json_array_foreach(json_object_get(body, "manifests"), i, item)
	{
		const char *listed = json_text(item, "digest");

		*ret = *ret || (listed && strcmp(listed, digest) == 0);
	}
	return 0;
}

static int put(const struct registry *registry, const char *name, const char *tag,
	       const struct manifest *manifest, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;
	struct registry_call call = { .method = "PUT",
				      .media_type = manifest->media_type.buf,
				      .body = &manifest->bytes };

	str_addf(&path, "%s/manifests/%s", name, tag);
	call.path = path.buf;
	if (registry_send(registry, &call, &response, err) < 0)
		return -1;
	return registry_check_response(registry, &response, err);
}

/* What the tag names now, asked anew: the answer to a PUT may have been lost, or lie. */
static int confirm(const struct registry *registry, const char *name, const char *tag,
		   const char *digest, struct error *err)
{
	CLEANUP(str_release) struct str found = STR_INIT;

	if (registry_digest(registry, name, tag, &found, err) < 0)
		return -1;
	if (strcmp(found.buf, digest) == 0)
		return 0;
	return error_set(err, ERROR_PUBLISH, "%s:%s names %s, not %s", name, tag, found.buf,
			 digest);
}

int registry_mark_unseen(struct error *err)
{
	if ((err->kind == ERROR_NETWORK || err->kind == ERROR_REMOTE) &&
	    !error_has_code(err, "NotFound"))
		error_set_code(err, "Unseen");
	return -1;
}

/*
 * A tag that cannot move is no failure where it names this very manifest already (ECR refuses to
 * put the same one again); nor is an answer that was lost.
 */
static int settle(const struct registry *registry, const char *name, const char *tag,
		  const char *digest, struct error *err)
{
	CLEANUP(error_release) struct error other = ERROR_INIT;

	if (!error_has_code(err, "TagIsImmutable") && !is_broken_off(err))
		return -1;
	if (confirm(registry, name, tag, digest, &other) == 0) {
		error_release(err);
		return 0;
	}
	return error_has_code(&other, "NotFound") ? -1 : registry_mark_unseen(err);
}

int registry_put(const struct registry *registry, const char *name, const char *tag,
		 const struct manifest *manifest, struct error *err)
{
	if (put(registry, name, tag, manifest, err) < 0) {
		if (settle(registry, name, tag, manifest->digest.buf, err) == 0)
			return 0;
		return error_wrap(err, "tagging %s:%s", name, tag);
	}
	if (confirm(registry, name, tag, manifest->digest.buf, err) < 0)
		return registry_mark_unseen(err);
	return 0;
}

int registry_tag(const struct registry *registry, const char *name, const char *digest,
		 const char *tag, struct error *err)
{
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;

	if (registry_fetch(registry, name, digest, &manifest, err) < 0)
		return error_wrap(err, "tagging %s@%s", name, digest);
	return registry_put(registry, name, tag, &manifest, err);
}
