#ifndef DOCKER_ENGINE_CALL_H
#define DOCKER_ENGINE_CALL_H

#include "docker/engine.h"

#include <jansson.h>

/* What the files of the Engine share: one request, one answer. */

/* Fills in where and how: `path` is what follows the API's version, "/images/json?all=1". */
void engine_prepare(const struct engine *engine, const char *method, const char *path,
		    struct http_request *ret, struct str *ret_url);

/* Whether podman answers, which speaks the same API with small differences. */
bool engine_is_podman(const struct engine *engine);

/* Sends it. ERROR_TOOL with the remedy where nothing answers; any status is a success here. */
int engine_exchange(struct engine *engine, const struct http_request *request,
		    struct http_response *ret, struct error *err);

/* Turns an answer that is not 2xx into an error; 404 has the code "NotFound". */
int engine_check(const struct http_response *response, struct error *err);

/* prepare, exchange and check in one: a call without a body. */
int engine_call(struct engine *engine, const char *method, const char *path,
		struct http_response *ret, struct error *err);

/* The same for a GET whose answer is JSON; NULL on failure. Owned by the caller: json_auto_t. */
json_t *engine_get(struct engine *engine, const char *path, struct error *err);

/* Appends an image's name or a container's id as a part of a path; ERROR_CONFIG for other bytes. */
int engine_add_name(struct str *path, const char *name, struct error *err);

/* Appends filters={"label":[...]} of "key=value" strings, and dangling=true where asked for. */
void engine_add_filters(struct str *path, const struct strv *labels, bool dangling);

#endif
