#ifndef DOCKER_REGISTRY_CALL_H
#define DOCKER_REGISTRY_CALL_H

#include "docker/registry.h"

/* What the files of the registry share: one request, one answer, and the manifests. */

/* ECR and the distribution registry both refuse manifests beyond 4 MiB. */
#define REGISTRY_MAX_BYTES (4UL << 20)

/* One request; all borrowed. path: what follows "/v2/", or a Location that the registry gave. */
struct registry_call {
	const char *method;
	const char *path;
	const char *media_type; /* of what is sent, or NULL */
	const struct str *body; /* what is sent, or NULL */
	http_source_fn source;	/* instead of body: sent in chunks as it comes */
	http_body_fn on_body;	/* takes what comes with 2xx, instead of the response */
	void *ctx;		/* of source and on_body */
};

/*
 * Sends it, with the credentials unless the path leads to another host. Any status is a success
 * here.
 */
int registry_send(const struct registry *registry, const struct registry_call *call,
		  struct http_response *ret, struct error *err);

/* Turns an answer that is not 2xx into an error; 404 has the code "NotFound". */
int registry_check_response(const struct registry *registry, const struct http_response *response,
			    struct error *err);

/* A manifest as the registry keeps it: the digest is the hash of exactly these bytes. */
struct manifest {
	struct str bytes;
	struct str media_type;
	struct str digest;
};

#define MANIFEST_INIT                                                                              \
	{                                                                                          \
		.bytes = STR_INIT, .media_type = STR_INIT, .digest = STR_INIT                      \
	}

void manifest_release(struct manifest *manifest);

/* The manifest behind a tag or a digest, checked by hashing it; "NotFound" where there is none. */
int registry_fetch(const struct registry *registry, const char *name, const char *reference,
		   struct manifest *ret, struct error *err);

/* Puts a manifest under a tag and verifies it there; "Unseen" as registry_tag() has it. */
int registry_put(const struct registry *registry, const char *name, const char *tag,
		 const struct manifest *manifest, struct error *err);

#endif
