#ifndef DOCKER_ENGINE_H
#define DOCKER_ENGINE_H

#include "base/env.h"
#include "base/error.h"
#include "base/report.h"
#include "base/secret.h"
#include "base/strv.h"
#include "net/http.h"

/*
 * A Docker Engine, over its HTTP API (docs.docker.com/engine/api). The host is found as the docker
 * CLI finds it: DOCKER_HOST, DOCKER_CONTEXT, the config file's currentContext, the default socket.
 * The API version is negotiated with /_ping.
 */
struct engine;

/*
 * Connects. ERROR_TOOL where no Engine answers, with what to do. `http` and `env` are borrowed for
 * its life.
 */
int engine_new(struct http *http, const struct env *env, struct engine **ret_engine,
	       struct error *err);
void engine_free(struct engine *engine);

/* What it says of itself: "20.10.24", and the API version in use, such as "1.41". Borrowed. */
const char *engine_version(const struct engine *engine);
const char *engine_api_version(const struct engine *engine);

/* An image in the Engine's store. */
struct engine_image {
	struct str id;
	struct strv repo_digests; /* "host/name@sha256:..." */
	struct strv labels;	  /* "key=value" */
	struct strv layers;	  /* diff ids, the lowest first */
	struct str created;
	int64_t size_bytes;
};

#define ENGINE_IMAGE_INIT                                                                          \
	{                                                                                          \
		.id = STR_INIT, .repo_digests = STRV_INIT, .labels = STRV_INIT,                    \
		.layers = STRV_INIT, .created = STR_INIT                                           \
	}

void engine_image_release(struct engine_image *image);

/* Looks an image up; the code is "NotFound" where the Engine has none of that name. */
int engine_inspect_image(struct engine *engine, const char *ref, struct engine_image *ret,
			 struct error *err);

/* Gives an image another name. `repository` without a tag. */
int engine_tag_image(struct engine *engine, const char *ref, const char *repository,
		     const char *tag, struct error *err);

/* Removes a name of an image (the image too, when it was the last one). Absent is success. */
int engine_remove_image(struct engine *engine, const char *ref, struct error *err);

/* Who pushes: kept in memory, sent in one header. */
struct engine_auth {
	const char *username;
	const struct secret *password;
	const char *server; /* registry host */
};

/* What to push; all borrowed. */
struct engine_push {
	const char *repository; /* "host/name" */
	const char *tag;
	struct engine_auth auth;
	struct report *report;
};

/*
 * Pushes repository:tag and returns the digest of the manifest that the registry took. Success is
 * the digest in the stream: an error inside a stream of HTTP 200, or its end without a digest,
 * fails. Layers are reported as progress. Closing the connection, as an interrupt does, cancels the
 * push.
 */
int engine_push(struct engine *engine, const struct engine_push *push, struct str *ret_digest,
		struct error *err);

/*
 * Streams an image's archive, uncompressed (docker/archive.h), to on_body; how many bytes will come
 * is not told. Where on_body ends it, the failure is ERROR_TOOL.
 */
int engine_export_image(struct engine *engine, const char *ref, http_body_fn on_body, void *ctx,
			struct error *err);

/* Whether the Engine keeps layers as registries do, compressed (containerd's image store). */
int engine_keeps_compressed(struct engine *engine, bool *ret, struct error *err);

/*
 * Under which digests, "host/name@sha256:...", the Engine knows images in the registry `host` that
 * have any of the layers.
 */
int engine_list_relatives(struct engine *engine, const char *host, const struct strv *layers,
			  struct strv *ret, struct error *err);

/* A container of a compose project, found by its labels. */
struct engine_container {
	char *id;
	char *service;
	char *state;   /* created, running, exited ... */
	int exit_code; /* of an exited one; -1 otherwise */
	bool oneoff;
	struct strv ports; /* "127.0.0.1:32768->8000" */
};

struct engine_containers {
	size_t count;
	struct engine_container *items;
};

#define ENGINE_CONTAINERS_INIT                                                                     \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

void engine_containers_release(struct engine_containers *containers);

/* All containers of a project, stopped ones too; `service` NULL: of every service. */
int engine_list_project(struct engine *engine, const char *project, const char *service,
			struct engine_containers *ret, struct error *err);

/* Removes stopped containers of a project whose image is not there any more. */
int engine_remove_imageless(struct engine *engine, const char *project, struct error *err);

/* Removes the containers of a service, also those that run, but none of `compose run`. */
int engine_remove_service(struct engine *engine, const char *project, const char *service,
			  struct error *err);

/*
 * The address at which a container's port is published, such as "localhost:32768" ("0.0.0.0" and
 * "::" read as localhost), or the code "NotFound".
 */
int engine_published_port(struct engine *engine, const char *project, const char *service,
			  unsigned port, struct str *ret_address, struct error *err);

/* Removes untagged images that carry all `labels` ("key=value"); returns how many. */
int engine_prune_dangling(struct engine *engine, const struct strv *labels, unsigned *ret_count,
			  struct error *err);

#endif
