#ifndef TESTS_UNIT_WORLD_H
#define TESTS_UNIT_WORLD_H

#include "aws/chain.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "data/json.h"
#include "sys/file.h"
#include "test.h"

#include <string.h>

/*
 * What the credential chain lives in, made up: a home of its own, an environment, a clock that
 * stands still until it sleeps, and a network that `answer` speaks for. It returns an HTTP status
 * with *ret_body filled in, or 0 for no answer. Every request is written down.
 */
struct world;
typedef int (*world_answer_fn)(struct world *world, const struct http_request *request,
			       struct str *ret_body);

struct world {
	struct http http; /* first, so that it can be cast back */
	struct clock clock;
	int64_t now_ms;
	char *home;
	struct strv vars;
	struct env env;
	struct aws_settings settings;
	struct aws_chain *chain;
	world_answer_fn answer;
	void *ctx;
	struct strv requests; /* "METHOD URL" */
	struct strv headers;  /* of the last one */
	struct str body;
};

#define WORLD_NOW_MS 1795432320000 /* 2026-11-23T11:12:00Z */

static inline int world_send(struct http *http, const struct http_request *request,
			     struct http_response *ret, struct error *err)
{
	struct world *world = (struct world *)http;
	struct str body = STR_INIT;
	int status;

	strv_addf(&world->requests, "%s %s", request->method, request->url);
	strv_release(&world->headers);
	strv_add_list(&world->headers, &request->headers);
	str_reset(&world->body);
	str_add(&world->body, request->body ? request->body : "", request->body_len);
	status = world->answer ? world->answer(world, request, &body) : 0;
	if (status == 0) {
		str_release(&body);
		return error_set(err, ERROR_NETWORK, "nobody answers at '%s'", request->url);
	}
	ret->status = status;
	ret->body = body;
	return 0;
}

#define world_of_clock(pointer)                                                                    \
	((struct world *)(void *)((char *)(pointer)-offsetof(struct world, clock)))

static inline int64_t world_now(struct clock *clock)
{
	return world_of_clock(clock)->now_ms;
}

static inline void world_sleep(struct clock *clock, int64_t ms)
{
	world_of_clock(clock)->now_ms += ms;
}

/* The metadata service is off: a test that wants it takes the variable out. */
static inline void world_begin(struct world *world)
{
	struct error err = ERROR_INIT;

	*world = (struct world){
		.http = { world_send },
		.clock = { world_now, world_now, world_sleep },
		.now_ms = WORLD_NOW_MS,
		.settings = AWS_SETTINGS_INIT,
		.body = STR_INIT,
	};
	assert_int_equal(file_make_private_dir("test", &world->home, &err), 0);
	strv_addf(&world->vars, "HOME=%s", world->home);
	strv_add(&world->vars, "AWS_REGION=us-east-1");
	strv_add(&world->vars, "AWS_EC2_METADATA_DISABLED=true");
}

static inline void world_forget(struct world *world)
{
	aws_chain_free(world->chain);
	world->chain = NULL;
	aws_settings_release(&world->settings);
}

static inline void world_end(struct world *world)
{
	world_forget(world);
	file_remove_tree(world->home);
	free(world->home);
	strv_release(&world->vars);
	strv_release(&world->requests);
	strv_release(&world->headers);
	str_release(&world->body);
}

static inline void world_set(struct world *world, const char *name, const char *value)
{
	strv_set_env(&world->vars, name, value);
}

/* Writes a file below the home, with its folders; mode 0600. */
static inline void world_write(struct world *world, const char *name, const char *text)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *path = file_join(world->home, name);
	CLEANUP_FREE char *dir = file_dirname(path);

	assert_int_equal(file_make_dirs(dir, &err), 0);
	assert_int_equal(file_write_atomic(path, text, strlen(text), 0600, &err), 0);
}

/* Reads the settings and makes the chain, with --profile where `profile` is one. */
static inline int world_load(struct world *world, const char *profile, struct error *err)
{
	const struct aws_options options = { .profile = profile };

	world_forget(world);
	world->env.vars = strv_array(&world->vars);
	if (aws_settings_load(&options, &world->env, &report_none, &world->settings, err) < 0)
		return -1;
	world->chain = aws_chain_new(&world->settings, &world->http, &world->clock, &report_none);
	return 0;
}

/* The same, and asks the chain. */
static inline int world_resolve(struct world *world, const char *profile,
				const struct aws_credentials **ret, struct error *err)
{
	if (world_load(world, profile, err) < 0)
		return -1;
	return aws_chain_resolve(world->chain, false, ret, err);
}

/* The value of a header of the last request, or "". */
static inline const char *world_header(const struct world *world, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < world->headers.count; i++) {
		if (strncasecmp(world->headers.v[i], name, len) == 0 &&
		    world->headers.v[i][len] == ':')
			return world->headers.v[i] + len + 2;
	}
	return "";
}

static inline const char *world_last_request(const struct world *world)
{
	return world->requests.count ? world->requests.v[world->requests.count - 1] : "";
}

/* A reporter that keeps the last warning. */
struct keeper {
	struct report report;
	struct str text;
};

static inline void keep(struct report *report, const struct report_event *event)
{
	struct keeper *keeper = (struct keeper *)report;

	str_reset(&keeper->text);
	str_adds(&keeper->text, event->text);
}

#endif
