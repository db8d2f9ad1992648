#include "base/cleanup.h"
#include "base/mem.h"
#include "canned_http.h"
#include "data/digest.h"
#include "docker/engine.h"
#include "docker/host.h"
#include "sys/file.h"
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define SOCKET_URL  "http://docker"
#define DIGEST	    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
/* clang-format off */
#define PING { "GET", SOCKET_URL "/_ping", 200, \
	       "api-version: 1.41\nserver: Docker/20.10.24+dfsg1 (linux)", "OK" }
/* clang-format on */

/* HOME has no docker configuration in it. */
static char *no_vars[] = { (char[]){ "HOME=/nonexistent" }, NULL };
static const struct env no_env = { no_vars };

static struct engine *connect_canned(struct canned_http *canned)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct engine *engine = NULL;

	assert_int_equal(engine_new(&canned->http, &no_env, &engine, &err), 0);
	return engine;
}

static void disconnect(struct canned_http *canned, struct engine *engine)
{
	assert_int_equal(canned->next, canned->count);
	engine_free(engine);
	canned_release(canned);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void finds_the_host_that_a_variable_names(void **state)
{
	static const struct {
		const char *host, *tls, *base_url, *socket;
	} rows[] = {
		{ NULL, NULL, SOCKET_URL, "/var/run/docker.sock" },
		{ "unix:///tmp/x.sock", "1", SOCKET_URL, "/tmp/x.sock" },
		{ "tcp://10.0.0.1:2375", NULL, "http://10.0.0.1:2375", "" },
		{ "tcp://10.0.0.1", NULL, "http://10.0.0.1:2375", "" },
		{ "tcp://10.0.0.1/", "1", "https://10.0.0.1:2376", "" },
		{ "ssh://me@host:22", NULL, SOCKET_URL, "" },
		{ "unix://", NULL, NULL, NULL },
		{ "tcp://", NULL, NULL, NULL },
		{ "tcp://h/path", NULL, NULL, NULL },
		{ "10.0.0.1:2375", NULL, NULL, NULL },
		{ "npipe:////./pipe/docker", NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(docker_host_release) struct docker_host host = DOCKER_HOST_INIT;
		CLEANUP(strv_release) struct strv vars = STRV_INIT;
		struct env env;

		strv_add(&vars, "HOME=/nonexistent");
		if (rows[i].host)
			strv_addf(&vars, "DOCKER_HOST=%s", rows[i].host);
		if (rows[i].tls)
			strv_addf(&vars, "DOCKER_TLS_VERIFY=%s", rows[i].tls);
		env.vars = strv_array(&vars);
		assert_int_equal(docker_host_find(&env, &host, &err), rows[i].base_url ? 0 : -1);
		if (!rows[i].base_url) {
			assert_int_equal(err.kind, ERROR_CONFIG);
			continue;
		}
		assert_string_equal(host.base_url.buf, rows[i].base_url);
		assert_string_equal(host.socket.buf, rows[i].socket);
	}
}

/* A docker configuration with one context in it, named as the docker CLI names its folder. */
static char *make_config(const char *context, const char *config_json)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str id = STR_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;
	char *dir;

	assert_int_equal(file_make_private_dir("test", &dir, &err), 0);
	digest_sha256_hex(&id, context, strlen(context));
	str_addf(&path, "%s/contexts/meta/%s", dir, id.buf);
	assert_int_equal(file_make_dirs(path.buf, &err), 0);
	str_adds(&path, "/meta.json");
	write_file(path.buf, "{\"Name\":\"x\",\"Metadata\":{},\"Endpoints\":{\"docker\":{\"Host\":"
			     "\"tcp://127.0.0.1:2376\",\"SkipTLSVerify\":false}}}");
	str_reset(&path);
	str_addf(&path, "%s/contexts/tls/%s/docker", dir, id.buf);
	assert_int_equal(file_make_dirs(path.buf, &err), 0);
	str_adds(&path, "/ca.pem");
	write_file(path.buf, "");
	str_reset(&path);
	str_addf(&path, "%s/config.json", dir);
	write_file(path.buf, config_json);
	return dir;
}

static void finds_the_host_of_a_context(void **state)
{
	static const struct {
		const char *config, *variable, *base_url, *source;
	} rows[] = {
		{ "{\"currentContext\":\"tls\"}", NULL, "https://127.0.0.1:2376", "context 'tls'" },
		{ "{\"currentContext\":\"tls\"}", "DOCKER_CONTEXT=default", SOCKET_URL,
		  "the default" },
		{ "{\"currentContext\":\"tls\"}", "DOCKER_HOST=unix:///x", SOCKET_URL,
		  "DOCKER_HOST" },
		{ "{}", "DOCKER_CONTEXT=tls", "https://127.0.0.1:2376", "context 'tls'" },
		{ "", NULL, SOCKET_URL, "the default" },
		{ "{}", "DOCKER_CONTEXT=other", NULL, NULL },
		{ "{\"currentContext\":", NULL, NULL, NULL },
		{ "[]", NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(docker_host_release) struct docker_host host = DOCKER_HOST_INIT;
		CLEANUP_FREE char *dir = make_config("tls", rows[i].config);
		CLEANUP(strv_release) struct strv vars = STRV_INIT;
		struct env env;

		strv_addf(&vars, "DOCKER_CONFIG=%s", dir);
		if (rows[i].variable)
			strv_add(&vars, rows[i].variable);
		env.vars = strv_array(&vars);
		assert_int_equal(docker_host_find(&env, &host, &err), rows[i].base_url ? 0 : -1);
		file_remove_tree(dir);
		if (!rows[i].base_url) {
			assert_int_equal(err.kind, ERROR_CONFIG);
			assert_true(err.fix.len > 0);
			continue;
		}
		assert_string_equal(host.base_url.buf, rows[i].base_url);
		assert_string_equal(host.source.buf, rows[i].source);
		assert_int_equal(host.ca.len > 0, strncmp(rows[i].base_url, "https", 5) == 0);
	}
}

/* As 'docker context create' makes one of Kubernetes alone. */
static void a_context_without_an_engine_is_named(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(docker_host_release) struct docker_host host = DOCKER_HOST_INIT;
	CLEANUP_FREE char *dir = make_config("k8s", "{\"currentContext\":\"k8s\"}");
	CLEANUP(strv_release) struct strv vars = STRV_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;
	struct env env;

	(void)state;
	str_addf(&path, "%s/contexts/meta/", dir);
	digest_sha256_hex(&path, "k8s", 3);
	str_adds(&path, "/meta.json");
	write_file(path.buf, "{\"Name\":\"k8s\",\"Endpoints\":{\"kubernetes\":{}}}");
	strv_addf(&vars, "DOCKER_CONFIG=%s", dir);
	env.vars = strv_array(&vars);
	assert_int_equal(docker_host_find(&env, &host, &err), -1);
	file_remove_tree(dir);
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_int_equal(strncmp(err.msg.buf, "docker context 'k8s' (", 22), 0);
	assert_non_null(strstr(err.msg.buf, "): it names no Docker endpoint"));
	assert_string_equal(err.fix.buf, "see 'docker context ls', or set DOCKER_HOST");
}

static void negotiates_the_version_of_the_api(void **state)
{
	static const struct {
		const char *offered, *wanted, *used;
	} rows[] = {
		{ "api-version: 1.41", NULL, "1.41" },
		{ "api-version: 1.40", NULL, "1.40" },
		{ "api-version: 1.56", NULL, "1.51" },
		{ "api-version: 1.39", NULL, NULL },
		{ "api-version: 2.0", NULL, NULL },
		{ "server: nginx/1.2", NULL, NULL },
		{ "api-version: 1.56", "DOCKER_API_VERSION=1.45", "1.45" },
		{ "api-version: 1.41", "DOCKER_API_VERSION=v1.39", "1.39" },
		{ "api-version: 1.41", "DOCKER_API_VERSION=latest", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct canned_exchange exchanges[] = { { "GET", SOCKET_URL "/_ping", 200,
							       rows[i].offered, "OK" } };
		struct canned_http canned = CANNED(exchanges);
		CLEANUP(error_release) struct error err = ERROR_INIT;
		char *vars[] = { (char[]){ "HOME=/nonexistent" }, NULL, NULL };
		struct env env = { vars };
		struct engine *engine = NULL;

		vars[1] = rows[i].wanted ? strdup(rows[i].wanted) : NULL;
		assert_int_equal(engine_new(&canned.http, &env, &engine, &err),
				 rows[i].used ? 0 : -1);
		if (rows[i].used)
			assert_string_equal(engine_api_version(engine), rows[i].used);
		engine_free(engine);
		canned_release(&canned);
		free(vars[1]);
	}
}

static void says_where_no_engine_answers_and_what_to_do(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "GET", SOCKET_URL "/_ping", 0, NULL, NULL },
	};
	struct canned_http canned = CANNED(exchanges);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	char *vars[] = { (char[]){ "DOCKER_HOST=unix:///nonexistent/docker.sock" }, NULL };
	struct env env = { vars };
	struct engine *engine = NULL;

	(void)state;
	assert_int_equal(engine_new(&canned.http, &env, &engine, &err), -1);
	assert_int_equal(error_exit_status(&err), 5);
	assert_string_equal(err.msg.buf, "no Docker Engine answers at "
					 "unix:///nonexistent/docker.sock (from DOCKER_HOST): "
					 "No such file or directory");
	assert_string_equal(err.fix.buf, "start it there, or correct DOCKER_HOST");
	canned_release(&canned);
}

/* That of rootless Docker, or podman's. */
static void names_the_engine_that_is_elsewhere(void **state)
{
	static const char *const names[] = { "docker.sock", "podman/podman.sock" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		static const struct canned_exchange exchanges[] = {
			{ "GET", SOCKET_URL "/_ping", 0, NULL, NULL },
		};
		struct canned_http canned = CANNED(exchanges);
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(strv_release) struct strv vars = STRV_INIT;
		CLEANUP_FREE char *want = NULL;
		struct engine *engine = NULL;
		struct env env;
		char *dir, *path;

		assert_int_equal(file_make_private_dir("test", &dir, &err), 0);
		path = mem_printf("%s/podman", dir);
		assert_int_equal(mkdir(path, 0700), 0);
		free(path);
		path = mem_printf("%s/%s", dir, names[i]);
		assert_int_equal(file_write_atomic(path, "", 0, 0600, &err), 0);
		strv_addf(&vars, "XDG_RUNTIME_DIR=%s", dir);
		env.vars = strv_array(&vars);
		assert_int_equal(engine_new(&canned.http, &env, &engine, &err), -1);
		want = mem_printf("start it, or use the Engine that is there: "
				  "export DOCKER_HOST=unix://%s",
				  path);
		/* Where the test's user may not open the default one, that is what is said. */
		if (!strstr(err.fix.buf, "usermod"))
			assert_string_equal(err.fix.buf, want);
		free(path);
		file_remove_tree(dir);
		free(dir);
		canned_release(&canned);
	}
}

/* A socket in a folder that is closed to this user; root is nobody for as long. */
static void tells_whom_the_socket_is_closed_to_to_join_its_group(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "GET", SOCKET_URL "/_ping", 0, NULL, NULL },
	};
	struct canned_http canned = CANNED(exchanges);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(strv_release) struct strv vars = STRV_INIT;
	struct engine *engine = NULL;
	uid_t user = getuid();
	struct env env;
	char *dir;
	int result;

	(void)state;
	assert_int_equal(file_make_private_dir("test", &dir, &err), 0);
	assert_int_equal(chmod(dir, 0), 0);
	strv_addf(&vars, "DOCKER_HOST=unix://%s/docker.sock", dir);
	env.vars = strv_array(&vars);
	assert_int_equal(user ? 0 : setreuid(65534, (uid_t)-1), 0);
	result = engine_new(&canned.http, &env, &engine, &err);
	assert_int_equal(user ? 0 : setreuid(user, (uid_t)-1), 0);
	assert_int_equal(result, -1);
	assert_int_equal(err.kind, ERROR_TOOL);
	assert_true(error_has_code(&err, "EngineDown"));
	assert_non_null(strstr(err.msg.buf, "(from DOCKER_HOST): Permission denied"));
	assert_string_equal(err.fix.buf, "join the group of the socket and log in again: sudo "
					 "usermod -aG docker $USER");
	assert_int_equal(chmod(dir, 0700), 0);
	file_remove_tree(dir);
	free(dir);
	canned_release(&canned);
}

/* What an option of ssh's could be made of goes to no shell. */
static void reaches_no_engine_by_what_is_no_address_of_ssh(void **state)
{
	static const char *const rows[] = {
		"ssh://-oProxyCommand=x", "ssh://-l@far",  "ssh://me@far:x",
		"ssh://far:70000",	  "ssh://far/a;b", "ssh://me@",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(strv_release) struct strv vars = STRV_INIT;
		CLEANUP(str_release) struct str want = STR_INIT;
		struct engine *engine = NULL;
		struct env env;

		strv_addf(&vars, "DOCKER_HOST=%s", rows[i]);
		env.vars = strv_array(&vars);
		str_addf(&want, "'%s' is not ssh://USER@HOST:PORT", rows[i]);
		assert_int_equal(engine_new(NULL, &env, &engine, &err), -1);
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_string_equal(err.msg.buf, want.buf);
	}
}

static void inspects_tags_and_removes_an_image(void **state)
{
	static const struct canned_exchange exchanges[] = {
		PING,
		{ "GET", SOCKET_URL "/v1.41/images/127.0.0.1:5000/team/app:1/json", 200, NULL,
		  "{\"Id\":\"sha256:ab\",\"RepoDigests\":[\"h/a@sha256:cd\"],\"Size\":5000000000,"
		  "\"Created\":\"2026-01-02T03:04:05Z\","
		  "\"Config\":{\"Labels\":{\"a\":\"1\",\"b\":\"x=y\"}}}" },
		{ "POST", SOCKET_URL "/v1.41/images/sha256:ab/tag?repo=h%2Fa&tag=1", 201, NULL,
		  "" },
		{ "DELETE", SOCKET_URL "/v1.41/images/h/a:1", 200, NULL, "[]" },
		{ "DELETE", SOCKET_URL "/v1.41/images/h/a:1", 404, NULL,
		  "{\"message\":\"No such image: h/a:1\"}" },
	};
	struct canned_http canned = CANNED(exchanges);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(engine_image_release) struct engine_image image = ENGINE_IMAGE_INIT;
	struct engine *engine = connect_canned(&canned);

	(void)state;
	assert_string_equal(engine_version(engine), "20.10.24+dfsg1");
	assert_int_equal(engine_inspect_image(engine, "127.0.0.1:5000/team/app:1", &image, &err),
			 0);
	assert_string_equal(image.id.buf, "sha256:ab");
	assert_string_equal(image.repo_digests.v[0], "h/a@sha256:cd");
	assert_true(strv_has(&image.labels, "b=x=y"));
	assert_int_equal(image.size_bytes, 5000000000);
	assert_int_equal(engine_tag_image(engine, "sha256:ab", "h/a", "1", &err), 0);
	assert_int_equal(engine_remove_image(engine, "h/a:1", &err), 0);
	assert_int_equal(engine_remove_image(engine, "h/a:1", &err), 0);
	disconnect(&canned, engine);
}

static void believes_no_answer_that_makes_no_sense(void **state)
{
	static const struct {
		const char *ref, *body; /* NULL: nothing is asked */
		enum error_kind kind;
		const char *msg;
	} rows[] = {
		{ "x", "<html>", ERROR_TOOL,
		  "Docker Engine: unintelligible answer to GET /images/x/json: " },
		{ "x", "{\"Size\":1}", ERROR_TOOL, "Docker Engine: image 'x' has no id" },
		{ "x y", NULL, ERROR_CONFIG, "'x y' is not the name of an image" },
		{ "", NULL, ERROR_CONFIG, "'' is not the name of an image" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct canned_exchange exchanges[] = {
			PING,
			{ "GET", SOCKET_URL "/v1.41/images/x/json", 200, NULL, rows[i].body },
		};
		struct canned_http canned = CANNED(exchanges);
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(engine_image_release) struct engine_image image = ENGINE_IMAGE_INIT;
		struct engine *engine = connect_canned(&canned);

		canned.count = rows[i].body ? 2 : 1;
		assert_int_equal(engine_inspect_image(engine, rows[i].ref, &image, &err), -1);
		assert_int_equal(err.kind, rows[i].kind);
		assert_int_equal(strncmp(err.msg.buf, rows[i].msg, strlen(rows[i].msg)), 0);
		disconnect(&canned, engine);
	}
}

/* A remedy for what is in use, and none where that is not known to be it. */
static void says_why_an_image_stays(void **state)
{
	static const struct {
		int status;
		const char *message, *fix;
	} rows[] = {
		{ 409, "conflict: unable to remove repository reference",
		  "remove the containers that use it first" },
		{ 500, "driver failed to remove root filesystem", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP_FREE char *body = mem_printf("{\"message\":\"%s\"}", rows[i].message);
		CLEANUP_FREE char *want = mem_printf("Docker Engine: %s", rows[i].message);
		const struct canned_exchange exchanges[] = {
			PING,
			{ "DELETE", SOCKET_URL "/v1.41/images/a:1", rows[i].status, NULL, body },
		};
		struct canned_http canned = CANNED(exchanges);
		CLEANUP(error_release) struct error err = ERROR_INIT;
		struct engine *engine = connect_canned(&canned);

		assert_int_equal(engine_remove_image(engine, "a:1", &err), -1);
		assert_int_equal(err.kind, ERROR_TOOL);
		assert_string_equal(err.msg.buf, want);
		assert_string_equal(err.fix.buf, rows[i].fix);
		disconnect(&canned, engine);
	}
}

static void tells_what_an_engine_refuses(void **state)
{
	static const struct {
		int status;
		const char *body;
		const char *code;
		const char *msg;
	} rows[] = {
		{ 404, "{\"message\":\"no such image: x: No such image: x:latest\"}", "NotFound",
		  "Docker Engine: no such image: x: No such image: x:latest" },
		{ 404, "{\"cause\":\"x\",\"message\":\"page not found\",\"response\":404}",
		  "NotFound", "Docker Engine: page not found" },
		{ 400, "client version 1.5 is too old. Minimum supported API version is 1.12\n", "",
		  "Docker Engine: client version 1.5 is too old. Minimum supported API version is "
		  "1.12" },
		{ 500, "{\"message\":\"write /x: no space left on device\"}", "NoSpace",
		  "Docker Engine: write /x: no space left on device" },
		{ 409, "{\"message\":\"a\\nb\"}", "Conflict", "Docker Engine: a b" },
		{ 502, "", "", "Docker Engine: HTTP status 502" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct canned_exchange exchanges[] = {
			PING,
			{ "GET", SOCKET_URL "/v1.41/images/x/json", rows[i].status, NULL,
			  rows[i].body },
		};
		struct canned_http canned = CANNED(exchanges);
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(engine_image_release) struct engine_image image = ENGINE_IMAGE_INIT;
		struct engine *engine = connect_canned(&canned);

		assert_int_equal(engine_inspect_image(engine, "x", &image, &err), -1);
		assert_int_equal(err.kind, ERROR_TOOL);
		assert_string_equal(err.code, rows[i].code);
		assert_string_equal(err.msg.buf, rows[i].msg);
		disconnect(&canned, engine);
	}
}

static void sends_the_credentials_as_padded_base64url(void **state)
{
	static const struct canned_exchange exchanges[] = {
		PING,
		{ "POST", SOCKET_URL "/v1.41/images/h:5000/app/push?tag=1.0", 200, NULL,
		  "{\"aux\":{\"Tag\":\"1.0\",\"Digest\":\"" DIGEST "\"}}" },
	};
	struct canned_http canned = CANNED(exchanges);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(secret_release) struct secret password = SECRET_INIT;
	CLEANUP(str_release) struct str digest = STR_INIT;
	const struct engine_push push = { .repository = "h:5000/app",
					  .tag = "1.0",
					  .auth = { "AWS", &password, "h:5000" },
					  .report = &report_none };
	struct engine *engine = connect_canned(&canned);

	(void)state;
	canned.piece = 5;
	secret_sets(&password, "\xc2\xbf>>??~~");
	assert_int_equal(engine_push(engine, &push, &digest, &err), 0);
	assert_string_equal(digest.buf, DIGEST);
	/* {"username":"AWS","password":"\xc2\xbf>>??~~","serveraddress":"h:5000"} */
	assert_string_equal(canned_header(&canned, "X-Registry-Auth"),
			    "eyJ1c2VybmFtZSI6IkFXUyIsInBhc3N3b3JkIjoiwr8-Pj8_fn4iLCJzZXJ2ZXJhZGRyZX"
			    "NzIjoiaDo1MDAwIn0=");
	disconnect(&canned, engine);
}

static void fails_a_push_by_its_stream_or_by_its_status(void **state)
{
	static const struct {
		int status;
		const char *body;
		const char *code;
		const char *msg;
	} rows[] = {
		{ 200, "{\"errorDetail\":{\"message\":\"no basic auth credentials\"}}",
		  "NoCredentials", "pushing h/a:1: no basic auth credentials" },
		{ 404, "{\"message\":\"tag does not exist: h/a:1\"}", "NotFound",
		  "pushing h/a:1: Docker Engine: tag does not exist: h/a:1" },
		{ 200, "", "",
		  "pushing h/a:1: the Engine's answer ended before it named the digest" },
		{ 200, "not JSON", "",
		  "pushing h/a:1: the Engine's answer is not a stream of JSON" },
		{ 0, NULL, "EngineDown", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct canned_exchange exchanges[] = {
			PING,
			{ "POST", SOCKET_URL "/v1.41/images/h/a/push?tag=1", rows[i].status, NULL,
			  rows[i].body },
		};
		struct canned_http canned = CANNED(exchanges);
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str digest = STR_INIT;
		struct secret password = SECRET_INIT;
		const struct engine_push push = { .repository = "h/a",
						  .tag = "1",
						  .auth = { "AWS", &password, "h" },
						  .report = &report_none };
		struct engine *engine = connect_canned(&canned);

		assert_int_equal(engine_push(engine, &push, &digest, &err), -1);
		assert_string_equal(err.code, rows[i].code);
		if (rows[i].msg)
			assert_string_equal(err.msg.buf, rows[i].msg);
		disconnect(&canned, engine);
	}
}

/* As podman 4.3 answers: one line with the digest, and plain http only where it is told. */
static void pushes_through_podman(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "GET", SOCKET_URL "/_ping", 200,
		  "server: Libpod/4.3.1 (linux)\napi-version: 1.41\nlibpod-api-version: 4.3.1",
		  "OK" },
		{ "POST", SOCKET_URL "/v1.41/images/127.0.0.1:5000/a/push?tag=1&tlsVerify=false",
		  200, NULL,
		  "{\"status\":\"The push refers to repository [127.0.0.1:5000/a:1]\"}\n"
		  "{\"status\":\"1: digest: " DIGEST " size: 423\"}\n" },
		{ "POST", SOCKET_URL "/v1.41/images/r.example/a/push?tag=1", 500, NULL,
		  "{\"cause\":\"x\",\"message\":\"unable to connect\",\"response\":500}" },
	};
	struct canned_http canned = CANNED(exchanges);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str digest = STR_INIT;
	struct secret password = SECRET_INIT;
	struct engine_push push = { .repository = "127.0.0.1:5000/a",
				    .tag = "1",
				    .auth = { "AWS", &password, "h" },
				    .report = &report_none };
	struct engine *engine = connect_canned(&canned);

	(void)state;
	assert_string_equal(engine_version(engine), "4.3.1");
	assert_int_equal(engine_push(engine, &push, &digest, &err), 0);
	assert_string_equal(digest.buf, DIGEST);
	push.repository = "r.example/a";
	assert_int_equal(engine_push(engine, &push, &digest, &err), -1);
	assert_non_null(strstr(err.msg.buf, "unable to connect"));
	disconnect(&canned, engine);
}

#define LIST_URL                                                                                   \
	SOCKET_URL "/v1.41/containers/json?all=1&filters=%7B%22label%22%3A%5B%22com.docker."       \
		   "compose.project%3Dp%22%5D%7D"
#define LIST_APP_URL                                                                               \
	SOCKET_URL "/v1.41/containers/json?all=1&filters=%7B%22label%22%3A%5B%22com.docker."       \
		   "compose.project%3Dp%22%2C%22com.docker.compose.service%3Dapp%22%5D%7D"
#define CONTAINERS                                                                                 \
	"[{\"Id\":\"c1\",\"State\":\"running\",\"Labels\":{\"com.docker.compose.service\":"        \
	"\"app\",\"com.docker.compose.oneoff\":\"False\"},\"Ports\":["                             \
	"{\"IP\":\"::\",\"PrivatePort\":8000,\"PublicPort\":32769,\"Type\":\"tcp\"},"              \
	"{\"IP\":\"0.0.0.0\",\"PrivatePort\":8000,\"PublicPort\":32768,\"Type\":\"tcp\"},"         \
	"{\"PrivatePort\":9000,\"Type\":\"tcp\"}]},"                                               \
	"{\"Id\":\"c2\",\"State\":\"exited\",\"Status\":\"Exited (3) 1 minute ago\",\"Labels\":{"  \
	"\"com.docker.compose.service\":\"test\",\"com.docker.compose.oneoff\":\"True\"},"         \
	"\"Ports\":[]}]"

static void lists_the_containers_of_a_project(void **state)
{
	static const struct canned_exchange exchanges[] = {
		PING,
		{ "GET", LIST_URL, 200, NULL, CONTAINERS },
		{ "GET", SOCKET_URL "/v1.41/containers/c2/json", 200, NULL,
		  "{\"State\":{\"ExitCode\":3}}" },
	};
	struct canned_http canned = CANNED(exchanges);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(engine_containers_release)
	struct engine_containers list = ENGINE_CONTAINERS_INIT;
	struct engine *engine = connect_canned(&canned);

	(void)state;
	assert_int_equal(engine_list_project(engine, "p", NULL, &list, &err), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].service, "app");
	assert_int_equal(list.items[0].exit_code, -1);
	assert_false(list.items[0].oneoff);
	assert_int_equal(list.items[0].ports.count, 2);
	assert_string_equal(list.items[0].ports.v[1], "0.0.0.0:32768->8000");
	assert_true(list.items[1].oneoff);
	assert_int_equal(list.items[1].exit_code, 3);
	disconnect(&canned, engine);
}

static void removes_stopped_containers_without_an_image(void **state)
{
	static const char containers[] =
		"[{\"Id\":\"c1\",\"State\":\"running\",\"ImageID\":\"sha256:a\",\"Labels\":{}},"
		"{\"Id\":\"c2\",\"State\":\"exited\",\"ImageID\":\"sha256:b\",\"Labels\":{}},"
		"{\"Id\":\"c3\",\"State\":\"exited\",\"ImageID\":\"sha256:c\",\"Labels\":{}}]";
	static const struct canned_exchange exchanges[] = {
		PING,
		{ "GET", LIST_URL, 200, NULL, containers },
		{ "GET", SOCKET_URL "/v1.41/images/sha256:b/json", 200, NULL,
		  "{\"Id\":\"sha256:b\"}" },
		{ "GET", SOCKET_URL "/v1.41/images/sha256:c/json", 404, NULL,
		  "{\"message\":\"No such image: sha256:c\"}" },
		{ "DELETE", SOCKET_URL "/v1.41/containers/c3", 204, NULL, "" },
	};
	struct canned_http canned = CANNED(exchanges);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct engine *engine = connect_canned(&canned);

	(void)state;
	assert_int_equal(engine_remove_imageless(engine, "p", &err), 0);
	disconnect(&canned, engine);
}

static void removes_what_is_left_of_a_service(void **state)
{
	static const char containers[] = "[{\"Id\":\"c1\",\"State\":\"running\",\"Labels\":{}},"
					 "{\"Id\":\"c2\",\"State\":\"running\",\"Labels\":{"
					 "\"com.docker.compose.oneoff\":\"True\"}},"
					 "{\"Id\":\"c3\",\"State\":\"exited\",\"Labels\":{}}]";
	static const struct canned_exchange exchanges[] = {
		PING,
		{ "GET", LIST_APP_URL, 200, NULL, containers },
		{ "DELETE", SOCKET_URL "/v1.41/containers/c1?force=true&v=true", 204, NULL, "" },
		{ "DELETE", SOCKET_URL "/v1.41/containers/c3?force=true&v=true", 404, NULL,
		  "{\"message\":\"No such container: c3\"}" },
	};
	struct canned_http canned = CANNED(exchanges);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct engine *engine = connect_canned(&canned);

	(void)state;
	assert_int_equal(engine_remove_service(engine, "p", "app", &err), 0);
	disconnect(&canned, engine);
}

static void finds_where_a_port_is_published(void **state)
{
	static const struct canned_exchange exchanges[] = {
		PING,
		{ "GET", LIST_APP_URL, 200, NULL, CONTAINERS },
		{ "GET", LIST_APP_URL, 200, NULL, CONTAINERS },
		{ "GET", LIST_APP_URL, 200, NULL, "[]" },
	};
	struct canned_http canned = CANNED(exchanges);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str address = STR_INIT;
	struct engine *engine = connect_canned(&canned);

	(void)state;
	assert_int_equal(engine_published_port(engine, "p", "app", 8000, &address, &err), 0);
	assert_string_equal(address.buf, "localhost:32768");
	assert_int_equal(engine_published_port(engine, "p", "app", 9000, &address, &err), -1);
	assert_true(error_has_code(&err, "NotFound"));
	error_release(&err);
	assert_int_equal(engine_published_port(engine, "p", "app", 8000, &address, &err), -1);
	assert_string_equal(address.buf, "localhost:32768");
	disconnect(&canned, engine);
}

static void removes_dangling_images_that_nothing_uses(void **state)
{
	static const struct canned_exchange exchanges[] = {
		PING,
		{ "GET",
		  SOCKET_URL "/v1.41/images/json?filters=%7B%22dangling%22%3A%5B%22true%22%5D%2C"
			     "%22label%22%3A%5B%22application%3Dtodo%22%5D%7D",
		  200, NULL,
		  "[{\"Id\":\"sha256:a\"},{\"Id\":\"sha256:b\"},{\"Id\":\"sha256:c\"}]" },
		{ "DELETE", SOCKET_URL "/v1.41/images/sha256:a", 200, NULL, "[]" },
		{ "DELETE", SOCKET_URL "/v1.41/images/sha256:b", 409, NULL,
		  "{\"message\":\"conflict: unable to delete b (cannot be forced) - image is "
		  "being used by running container c\"}" },
		{ "DELETE", SOCKET_URL "/v1.41/images/sha256:c", 404, NULL,
		  "{\"message\":\"No such image: sha256:c\"}" },
	};
	struct canned_http canned = CANNED(exchanges);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(strv_release) struct strv labels = STRV_INIT;
	struct engine *engine = connect_canned(&canned);
	unsigned count = 9;

	(void)state;
	strv_add(&labels, "application=todo");
	assert_int_equal(engine_prune_dangling(engine, &labels, &count, &err), 0);
	assert_int_equal(count, 1);
	disconnect(&canned, engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_host_that_a_variable_names),
		cmocka_unit_test(finds_the_host_of_a_context),
		cmocka_unit_test(a_context_without_an_engine_is_named),
		cmocka_unit_test(negotiates_the_version_of_the_api),
		cmocka_unit_test(says_where_no_engine_answers_and_what_to_do),
		cmocka_unit_test(names_the_engine_that_is_elsewhere),
		cmocka_unit_test(tells_whom_the_socket_is_closed_to_to_join_its_group),
		cmocka_unit_test(reaches_no_engine_by_what_is_no_address_of_ssh),
		cmocka_unit_test(inspects_tags_and_removes_an_image),
		cmocka_unit_test(believes_no_answer_that_makes_no_sense),
		cmocka_unit_test(says_why_an_image_stays),
		cmocka_unit_test(tells_what_an_engine_refuses),
		cmocka_unit_test(sends_the_credentials_as_padded_base64url),
		cmocka_unit_test(fails_a_push_by_its_stream_or_by_its_status),
		cmocka_unit_test(pushes_through_podman),
		cmocka_unit_test(lists_the_containers_of_a_project),
		cmocka_unit_test(removes_stopped_containers_without_an_image),
		cmocka_unit_test(removes_what_is_left_of_a_service),
		cmocka_unit_test(finds_where_a_port_is_published),
		cmocka_unit_test(removes_dangling_images_that_nothing_uses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
