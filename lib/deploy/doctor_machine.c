#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "data/json.h"
#include "deploy/doctor_check.h"
#include "deploy/run.h"
#include "docker/address.h"
#include "docker/compose.h"
#include "docker/config.h"
#include "docker/engine.h"
#include "docker/helper.h"
#include "docker/image.h"
#include "sys/proc.h"

#include <string.h>
#include <sys/statvfs.h>

/* An image with its layers, and the build's own copies of them. */
#define DISK_LOW_BYTES (2ULL << 30)

void doctor_engine(struct checkup *checkup)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct engine *engine = NULL;

	if (engine_new(checkup->http, checkup->look->request->env, &engine, &err) < 0) {
		found_error(checkup, &err);
		return;
	}
	str_adds(&checkup->look->engine_version, engine_version(engine));
	(void)found(checkup, DOCTOR_OK, "Docker Engine %s answers (API %s)", engine_version(engine),
		    engine_api_version(engine));
	engine_free(engine);
}

void doctor_compose(struct checkup *checkup)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(compose_release) struct compose compose = COMPOSE_INIT;

	if (compose_find(&compose, checkup->look->request->env, &err) < 0) {
		found_error(checkup, &err);
		return;
	}
	checkup->look->compose_major = compose.major;
	(void)found(checkup, DOCTOR_OK, "compose %s", compose.version.buf);
}

/*
 * Compose v1 looks for a key that Engines of version 25 no longer give, where it makes a container
 * anew (docker/compose issues 11693 and 11742).
 */
void doctor_generations(struct checkup *checkup)
{
	const struct look *look = checkup->look;
	const char *version = look->engine_version.buf;
	uint64_t major = 0;

	if (!slice_to_u64((struct slice){ version, strspn(version, "0123456789") }, 999, &major) ||
	    major < 25 || look->compose_major != 1)
		return;
	advise(found(checkup, DOCTOR_WARNING,
		     "compose v1 does not know Docker Engine %s: it ends with KeyError "
		     "'ContainerConfig' where it makes a container anew",
		     version),
	       "install the compose plugin, 2.33 or newer: sudo apt install docker-compose-plugin");
}

/* ---- docker's configuration ---- */

static void check_helper(struct checkup *checkup, const char *helper, const char *what)
{
	CLEANUP_FREE char *program = mem_printf("docker-credential-%s", helper);
	CLEANUP_FREE char *path = proc_find(program);

	if (!path)
		advise(found(checkup, DOCTOR_WARNING, "%s asks '%s', which is not in PATH", what,
			     program),
		       "install it, or take it out of docker's config.json: builds that pull end "
		       "with an error");
}

static void check_helpers(struct checkup *checkup, const json_t *config)
{
	const char *store = json_text(config, "credsStore");
	const json_t *helpers = json_object_get(config, "credHelpers");
	const char *host;
	json_t *helper;

	if (store && *store)
		check_helper(checkup, store, "docker's credsStore");
	json_object_foreach((json_t *)(uintptr_t)helpers, host, helper)
	{
		CLEANUP_FREE char *what = mem_printf("docker's credHelpers for %s", host);

		if (json_is_string(helper))
			check_helper(checkup, json_string_value(helper), what);
	}
}

static bool is_of_ecr(const char *address)
{
	CLEANUP(str_release) struct str host = STR_INIT;
	CLEANUP(str_release) struct str account = STR_INIT;
	CLEANUP(str_release) struct str region = STR_INIT;

	address_host(address, &host);
	return ecr_host_parse(host.buf, &account, &region);
}

/* Base64 is no secret keeping: what `docker login` of a Makefile leaves behind. */
static void check_passwords(struct checkup *checkup, const json_t *config)
{
	const char *address;
	json_t *entry;

	json_object_foreach(json_object_get(config, "auths"), address, entry)
	{
		const char *auth = json_text(entry, "auth");

		if (auth && *auth && is_of_ecr(address))
			advise(found(checkup, DOCTOR_WARNING,
				     "docker's config.json has the password of %s in clear",
				     address),
			       "docker logout %s: deployer hands its own to docker, in memory",
			       address);
	}
}

void doctor_docker_config(struct checkup *checkup)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	json_auto_t *config = docker_config_read(checkup->look->request->env, &err);

	if (!config) {
		found_error(checkup, &err);
		return;
	}
	check_helpers(checkup, config);
	check_passwords(checkup, config);
	if (!checkup->findings.count)
		(void)found(checkup, DOCTOR_OK, "docker's configuration can be read");
}

void doctor_disk(struct checkup *checkup)
{
	const char *path = "/var/lib/docker";
	struct statvfs disk;
	uint64_t bytes;

	if (statvfs(path, &disk) < 0) {
		path = "/";
		if (statvfs(path, &disk) < 0)
			return;
	}
	bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	if (bytes < DISK_LOW_BYTES)
		advise(found(checkup, DOCTOR_WARNING, "%ju MB are free for images (%s)",
			     (uintmax_t)(bytes >> 20), path),
		       "make room: docker image prune");
	else
		(void)found(checkup, DOCTOR_OK, "%ju GB are free for images (%s)",
			    (uintmax_t)(bytes >> 30), path);
}
