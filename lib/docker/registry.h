#ifndef DOCKER_REGISTRY_H
#define DOCKER_REGISTRY_H

#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "net/http.h"

/*
 * An OCI registry (github.com/opencontainers/distribution-spec), spoken to directly for what the
 * Engine cannot do: look a digest up, and give a manifest a further tag. Basic authentication.
 *
 * url: as ECR's proxyEndpoint gives it; https, or http on loopback. All fields are borrowed.
 */
struct registry {
	struct http *http;
	const char *url;
	const char *username;
	const struct secret *password;
};

/* The digest behind a tag, checked by hashing the manifest; the code is "NotFound" if there is
 * none. */
int registry_digest(const struct registry *registry, const char *name, const char *tag,
		    struct str *ret_digest, struct error *err);

/* Puts the manifest with `digest` under `tag` too, byte for byte, and verifies it there. */
int registry_tag(const struct registry *registry, const char *name, const char *digest,
		 const char *tag, struct error *err);

#endif
