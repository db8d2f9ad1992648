#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "data/json.h"
#include "docker/engine_call.h"
#include "docker/failure.h"
#include "docker/host.h"
#include "docker/tunnel.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Engines refuse versions that are too old and too new alike; these are Docker 19.03 to 28. */
#define OLDEST_MINOR 40
#define NEWEST_MINOR 51

#define STALL_MS 120000

struct engine {
	struct http *http;
	struct docker_host host;
	struct tunnel *tunnel; /* to an Engine over ssh, else NULL */
	struct str version;
	struct str api_version;
	bool is_podman;
};

const char *engine_version(const struct engine *engine)
{
	return engine->version.buf;
}

const char *engine_api_version(const struct engine *engine)
{
	return engine->api_version.buf;
}

void engine_prepare(const struct engine *engine, const char *method, const char *path,
		    struct http_request *ret, struct str *ret_url)
{
	const struct docker_host *host = &engine->host;

	str_adds(ret_url, host->base_url.buf);
	if (engine->api_version.len)
		str_addf(ret_url, "/v%s", engine->api_version.buf);
	str_adds(ret_url, path);
	*ret = (struct http_request){
		.method = method,
		.url = ret_url->buf,
		.headers = STRV_INIT,
		.unix_socket = host->socket.len ? host->socket.buf : NULL,
		.ca_bundle = host->ca.len ? host->ca.buf : NULL,
		.client_cert = host->cert.len ? host->cert.buf : NULL,
		.client_key = host->key.len ? host->key.buf : NULL,
		.allow_http = true,
		.allow_any_host_http = true,
		.stall_timeout_ms = STALL_MS,
	};
}

/* Says why nothing answers, as far as the file system knows. */
static int explain_silence(const struct engine *engine, struct error *err)
{
	const struct docker_host *host = &engine->host;
	bool is_socket = host->socket.len > 0 && !host->is_ssh;
	int why = is_socket && access(host->socket.buf, R_OK | W_OK) < 0 ? errno : 0;
	CLEANUP(str_release) struct str cause = STR_INIT;

	str_adds(&cause, why ? strerrordesc_np(why) : err->msg.buf);
	error_release(err);
	error_set(err, ERROR_TOOL, "no Docker Engine answers at %s (from %s): %s",
		  host->address.buf, host->source.buf, cause.buf);
	error_set_code(err, "EngineDown");
	if (why == EACCES)
		return error_fix(err, "join the group of the socket and log in again: "
				      "sudo usermod -aG docker $USER");
	if (host->other.len)
		return error_fix(err,
				 "start it, or use the Engine that is there: "
				 "export DOCKER_HOST=unix://%s",
				 host->other.buf);
	if (strcmp(host->source.buf, "the default") == 0)
		return error_fix(err, "start it: sudo systemctl start docker");
	return error_fix(err, "start it there, or correct %s", host->source.buf);
}

int engine_exchange(struct engine *engine, const struct http_request *request,
		    struct http_response *ret, struct error *err)
{
	if (http_send(engine->http, request, ret, err) == 0)
		return 0;
	if (err->kind == ERROR_NETWORK)
		return explain_silence(engine, err);
	error_wrap(err, "Docker Engine");
	if (err->kind == ERROR_AUTH)
		return error_fix(err, "check ca.pem, cert.pem and key.pem of %s",
				 engine->host.source.buf);
	return -1;
}

/* {"message": ...}; Engines answer some slips, and proxies all, in plain text. */
int engine_check(const struct http_response *response, struct error *err)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	json_auto_t *body = NULL;
	const char *message;

	if (response->status >= 200 && response->status < 300)
		return 0;
	body = json_read(response->body.buf, response->body.len, &ignored);
	message = json_text(body, "message");
	if (!message)
		message = response->body.buf;
	if (*message)
		docker_failure_set(err, ERROR_TOOL, message);
	else
		error_set(err, ERROR_TOOL, "HTTP status %d", response->status);
	if (!err->code[0] && response->status == 404)
		error_set_code(err, "NotFound");
	if (!err->code[0] && response->status == 409)
		error_set_code(err, "Conflict");
	return error_wrap(err, "Docker Engine");
}

int engine_call(struct engine *engine, const char *method, const char *path,
		struct http_response *ret, struct error *err)
{
	CLEANUP(http_request_release) struct http_request request = HTTP_REQUEST_INIT;
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(str_release) struct str url = STR_INIT;
	struct http_response old = *ret;

	engine_prepare(engine, method, path, &request, &url);
	if (engine_exchange(engine, &request, &response, err) < 0 ||
	    engine_check(&response, err) < 0)
		return -1;
	*ret = response;
	response = old;
	return 0;
}

json_t *engine_get(struct engine *engine, const char *path, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	json_t *body;

	if (engine_call(engine, "GET", path, &response, err) < 0)
		return NULL;
	body = json_read(response.body.buf, response.body.len, err);
	if (!body) {
		error_become(err, ERROR_TOOL);
		error_wrap(err, "Docker Engine: unintelligible answer to GET %s", path);
	}
	return body;
}

int engine_add_name(struct str *path, const char *name, struct error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-/:@[]+";

	if (*name == '\0' || name[strspn(name, allowed)])
		return error_set(err, ERROR_CONFIG, "'%s' is not the name of an image", name);
	str_adds(path, name);
	return 0;
}

void engine_add_filters(struct str *path, const struct strv *labels, bool dangling)
{
	CLEANUP(str_release) struct str json = STR_INIT;

	str_adds(&json, dangling ? "{\"dangling\":[\"true\"],\"label\":[" : "{\"label\":[");
	for (size_t i = 0; i < labels->count; i++) {
		if (i)
			str_addc(&json, ',');
		json_quote(&json, labels->v[i]);
	}
	str_adds(&json, "]}");
	str_adds(path, "filters=");
	url_encode(path, json.buf, json.len);
}

/* "1.41", with or without a "v"; only the minor number ever moved. */
static bool parse_api_version(const char *text, unsigned *ret_minor)
{
	struct slice rest = slice_of(text);
	uint64_t minor;

	if (slice_starts_with(rest, "v"))
		rest = (struct slice){ rest.p + 1, rest.n - 1 };
	if (!slice_starts_with(rest, "1.") ||
	    !slice_to_u64((struct slice){ rest.p + 2, rest.n - 2 }, 9999, &minor))
		return false;
	*ret_minor = (unsigned)minor;
	return true;
}

/* The newest version that both sides speak; DOCKER_API_VERSION overrides, as in the docker CLI. */
static int negotiate(struct engine *engine, const struct env *env, const char *offered,
		     struct error *err)
{
	const char *wanted = env_get(env, "DOCKER_API_VERSION");
	unsigned minor;

	if (wanted) {
		if (!parse_api_version(wanted, &minor))
			return error_set(err, ERROR_CONFIG,
					 "DOCKER_API_VERSION: '%s' is not a version such as 1.41",
					 wanted);
	} else if (!offered || !parse_api_version(offered, &minor)) {
		error_set(err, ERROR_TOOL, "%s is not a Docker Engine: it names no API version",
			  engine->host.address.buf);
		return error_fix(err, "correct %s", engine->host.source.buf);
	} else if (minor < OLDEST_MINOR) {
		error_set(err, ERROR_TOOL,
			  "the Docker Engine at %s speaks API 1.%u, 1.%d is needed",
			  engine->host.address.buf, minor, OLDEST_MINOR);
		return error_fix(err, "use Docker 19.03 or newer");
	} else if (minor > NEWEST_MINOR) {
		minor = NEWEST_MINOR;
	}
	str_addf(&engine->api_version, "1.%u", minor);
	return 0;
}

/* "Server: Docker/20.10.24 (linux)" or "Libpod/4.3.1"; other servers say nothing of themselves. */
static void take_version(struct engine *engine, const char *server)
{
	const char *slash = server ? strchr(server, '/') : NULL;

	if (slash)
		str_add(&engine->version, slash + 1, strcspn(slash + 1, " "));
	else
		str_adds(&engine->version, "unknown");
	engine->is_podman = server && strncmp(server, "Libpod/", 7) == 0;
}

bool engine_is_podman(const struct engine *engine)
{
	return engine->is_podman;
}

static int greet(struct engine *engine, const struct env *env, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;

	if (engine_call(engine, "GET", "/_ping", &response, err) < 0)
		return -1;
	take_version(engine, http_header(&response, "server"));
	return negotiate(engine, env, http_header(&response, "api-version"), err);
}

static int connect_to(struct engine *engine, const struct env *env, struct error *err)
{
	if (docker_host_find(env, &engine->host, err) < 0)
		return -1;
	if (engine->host.is_ssh &&
	    tunnel_open(engine->host.address.buf, &engine->host.socket, &engine->tunnel, err) < 0)
		return -1;
	return greet(engine, env, err);
}

int engine_new(struct http *http, const struct env *env, struct engine **ret_engine,
	       struct error *err)
{
	struct engine *engine = mem_zalloc(sizeof(*engine));

	engine->http = http;
	engine->host = (struct docker_host)DOCKER_HOST_INIT;
	engine->version = (struct str)STR_INIT;
	engine->api_version = (struct str)STR_INIT;
	if (connect_to(engine, env, err) < 0) {
		engine_free(engine);
		return -1;
	}
	*ret_engine = engine;
	return 0;
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	tunnel_close(engine->tunnel);
	docker_host_release(&engine->host);
	str_release(&engine->version);
	str_release(&engine->api_version);
	free(engine);
}
