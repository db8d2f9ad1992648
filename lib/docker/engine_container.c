#include "base/cleanup.h"
#include "base/mem.h"
#include "data/json.h"
#include "docker/engine_call.h"

#include <string.h>

/* The labels that compose, v1 and v2 alike, puts on what it makes. */
#define LABEL_PROJECT "com.docker.compose.project"
#define LABEL_SERVICE "com.docker.compose.service"
#define LABEL_ONEOFF  "com.docker.compose.oneoff"

void engine_containers_release(struct engine_containers *containers)
{
	for (size_t i = 0; i < containers->count; i++) {
		struct engine_container *item = &containers->items[i];

		free(item->id);
		free(item->service);
		free(item->state);
		strv_release(&item->ports);
	}
	free(containers->items);
	*containers = (struct engine_containers)ENGINE_CONTAINERS_INIT;
}

static json_t *fetch(struct engine *engine, const char *project, const char *service,
		     struct error *err)
{
	CLEANUP(strv_release) struct strv labels = STRV_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;

	strv_addf(&labels, "%s=%s", LABEL_PROJECT, project);
	if (service)
		strv_addf(&labels, "%s=%s", LABEL_SERVICE, service);
	str_adds(&path, "/containers/json?all=1&");
	engine_add_filters(&path, &labels, false);
	return engine_get(engine, path.buf, err);
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_text(object, key);

	return text ? text : "";
}

static bool is_oneoff(const json_t *container)
{
	const char *oneoff = text_of(json_object_get(container, "Labels"), LABEL_ONEOFF);

	return strcasecmp(oneoff, "true") == 0;
}

/* "localhost" for what listens everywhere, brackets for IPv6. */
static void add_address(struct str *out, const char *ip, json_int_t port)
{
	if (!*ip || strcmp(ip, "0.0.0.0") == 0 || strcmp(ip, "::") == 0)
		str_addf(out, "localhost:%" JSON_INTEGER_FORMAT, port);
	else if (strchr(ip, ':'))
		str_addf(out, "[%s]:%" JSON_INTEGER_FORMAT, ip, port);
	else
		str_addf(out, "%s:%" JSON_INTEGER_FORMAT, ip, port);
}

static void add_ports(const json_t *container, struct strv *ret)
{
	json_t *port;
	size_t i;

	json_array_foreach(json_object_get(container, "Ports"), i, port)
	{
		json_int_t public = json_integer_value(json_object_get(port, "PublicPort"));
		json_int_t private = json_integer_value(json_object_get(port, "PrivatePort"));

		if (public)
			strv_addf(ret, "%s:%" JSON_INTEGER_FORMAT "->%" JSON_INTEGER_FORMAT,
				  text_of(port, "IP"), public, private);
	}
}

/* The list tells the exit code in words only ("Exited (3) 5 minutes ago"); the container itself as
 * a number. */
static int fetch_exit_code(struct engine *engine, const char *id, int *ret_code, struct error *err)
{
	CLEANUP(str_release) struct str path = STR_INIT;
	json_auto_t *body = NULL;
	const json_t *code;

	str_adds(&path, "/containers/");
	if (engine_add_name(&path, id, err) < 0)
		return -1;
	str_adds(&path, "/json");
	body = engine_get(engine, path.buf, err);
	if (!body)
		return -1;
	code = json_object_get(json_object_get(body, "State"), "ExitCode");
	*ret_code = json_is_integer(code) ? (int)json_integer_value(code) : -1;
	return 0;
}

static int add_container(struct engine *engine, const json_t *body, struct engine_containers *list,
			 struct error *err)
{
	const json_t *labels = json_object_get(body, "Labels");
	struct engine_container *item = mem_grow(&list->items, &list->count, sizeof(*list->items));

	item->id = mem_strdup(text_of(body, "Id"));
	item->service = mem_strdup(text_of(labels, LABEL_SERVICE));
	item->state = mem_strdup(text_of(body, "State"));
	item->oneoff = is_oneoff(body);
	item->exit_code = -1;
	add_ports(body, &item->ports);
	if (strcmp(item->state, "exited") != 0 && strcmp(item->state, "dead") != 0)
		return 0;
	return fetch_exit_code(engine, item->id, &item->exit_code, err);
}

int engine_list_project(struct engine *engine, const char *project, const char *service,
			struct engine_containers *ret, struct error *err)
{
	CLEANUP(engine_containers_release)
	struct engine_containers list = ENGINE_CONTAINERS_INIT;
	json_auto_t *body = fetch(engine, project, service, err);
	struct engine_containers old = *ret;
	json_t *container;
	size_t i;

	if (!body)
		return -1;
	json_array_foreach(body, i, container)
	{
		/* One that went away between the two calls is none of the project's any more. */
		if (add_container(engine, container, &list, err) == 0)
			continue;
		if (!error_has_code(err, "NotFound"))
			return -1;
		error_release(err);
	}
	*ret = list;
	list = old;
	return 0;
}

/* `query`: as the Engine API has it for DELETE /containers/ID, "" for none. */
static int remove_container(struct engine *engine, const char *id, const char *query,
			    struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;

	str_adds(&path, "/containers/");
	if (engine_add_name(&path, id, err) < 0)
		return -1;
	str_adds(&path, query);
	if (engine_call(engine, "DELETE", path.buf, &response, err) == 0)
		return 0;
	if (!error_has_code(err, "NotFound"))
		return -1;
	error_release(err);
	return 0;
}

static int remove_if_imageless(struct engine *engine, const json_t *container, struct error *err)
{
	CLEANUP(engine_image_release) struct engine_image image = ENGINE_IMAGE_INIT;

	if (is_oneoff(container) || strcmp(text_of(container, "State"), "running") == 0)
		return 0;
	if (engine_inspect_image(engine, text_of(container, "ImageID"), &image, err) == 0)
		return 0;
	if (!error_has_code(err, "NotFound"))
		return -1;
	error_release(err);
	return remove_container(engine, text_of(container, "Id"), "", err);
}

int engine_remove_imageless(struct engine *engine, const char *project, struct error *err)
{
	json_auto_t *body = fetch(engine, project, NULL, err);
	json_t *container;
	size_t i;

	if (!body)
		return -1;
	json_array_foreach(body, i, container)
	{
		if (remove_if_imageless(engine, container, err) < 0)
			return -1;
	}
	return 0;
}

int engine_remove_service(struct engine *engine, const char *project, const char *service,
			  struct error *err)
{
	json_auto_t *body = fetch(engine, project, service, err);
	json_t *container;
	size_t i;

	if (!body)
		return -1;
	json_array_foreach(body, i, container)
	{
		if (is_oneoff(container))
			continue;
		if (remove_container(engine, text_of(container, "Id"), "?force=true&v=true", err) <
		    0)
			return -1;
	}
	return 0;
}

/* Finds the port's address in one container; an IPv4 address is preferred. */
static bool find_port(const json_t *container, unsigned port, struct str *ret_address)
{
	const json_t *best = NULL;
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(container, "Ports"), i, entry)
	{
		if (json_integer_value(json_object_get(entry, "PrivatePort")) != port ||
		    !json_integer_value(json_object_get(entry, "PublicPort")))
			continue;
		if (!best || strchr(text_of(best, "IP"), ':'))
			best = entry;
	}
	if (!best)
		return false;
	str_reset(ret_address);
	add_address(ret_address, text_of(best, "IP"),
		    json_integer_value(json_object_get(best, "PublicPort")));
	return true;
}

int engine_published_port(struct engine *engine, const char *project, const char *service,
			  unsigned port, struct str *ret_address, struct error *err)
{
	json_auto_t *body = fetch(engine, project, service, err);
	json_t *container;
	size_t i;

	if (!body)
		return -1;
	json_array_foreach(body, i, container)
	{
		if (is_oneoff(container) || strcmp(text_of(container, "State"), "running") != 0)
			continue;
		if (find_port(container, port, ret_address))
			return 0;
	}
	error_set(err, ERROR_TOOL, "service '%s' publishes no port %u, or is not running", service,
		  port);
	error_set_code(err, "NotFound");
	return error_fix(err, "give it 'ports: [\"127.0.0.1::%u\"]' in the compose file", port);
}
