#include "docker/host.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "data/digest.h"
#include "data/json.h"
#include "docker/config.h"
#include "sys/file.h"

#include <string.h>
#include <unistd.h>

#define DEFAULT_ADDRESS "unix:///var/run/docker.sock"

/* A context's meta.json is a few hundred bytes. */
#define META_MAX_BYTES (1UL << 20)

void docker_host_release(struct docker_host *host)
{
	str_release(&host->address);
	str_release(&host->source);
	str_release(&host->base_url);
	str_release(&host->socket);
	str_release(&host->ca);
	str_release(&host->cert);
	str_release(&host->key);
	str_release(&host->other);
	host->is_ssh = false;
}

/* Names the PEM files in `dir`, each where it is there. */
static void find_pem(struct docker_host *host, const char *dir)
{
	const struct {
		struct str *path;
		const char *name;
	} rows[] = { { &host->ca, "ca.pem" },
		     { &host->cert, "cert.pem" },
		     { &host->key, "key.pem" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP_FREE char *path = file_join(dir, rows[i].name);

		if (file_exists(path))
			str_adds(rows[i].path, path);
	}
}

/* tls_dir: the folder with the PEM files, NULL where TLS is not wanted. */
static int set_tcp(struct docker_host *host, const char *rest, const char *tls_dir,
		   struct error *err)
{
	size_t len = strcspn(rest, "/");

	if (len == 0 || (rest[len] && rest[len + 1]))
		return error_set(err, ERROR_CONFIG, "'%s' is not tcp://HOST:PORT",
				 host->address.buf);
	str_addf(&host->base_url, "%s://%.*s", tls_dir ? "https" : "http", (int)len, rest);
	if (!memchr(rest, ':', len))
		str_adds(&host->base_url, tls_dir ? ":2376" : ":2375");
	if (tls_dir)
		find_pem(host, tls_dir);
	return 0;
}

static int set_address(struct docker_host *host, const char *address, const char *tls_dir,
		       struct error *err)
{
	str_adds(&host->address, address);
	if (strncmp(address, "unix://", 7) == 0 && address[7]) {
		str_adds(&host->socket, address + 7);
		str_adds(&host->base_url, "http://docker");
		return 0;
	}
	if (strncmp(address, "tcp://", 6) == 0)
		return set_tcp(host, address + 6, tls_dir, err);
	if (strncmp(address, "ssh://", 6) == 0 && address[6]) {
		host->is_ssh = true;
		str_adds(&host->base_url, "http://docker");
		return 0;
	}
	error_set(err, ERROR_CONFIG, "'%s' is not an address of a Docker Engine", address);
	return error_fix(err, "use unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST");
}

/* TLS is asked for by DOCKER_TLS_VERIFY, as the CLI has it: any value but an empty one. */
static int set_from_variable(const struct env *env, const char *address, struct docker_host *host,
			     struct error *err)
{
	const char *given = env_get(env, "DOCKER_CERT_PATH");
	CLEANUP_FREE char *dir = given ? mem_strdup(given) : docker_config_dir(env);
	const char *tls_dir = env_get(env, "DOCKER_TLS_VERIFY") ? dir : NULL;

	str_adds(&host->source, "DOCKER_HOST");
	return set_address(host, address, tls_dir, err);
}

static int set_from_meta(const char *dir, const char *id, const json_t *meta,
			 struct docker_host *host, struct error *err)
{
	const json_t *docker = json_object_get(json_object_get(meta, "Endpoints"), "docker");
	const char *address = json_text(docker, "Host");
	CLEANUP_FREE char *tls = mem_printf("%s/contexts/tls/%s/docker", dir, id);

	if (!address)
		return error_set(err, ERROR_CONFIG, "it names no Docker endpoint");
	return set_address(host, address, file_exists(tls) ? tls : NULL, err);
}

/* docker/cli, cli/context/store: a context's folder is the SHA-256 of its name. */
static int set_from_context(const struct env *env, const char *name, struct docker_host *host,
			    struct error *err)
{
	CLEANUP_FREE char *dir = docker_config_dir(env);
	CLEANUP(str_release) struct str id = STR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;
	json_auto_t *meta = NULL;

	digest_sha256_hex(&id, name, strlen(name));
	str_addf(&path, "%s/contexts/meta/%s/meta.json", dir ? dir : "", id.buf);
	str_addf(&host->source, "context '%s'", name);
	if (file_read(path.buf, META_MAX_BYTES, &text, err) == 0)
		meta = json_read(text.buf, text.len, err);
	if (!meta || set_from_meta(dir, id.buf, meta, host, err) < 0) {
		error_become(err, ERROR_CONFIG);
		error_wrap(err, "docker context '%s' (%s)", name, path.buf);
		return error_fix(err, "see 'docker context ls', or set DOCKER_HOST");
	}
	return 0;
}

/* The context's name, owned by the caller; NULL for the default one or with *err set. */
static char *find_context(const struct env *env, struct error *err)
{
	json_auto_t *config = NULL;
	const char *name = env_get(env, "DOCKER_CONTEXT");

	if (!name) {
		config = docker_config_read(env, err);
		name = config ? json_text(config, "currentContext") : NULL;
	}
	return name && *name && strcmp(name, "default") != 0 ? mem_strdup(name) : NULL;
}

/* Where rootless Docker and podman listen; the docker CLI looks at neither by itself. */
static void find_other(const struct env *env, struct str *other)
{
	const char *runtime = env_get(env, "XDG_RUNTIME_DIR");
	CLEANUP(strv_release) struct strv paths = STRV_INIT;

	if (runtime) {
		strv_addf(&paths, "%s/docker.sock", runtime);
		strv_addf(&paths, "%s/podman/podman.sock", runtime);
	}
	strv_add(&paths, "/run/podman/podman.sock");
	for (size_t i = 0; i < paths.count && !other->len; i++) {
		if (access(paths.v[i], R_OK | W_OK) == 0)
			str_adds(other, paths.v[i]);
	}
}

static int find(const struct env *env, struct docker_host *host, struct error *err)
{
	const char *address = env_get(env, "DOCKER_HOST");
	CLEANUP_FREE char *context = NULL;

	if (address)
		return set_from_variable(env, address, host, err);
	context = find_context(env, err);
	if (err->kind != ERROR_NONE)
		return -1;
	if (context)
		return set_from_context(env, context, host, err);
	str_adds(&host->source, "the default");
	find_other(env, &host->other);
	return set_address(host, DEFAULT_ADDRESS, NULL, err);
}

int docker_host_find(const struct env *env, struct docker_host *ret, struct error *err)
{
	struct docker_host host = DOCKER_HOST_INIT;

	if (find(env, &host, err) < 0) {
		docker_host_release(&host);
		return -1;
	}
	docker_host_release(ret);
	*ret = host;
	return 0;
}
