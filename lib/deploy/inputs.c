#include "deploy/inputs.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "base/strv.h"
#include "data/digest.h"
#include "data/json.h"
#include "docker/context.h"
#include "sys/file.h"

#include <string.h>

static int refuse(const char *service, const char *what, struct error *err)
{
	return error_set(err, ERROR_REFUSED, "service '%s': %s", service, what);
}

/* Zero bytes stand in no text, so that no two lists of texts read the same. */
static void add_text(struct str *out, const char *text)
{
	str_adds(out, text);
	str_addc(out, '\0');
}

static void add_list(struct str *out, const struct strv *list)
{
	str_addf(out, "%zu:", list->count);
	for (size_t i = 0; i < list->count; i++)
		add_text(out, list->v[i]);
}

static void add_settings(const struct config *config, struct str *out)
{
	for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
		add_text(out, config_key_name((enum config_key)i));
		add_text(out, config_text(config, (enum config_key)i));
		add_list(out, config_list(config, (enum config_key)i));
	}
}

static int add_steps(const struct steps *steps, struct str *out, struct error *err)
{
	for (size_t i = 0; i < steps->count; i++) {
		const struct step *step = &steps->items[i];

		if (step->kind == STEP_EXEC)
			return error_set(err, ERROR_REFUSED,
					 "'%s' runs on this machine and may read anything",
					 step->args.v[0]);
		str_addf(out, "%d %d ", (int)step->kind, step->pull);
		add_list(out, &step->args);
	}
	str_addc(out, '\n');
	return 0;
}

/* The programs of the stages that would be left out: they may make or check anything. */
static int check_hooks(const struct config *config, struct error *err)
{
	static const enum hook hooks[] = { HOOK_BEFORE_TEST, HOOK_AFTER_TEST, HOOK_BEFORE_RELEASE,
					   HOOK_AFTER_RELEASE };

	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		if (config->hooks[hooks[i]].count)
			return error_set(err, ERROR_REFUSED, "hook '%s' runs on this machine",
					 hook_name(hooks[i]));
	}
	return 0;
}

/* What the programs read on their own; the rest compose puts into its configuration. */
static void add_variables(const struct env *env, struct str *out)
{
	static const char *const heads[] = { "DOCKER_", "COMPOSE_", "BUILDKIT_", "BUILDX_" };

	for (char *const *var = env->vars; var && *var; var++) {
		for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
			if (strncmp(*var, heads[i], strlen(heads[i])) == 0)
				add_text(out, *var);
		}
	}
}

/* Whether `key` is one of the words. */
static bool is_among(const char *key, const char *const *words)
{
	for (; *words; words++) {
		if (strcmp(key, *words) == 0)
			return true;
	}
	return false;
}

/* All else in a build may lead to a file or a machine that is not looked at here. */
static int check_build(const struct inputs *inputs, const char *service, json_t *build,
		       struct error *err)
{
	static const char *const known[] = { "args",	    "cache_from", "context", "dockerfile",
					     "extra_hosts", "isolation",  "labels",  "network",
					     "no_cache",    "platforms",  "pull",    "shm_size",
					     "target",	    NULL };
	CLEANUP(str_wipe) struct str text = STR_INIT;
	const char *key;
	json_t *value;

	json_object_foreach(build, key, value)
	{
		if (!is_among(key, known))
			return error_set(err, ERROR_REFUSED, "service '%s': build has '%s'",
					 service, key);
	}
	json_write(build, &text);
	if (memmem(text.buf, text.len, inputs->tag, strlen(inputs->tag)))
		return refuse(service, "the version goes into what is built", err);
	return 0;
}

static int add_build(const struct inputs *inputs, const char *service, json_t *build,
		     struct strv *done, struct str *out, struct error *err)
{
	const char *context =
		json_is_string(build) ? json_string_value(build) : json_text(build, "context");
	const char *dockerfile = json_text(build, "dockerfile");
	CLEANUP_FREE char *key = NULL;

	if (!build || json_is_null(build))
		return 0;
	if (!context || context[0] != '/')
		return refuse(service, "its build context is no folder", err);
	if (check_build(inputs, service, build, err) < 0)
		return -1;
	key = mem_printf("%s\n%s", context, dockerfile ? dockerfile : "Dockerfile");
	if (strv_has(done, key))
		return 0;
	strv_add(done, key);
	add_text(out, key);
	return context_list_files(context, dockerfile ? dockerfile : "Dockerfile", out, err);
}

/* "/on/this/machine:/in/it:ro", owned by the caller (free()); NULL for a volume. */
static char *short_mount_source(const char *text)
{
	if (!strchr("/.~", text[0]) || !strchr(text, ':'))
		return NULL;
	return mem_strndup(text, strcspn(text, ":"));
}

static int mount_source(const char *service, const json_t *mount, char **ret_source,
			struct error *err)
{
	const char *type = json_text(mount, "type");
	const char *source = json_text(mount, "source");

	if (json_is_string(mount)) {
		*ret_source = short_mount_source(json_string_value(mount));
		return 0;
	}
	if (type && strcmp(type, "bind") == 0 && source) {
		*ret_source = mem_strdup(source);
		return 0;
	}
	if (type && (strcmp(type, "volume") == 0 || strcmp(type, "tmpfs") == 0))
		return 0;
	return refuse(service, "a mount of an unknown kind", err);
}

/* Test reports are written there, not read. */
static void list_reports(const struct config *config, struct strv *ret)
{
	const struct strv *names = config_list(config, CONFIG_REPORTS);

	for (size_t i = 0; i < names->count; i++)
		strv_take(ret, file_join(config->dir, names->v[i]));
}

static int add_mounts(const struct inputs *inputs, const char *service, const json_t *mounts,
		      struct str *out, struct error *err)
{
	CLEANUP(strv_release) struct strv reports = STRV_INIT;
	const json_t *mount;
	size_t i;

	list_reports(inputs->config, &reports);
	json_array_foreach(mounts, i, mount)
	{
		CLEANUP_FREE char *source = NULL;

		if (mount_source(service, mount, &source, err) < 0)
			return -1;
		if (source && context_list_mount(source, &reports, out, err) < 0)
			return -1;
	}
	return 0;
}

static int add_service(const struct inputs *inputs, const char *name, const json_t *body,
		       struct strv *done, struct str *out, struct error *err)
{
	static const char *const elsewhere[] = { "credential_spec", "devices",
						 "env_file",	    "external_links",
						 "network_mode",    "provider",
						 "volumes_from",    NULL };

	for (const char *const *key = elsewhere; *key; key++) {
		if (json_object_get(body, *key))
			return error_set(err, ERROR_REFUSED, "service '%s' has '%s'", name, *key);
	}
	if (add_build(inputs, name, json_object_get(body, "build"), done, out, err) < 0)
		return -1;
	return add_mounts(inputs, name, json_object_get(body, "volumes"), out, err);
}

/* Volumes and networks that others fill, and files beside the services. */
static int check_shared(const json_t *document, struct error *err)
{
	static const char *const parts[] = { "volumes", "networks" };
	const char *name;
	json_t *body;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		json_object_foreach(json_object_get(document, parts[i]), name, body)
		{
			const json_t *external = json_object_get(body, "external");

			if ((external && !json_is_false(external)) ||
			    json_object_size(json_object_get(body, "driver_opts")))
				return error_set(err, ERROR_REFUSED, "'%s' of %s is not ours alone",
						 name, parts[i]);
		}
	}
	if (json_object_size(json_object_get(document, "secrets")) ||
	    json_object_size(json_object_get(document, "configs")))
		return error_set(err, ERROR_REFUSED, "services are given secrets or configs");
	return 0;
}

/* The whole configuration, with the version's name in place of the version. */
static void add_document(const struct inputs *inputs, struct str *out)
{
	CLEANUP(str_wipe) struct str text = STR_INIT;
	struct slice rest;
	size_t len = strlen(inputs->tag);
	const char *at;

	json_write(inputs->services->document, &text);
	rest = (struct slice){ text.buf, text.len };
	while ((at = memmem(rest.p, rest.n, inputs->tag, len))) {
		str_add(out, rest.p, (size_t)(at - rest.p));
		str_addc(out, '\0');
		rest = (struct slice){ at + len, rest.n - (size_t)(at + len - rest.p) };
	}
	str_add(out, rest.p, rest.n);
}

static int add_services(const struct inputs *inputs, struct str *out, struct error *err)
{
	CLEANUP(strv_release) struct strv done = STRV_INIT;
	const json_t *document = inputs->services->document;
	const char *name;
	json_t *body;

	json_object_foreach(json_object_get(document, "services"), name, body)
	{
		if (add_service(inputs, name, body, &done, out, err) < 0)
			return -1;
	}
	return check_shared(document, err);
}

int inputs_name(const struct inputs *inputs, struct str *ret_name, struct error *err)
{
	CLEANUP(str_wipe) struct str text = STR_INIT;

	add_text(&text, DEPLOYER_VERSION);
	add_text(&text, inputs->compose->version.buf);
	add_settings(inputs->config, &text);
	add_variables(inputs->env, &text);
	if (check_hooks(inputs->config, err) < 0 ||
	    add_steps(&inputs->config->test, &text, err) < 0 ||
	    add_steps(&inputs->config->release, &text, err) < 0)
		return -1;
	add_document(inputs, &text);
	if (add_services(inputs, &text, err) < 0)
		return -1;
	str_reset(ret_name);
	digest_sha256_hex(ret_name, text.buf, text.len);
	return 0;
}
