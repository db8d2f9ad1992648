#ifndef DOCKER_REGISTRY_H
#define DOCKER_REGISTRY_H

#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "net/http.h"

#include <stdbool.h>

/*
 * An OCI registry (github.com/opencontainers/distribution-spec), spoken to directly for what the
 * Engine cannot do: look a digest up, and give a manifest a further tag. Basic authentication.
 *
 * url: as ECR's proxyEndpoint gives it; https, or http on loopback. username NULL: anonymous. All
 * fields are borrowed. What a registry refuses fails with a code of docker/failure.h.
 */
struct registry {
	struct http *http;
	const char *url;
	const char *username;
	const struct secret *password;
};

/*
 * Asks the registry whether it takes the credentials (GET /v2/): ERROR_AUTH, code "NoCredentials",
 * where it does not.
 */
int registry_check(const struct registry *registry, struct error *err);

/* The digest behind a tag, checked by hashing the manifest; the code is "NotFound" if there is
 * none. */
int registry_digest(const struct registry *registry, const char *name, const char *tag,
		    struct str *ret_digest, struct error *err);

/*
 * Whether the manifest behind a tag is that of the image with `image_id` in an Engine: its
 * configuration has that digest, or it has itself, as Engines with containerd's image store count.
 * Of an index, whether one of its images is; attestations in it are none.
 */
int registry_has_image(const struct registry *registry, const char *name, const char *tag,
		       const char *image_id, bool *ret, struct error *err);

/* Whether the image index `index` lists the manifest `digest`; a manifest of another kind lists
 * none.
 */
int registry_index_has(const struct registry *registry, const char *name, const char *index,
		       const char *digest, bool *ret, struct error *err);

/*
 * Puts the manifest with `digest` under `tag` too, byte for byte, and verifies it there. The code
 * is "Unseen" where it was sent, and the registry could not be asked what the tag names now.
 */
int registry_tag(const struct registry *registry, const char *name, const char *digest,
		 const char *tag, struct error *err);

/* Gives that code to a failure to ask the registry after something was sent to it; returns -1. */
int registry_mark_unseen(struct error *err);

#endif
