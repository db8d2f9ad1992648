#ifndef DOCKER_BLOB_H
#define DOCKER_BLOB_H

#include "docker/registry.h"

/*
 * The blobs of a registry: layers, and the configurations of images
 * (github.com/opencontainers/distribution-spec, "Pull" and "Push"). `name` is the repository's.
 */

/* Whether the repository has a blob; *ret_size is its length then. */
int blob_exists(const struct registry *registry, const char *name, const char *digest, bool *ret,
		uint64_t *ret_size, struct error *err);

/*
 * Has a blob of repository `from` appear in `name` without a transfer. False where the registry
 * would rather have it uploaded: the same host may still refuse (ECR's BLOB_MOUNTING setting).
 */
int blob_mount(const struct registry *registry, const char *name, const char *digest,
	       const char *from, bool *ret, struct error *err);

/* Fetches a blob of at most 4 MiB; its hash must be the digest. One redirection is followed. */
int blob_get(const struct registry *registry, const char *name, const char *digest,
	     struct str *ret_bytes, struct error *err);

/*
 * Fetches a blob of any length piece by piece; one redirection is followed. Nothing is checked:
 * whoever takes the pieces hashes them, or hands them to somebody who does. ERROR_NETWORK where
 * `on_body` gives up.
 */
int blob_read(const struct registry *registry, const char *name, const char *digest,
	      http_body_fn on_body, void *ctx, struct error *err);

/* Puts a blob that is at hand in one piece. */
int blob_put(const struct registry *registry, const char *name, const struct str *bytes,
	     struct error *err);

/*
 * Uploads a blob as it comes, in one stream; its digest need not be known before the end. `digest`
 * is asked for once `source` said that this was all.
 *
 * ERROR_NETWORK, ERROR_BUSY and ERROR_REMOTE are worth another try with a blob from its beginning:
 * ECR cannot go on in the middle of one. Where the source gives up: ERROR_NETWORK.
 */
struct blob_upload {
	const char *name;
	http_source_fn source;
	const char *(*digest)(void *ctx);
	void *ctx;
};

int blob_stream(const struct registry *registry, const struct blob_upload *upload,
		struct error *err);

#endif
