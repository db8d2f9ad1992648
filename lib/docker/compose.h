#ifndef DOCKER_COMPOSE_H
#define DOCKER_COMPOSE_H

#include "base/env.h"
#include "base/error.h"
#include "base/report.h"
#include "base/str.h"
#include "base/strv.h"
#include "sys/proc.h"

#include <jansson.h>
#include <stdbool.h>

struct engine;

/*
 * Docker Compose, driven as a program: `docker compose` (v2) when the plugin is there, else
 * `docker-compose` (v1). Nothing is read from its screen output; facts come from `compose config`
 * and from container labels through docker/engine.h.
 */
struct compose {
	struct strv command; /* {"/usr/bin/docker", "compose"} or {"/usr/bin/docker-compose"} */
	unsigned major;	     /* 1 or 2 and up */
	struct str version;  /* "1.29.2" */
	struct strv files;   /* compose files, absolute */
	struct str override; /* one more file on top of them, "" for none (compose_override.h) */
	struct str project;  /* -p */
	struct str dir;	     /* the project directory */
	struct strv env;     /* for each run: APP_VERSION=..., DOCKER_CONFIG=... */
	enum proc_role role; /* which credentials it sees */
	struct report *report;
	struct engine *engine; /* to check exit codes by, may be NULL; borrowed */
	unsigned timeout_ms;   /* of each step, 0: none */
};

#define COMPOSE_INIT                                                                               \
	{                                                                                          \
		.command = STRV_INIT, .version = STR_INIT, .files = STRV_INIT,                     \
		.override = STR_INIT, .project = STR_INIT, .dir = STR_INIT, .env = STRV_INIT,      \
		.report = &report_none                                                             \
	}

void compose_release(struct compose *compose);

/*
 * Finds the program and its version; the plugin is looked for where the docker CLI looks.
 * ERROR_TOOL where neither is there, and for 2.32, which starts services without what they depend
 * on (compose issues 12414 and 12425).
 */
int compose_find(struct compose *compose, const struct env *env, struct error *err);

/*
 * The steps. Output is reported line by line. The services' exit code comes back in *ret_status;
 * only what kept the step from running is an error here: ERROR_TOOL, and ERROR_SIGNAL when
 * interrupted, whatever compose then says (v1 exits 0 when it is killed). A build that fails for
 * want of space, by a registry's throttling, or for another processor is an error, too, in the
 * builder's own words (docker/failure.h). One from beneath which somebody else, on the same Engine,
 * removes images is made again, three times in all.
 */
int compose_build(struct compose *compose, bool pull, const struct strv *services, int *ret_status,
		  struct error *err);

/* Runs one command in a fresh container of `service`, which is removed afterwards. */
int compose_run(struct compose *compose, const char *service, const struct strv *command,
		int *ret_status, struct error *err);

/*
 * Starts `service` with what it depends on, waits until it exits; its exit code is the status. With
 * an engine, the container's own exit code is looked up where compose reports success: old versions
 * report it for services that failed, and for services that never ran, which is ERROR_CHILD.
 */
int compose_up_until_exit(struct compose *compose, const char *service, int *ret_status,
			  struct error *err);

/* Stops and removes everything of the project, volumes too; also while a signal is pending. */
int compose_down(struct compose *compose, int *ret_status, struct error *err);

/*
 * The effective configuration as compose itself sees it: files merged, variables replaced, "$$"
 * read as "$". ERROR_CONFIG where compose refuses the files.
 */
struct compose_service {
	char *name;
	char *image; /* "" where it has none */
	bool has_build;
	struct strv ports; /* container ports, "8000" */
	bool is_open;	   /* one of them is published on every address of the machine */
};

struct compose_config {
	size_t count;
	struct compose_service *services;
	json_t *document; /* all that compose said */
};

#define COMPOSE_CONFIG_INIT                                                                        \
	{                                                                                          \
		.count = 0, .services = NULL, .document = NULL                                     \
	}

int compose_config(struct compose *compose, struct compose_config *ret, struct error *err);

/* Reads what `compose config` printed: JSON from v2, YAML from v1. */
int compose_config_parse(const char *text, size_t len, bool is_json, struct compose_config *ret,
			 struct error *err);
const struct compose_service *compose_config_find(const struct compose_config *config,
						  const char *name);
void compose_config_release(struct compose_config *config);

#endif
