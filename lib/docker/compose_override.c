#include "docker/compose_override.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "data/json.h"
#include "docker/dotenv.h"
#include "sys/file.h"

#include <string.h>

#define FILE_MAX_BYTES (8UL << 20)

/* In compose's own order of preference (compose-go, cli/options.go; compose v1, config.py). */
static const char *const names_v2[] = { "compose.yaml", "compose.yml", "docker-compose.yml",
					"docker-compose.yaml", NULL };
static const char *const names_v1[] = { "docker-compose.yml", "docker-compose.yaml", "compose.yml",
					"compose.yaml", NULL };
static const char *const override_names[] = { "compose.override.yml", "compose.override.yaml",
					      "docker-compose.override.yml",
					      "docker-compose.override.yaml", NULL };

static void add_first(const char *dir, const char *const *names, struct strv *ret_files)
{
	for (; *names; names++) {
		CLEANUP_FREE char *path = file_join(dir, *names);

		if (!file_exists(path))
			continue;
		strv_add(ret_files, path);
		return;
	}
}

static int read_env_file(const char *dir, const char *name, struct str *ret, struct error *err)
{
	CLEANUP_FREE char *path = file_join(dir, ".env");
	CLEANUP(str_release) struct str text = STR_INIT;

	if (!file_exists(path))
		return 0;
	if (file_read(path, FILE_MAX_BYTES, &text, err) < 0)
		return -1;
	(void)dotenv_find(text.buf, text.len, name, ret);
	return 0;
}

static int find_setting(const struct env *env, const char *dir, const char *name, struct str *ret,
			struct error *err)
{
	const char *value = env_get(env, name);

	if (!value)
		return read_env_file(dir, name, ret, err);
	str_adds(ret, value);
	return 0;
}

int compose_find_files(const struct compose *compose, const struct env *env, struct strv *ret_files,
		       struct error *err)
{
	const char *dir = compose->dir.buf;
	CLEANUP(str_release) struct str list = STR_INIT;
	CLEANUP(str_release) struct str separator = STR_INIT;
	CLEANUP(strv_release) struct strv names = STRV_INIT;

	if (find_setting(env, dir, "COMPOSE_FILE", &list, err) < 0 ||
	    find_setting(env, dir, "COMPOSE_PATH_SEPARATOR", &separator, err) < 0)
		return -1;
	strv_split(&names, list.buf, separator.len ? separator.buf : ":");
	for (size_t i = 0; i < names.count; i++)
		strv_take(ret_files, file_join(dir, names.v[i]));
	if (names.count)
		return 0;
	add_first(dir, compose->major == 1 ? names_v1 : names_v2, ret_files);
	add_first(dir, override_names, ret_files);
	return 0;
}

/* The line as it stands in the file: a compose file begins with it, in block style. */
int compose_file_format(const char *path, struct str *ret_format, struct error *err)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	struct slice rest;

	if (file_read(path, FILE_MAX_BYTES, &text, err) < 0)
		return -1;
	rest = (struct slice){ text.buf, text.len };
	while (rest.n) {
		struct slice line = slice_next_line(&rest);
		const char *comment;

		if (!slice_starts_with(line, "version:"))
			continue;
		line = (struct slice){ line.p + 8, line.n - 8 };
		comment = memmem(line.p, line.n, " #", 2);
		line = slice_trim(
			(struct slice){ line.p, comment ? (size_t)(comment - line.p) : line.n });
		if (line.n > 1 && strchr("\"'", line.p[0]) && line.p[line.n - 1] == line.p[0])
			line = (struct slice){ line.p + 1, line.n - 2 };
		str_add(ret_format, line.p, line.n);
		return 0;
	}
	return 0;
}

/* A text in which compose shall not look for variables: "$" is written "$$". */
static json_t *literal(const char *text)
{
	CLEANUP(str_release) struct str doubled = STR_INIT;

	for (; *text; text++) {
		if (*text == '$')
			str_addc(&doubled, '$');
		str_addc(&doubled, *text);
	}
	return json_string(doubled.buf);
}

static json_t *label_map(const struct strv *labels)
{
	json_t *map = json_object();

	for (size_t i = 0; i < labels->count; i++) {
		const char *equals = strchr(labels->v[i], '=');
		CLEANUP_FREE char *key = mem_strndup(labels->v[i], (size_t)(equals - labels->v[i]));

		json_object_set_new(map, key, literal(equals + 1));
	}
	return map;
}

/* JSON, which is YAML too. */
static void write_services(json_t *services, const char *format, struct str *out)
{
	json_auto_t *document = json_object();

	if (*format)
		json_object_set_new(document, "version", json_string(format));
	json_object_set_new(document, "services", services);
	json_write(document, out);
}

void compose_override_labels(const struct compose_config *config, const char *format,
			     const struct strv *labels, struct str *out)
{
	json_t *services = json_object();

	for (size_t i = 0; i < config->count; i++) {
		const struct compose_service *service = &config->services[i];

		if (service->has_build)
			json_object_set_new(
				services, service->name,
				json_pack("{s:{s:o}}", "build", "labels", label_map(labels)));
	}
	write_services(services, format, out);
}

void compose_override_images(const struct strv *images, const char *format, struct str *out)
{
	json_t *services = json_object();

	for (size_t i = 0; i < images->count; i++) {
		const char *equals = strchr(images->v[i], '=');
		CLEANUP_FREE char *service =
			mem_strndup(images->v[i], (size_t)(equals - images->v[i]));

		json_object_set_new(services, service,
				    json_pack("{s:o}", "image", literal(equals + 1)));
	}
	write_services(services, format, out);
}
