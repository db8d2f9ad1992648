#include "docker/failure.h"

#include "base/slice.h"

#include <string.h>

/* What a text means. kind ERROR_NONE: the caller's fallback. The first row that fits is taken. */
struct row {
	const char *needle;
	enum error_kind kind;
	const char *code;
	const char *fix;
};

static const struct row rows[] = {
	{ "no space left on device", ERROR_TOOL, "NoSpace",
	  "free space where Docker keeps its data: docker system df, docker system prune" },
	{ "no basic auth credentials", ERROR_AUTH, "NoCredentials",
	  "the registry was not given a login: see 'deployer login'" },
	{ "authorization token has expired", ERROR_AUTH, "ExpiredToken",
	  "get a new token with 'deployer login'" },
	{ "toomanyrequests", ERROR_BUSY, "Throttled",
	  "wait, or log in to the registry of the base image" },
	{ "Too Many Requests", ERROR_BUSY, "Throttled", "wait, and try again" },
	{ "repository is immutable", ERROR_PUBLISH, "TagIsImmutable",
	  "commit, so that the image gets a tag of its own, or allow this tag to move" },
	{ "name unknown", ERROR_PUBLISH, "RepositoryNotFound",
	  "create the repository in the registry first, or correct the image's name" },
	{ "NAME_UNKNOWN", ERROR_PUBLISH, "RepositoryNotFound",
	  "create the repository in the registry first, or correct the image's name" },
	{ "server gave HTTP response to HTTPS client", ERROR_PUBLISH, "InsecureRegistry",
	  "serve the registry over TLS, or list it in the Engine's insecure-registries" },
	{ "x509:", ERROR_AUTH, "Certificate",
	  "install the registry's CA certificate in /etc/docker/certs.d/HOST/ca.crt" },
	{ "unauthorized", ERROR_AUTH, "NoCredentials",
	  "the registry refused the login: see 'deployer login'" },
	{ "incorrect username or password", ERROR_AUTH, "NoCredentials",
	  "the registry refused the login: see 'deployer login'" },
	{ "denied: ", ERROR_AUTH, "Denied",
	  "the login may not push there: with ECR it needs ecr:InitiateLayerUpload, "
	  "ecr:UploadLayerPart, ecr:CompleteLayerUpload, ecr:BatchCheckLayerAvailability and "
	  "ecr:PutImage" },
	{ "connection refused", ERROR_NETWORK, "RegistryUnreachable",
	  "check that the registry is up and that the Engine can reach it" },
	{ "no such host", ERROR_NETWORK, "RegistryUnreachable",
	  "check the registry's name and the Engine's DNS" },
	{ "i/o timeout", ERROR_NETWORK, "RegistryUnreachable",
	  "check the Engine's network and proxy settings" },
	{ "TLS handshake timeout", ERROR_NETWORK, "RegistryUnreachable",
	  "check the Engine's network and proxy settings" },
	{ "connection reset by peer", ERROR_NETWORK, "RegistryUnreachable", "try again" },
	{ "exec format error", ERROR_NONE, "Platform",
	  "the image is for another processor: build it for this one (platform in the compose "
	  "file), or install binfmt support for that one" },
	{ "no matching manifest for", ERROR_NONE, "Platform",
	  "the base image is not there for this processor: take another one, or name a platform "
	  "that it is there for" },
	/* The classic builder looks through images that others may remove meanwhile. */
	{ "unable to find image \"sha256:", ERROR_NONE, "ImageVanished",
	  "images are being removed while this builds: build again when that is over" },
	{ "unknown parent image ID sha256:", ERROR_NONE, "ImageVanished",
	  "images are being removed while this builds: build again when that is over" },
	{ "image does not exist locally", ERROR_NONE, "NotFound", "build the image first" },
	{ "tag does not exist", ERROR_NONE, "NotFound", "build the image first" },
	{ "no such image", ERROR_NONE, "NotFound", "build the image first" },
	{ "no such container", ERROR_NONE, "NotFound", "" },
};

static const struct row *find(const char *text)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcasestr(text, rows[i].needle))
			return &rows[i];
	}
	return NULL;
}

const char *docker_failure_code(const char *text)
{
	const struct row *row = find(text);

	return row ? row->code : "";
}

bool docker_failure_ends_build(const char *line)
{
	const char *code = docker_failure_code(line);

	return strcmp(code, "NoSpace") == 0 || strcmp(code, "Throttled") == 0 ||
	       strcmp(code, "Platform") == 0 || strcmp(code, "ImageVanished") == 0;
}

int docker_failure_set(struct error *err, enum error_kind fallback, const char *text)
{
	const struct row *row = find(text);
	struct slice rest = slice_trim(slice_of(text));
	struct slice line = slice_next_line(&rest);
	enum error_kind kind = row && row->kind != ERROR_NONE ? row->kind : fallback;

	error_set(err, kind, "%.*s", (int)line.n, line.p);
	while (rest.n) {
		line = slice_trim(slice_next_line(&rest));
		str_addf(&err->msg, " %.*s", (int)line.n, line.p);
	}
	if (!row)
		return -1;
	error_set_code(err, row->code);
	return row->fix[0] ? error_fix(err, "%s", row->fix) : -1;
}
