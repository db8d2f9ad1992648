#include "docker/config.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "data/json.h"
#include "sys/file.h"

#define CONFIG_MAX_BYTES (4UL << 20)

char *docker_config_dir(const struct env *env)
{
	const char *dir = env_get(env, "DOCKER_CONFIG");
	const char *home = env_home(env);

	if (dir)
		return mem_strdup(dir);
	return home ? mem_printf("%s/.docker", home) : NULL;
}

/* The text of config.json as it is, "" where there is no file. */
static int read_text(const char *path, struct str *ret_text, struct error *err)
{
	return file_exists(path) ? file_read(path, CONFIG_MAX_BYTES, ret_text, err) : 0;
}

/* An empty file counts as {}, as the docker CLI has it. */
static json_t *parse(const char *path, const struct str *text, struct error *err)
{
	json_t *config;

	if (text->len == 0)
		return json_object();
	config = json_read(text->buf, text->len, err);
	if (config && !json_is_object(config)) {
		json_decref(config);
		config = NULL;
		error_set(err, ERROR_CONFIG, "not a JSON object");
	}
	if (config)
		return config;
	error_wrap(err, "'%s'", path);
	error_fix(err, "correct the file, or move it away: it is docker's own configuration");
	return NULL;
}

json_t *docker_config_read(const struct env *env, struct error *err)
{
	CLEANUP_FREE char *dir = docker_config_dir(env);
	CLEANUP_FREE char *path = dir ? file_join(dir, "config.json") : NULL;
	CLEANUP(str_release) struct str text = STR_INIT;

	if (!path)
		return json_object();
	if (read_text(path, &text, err) < 0)
		return NULL;
	return parse(path, &text, err);
}
