#include "deploy/config_read.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "data/json.h"
#include "data/yaml.h"
#include "data/yaml_locate.h"
#include "sys/file.h"

#include <stdint.h>
#include <string.h>

#define CONFIG_MAX_BYTES (256UL << 10)

/* A file being read: its text for line numbers, and the settings it goes to. */
struct reader {
	struct config *config;
	struct str text;
	const char *origin;
};

/* Points an error at the place in the file: "deployer.yml:12: ...". */
static int at_key(const struct reader *r, const char *path, struct error *err)
{
	struct place place;

	if (yaml_locate(r->text.buf, r->text.len, path, &place))
		return error_wrap(err, "%s:%u", r->config->file, place.line);
	return error_wrap(err, "%s", r->config->file);
}

static int wrong_shape(const struct reader *r, const char *path, const char *want,
		       struct error *err)
{
	error_set(err, ERROR_CONFIG, "'%s' is not %s", path, want);
	return at_key(r, path, err);
}

/* Scalars keep the text that a person wrote, as far as YAML lets it through. */
static char *scalar_text(const json_t *value)
{
	if (json_is_string(value))
		return mem_strdup(json_string_value(value));
	if (json_is_integer(value))
		return mem_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	if (json_is_boolean(value))
		return mem_strdup(json_is_true(value) ? "true" : "false");
	return NULL;
}

/* A list of texts; one text alone is a list of one, a map one of "key=value". */
static bool list_texts(const json_t *value, struct strv *ret)
{
	const char *key;
	json_t *item;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)value, key, item)
	{
		CLEANUP_FREE char *text = scalar_text(item);

		if (!text)
			return false;
		strv_addf(ret, "%s=%s", key, text);
	}
	json_array_foreach(value, i, item)
	{
		char *text = scalar_text(item);

		if (!text)
			return false;
		strv_take(ret, text);
	}
	if (!json_is_array(value) && !json_is_object(value)) {
		char *text = scalar_text(value);

		if (!text)
			return false;
		strv_take(ret, text);
	}
	return true;
}

static int read_setting(struct reader *r, enum config_key key, const char *path,
			const json_t *value, struct error *err)
{
	struct setting *setting = &r->config->settings[key];
	CLEANUP(strv_release) struct strv list = STRV_INIT;
	char *text;

	if (config_key_is_list(key)) {
		if (!list_texts(value, &list))
			return wrong_shape(r, path, "a list of texts", err);
		strv_release(&setting->list);
		setting->list = list;
		list = (struct strv)STRV_INIT;
		setting_set_origin(setting, r->origin);
		return 0;
	}
	text = scalar_text(value);
	if (!text)
		return wrong_shape(r, path, "a text", err);
	free(setting->value);
	setting->value = text;
	setting_set_origin(setting, r->origin);
	return 0;
}

/* The words of a step: a text is split at blanks, a list is taken as it is. */
static int step_words(struct reader *r, const char *path, const json_t *value, struct strv *ret,
		      struct error *err)
{
	if (json_is_string(value))
		strv_split(ret, json_string_value(value), " \t");
	else if (!json_is_array(value) || !list_texts(value, ret))
		return wrong_shape(r, path, "a text or a list of words", err);
	return 0;
}

static int read_step_map(struct reader *r, const char *path, const json_t *map, struct step *step,
			 struct error *err)
{
	static const struct {
		const char *word;
		enum step_kind kind;
	} kinds[] = {
		{ "build", STEP_BUILD },
		{ "up", STEP_UP },
		{ "run", STEP_RUN },
		{ "exec", STEP_EXEC },
	};

	step->pull = json_is_true(json_object_get(map, "pull"));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const json_t *value = json_object_get(map, kinds[i].word);

		if (!value)
			continue;
		step->kind = kinds[i].kind;
		if (json_is_null(value) && step->kind == STEP_BUILD)
			return 0;
		return step_words(r, path, value, &step->args, err);
	}
	return wrong_shape(r, path, "a step: build, up, run, exec or a list of words", err);
}

static int read_step(struct reader *r, const char *path, const json_t *value, struct steps *steps,
		     struct error *err)
{
	struct step *step = mem_grow(&steps->items, &steps->count, sizeof(*step));

	if (json_is_object(value)) {
		if (read_step_map(r, path, value, step, err) < 0)
			return -1;
	} else {
		step->kind = STEP_EXEC;
		if (step_words(r, path, value, &step->args, err) < 0)
			return -1;
	}
	if (step->args.count == 0 && step->kind != STEP_BUILD)
		return wrong_shape(r, path, "a step with something to do", err);
	return 0;
}

static int read_steps(struct reader *r, const char *path, const json_t *value, struct steps *steps,
		      struct error *err)
{
	json_t *item;
	size_t i;

	if (!json_is_array(value))
		return wrong_shape(r, path, "a list of steps", err);
	steps_release(steps);
	json_array_foreach(value, i, item)
	{
		if (read_step(r, path, item, steps, err) < 0)
			return -1;
	}
	steps->origin = mem_strdup(r->origin);
	return 0;
}

/* Programs alone: what runs in a service belongs to a stage. One text alone is a list of one. */
static int read_hook(struct reader *r, const char *path, const json_t *value, struct steps *hook,
		     struct error *err)
{
	json_auto_t *list = json_is_string(value) ? json_pack("[O]", value) : NULL;

	if (read_steps(r, path, list ? list : value, hook, err) < 0)
		return -1;
	for (size_t i = 0; i < hook->count; i++) {
		if (hook->items[i].kind != STEP_EXEC)
			return wrong_shape(r, path, "a list of programs", err);
	}
	return 0;
}

/* Keys that are no settings themselves; the hooks follow them. */
static const char *const other_keys[] = { "stages.test", "stages.release" };
#define OTHER_COUNT (sizeof(other_keys) / sizeof(other_keys[0]))

/* The name of the `i`th known key: of a setting, or of one of the others; false after the last. */
static bool known_key(size_t i, struct str *ret)
{
	str_reset(ret);
	if (i < CONFIG_KEY_COUNT)
		str_adds(ret, config_key_name((enum config_key)i));
	else if (i < CONFIG_KEY_COUNT + OTHER_COUNT)
		str_adds(ret, other_keys[i - CONFIG_KEY_COUNT]);
	else if (i < CONFIG_KEY_COUNT + OTHER_COUNT + HOOK_COUNT)
		str_addf(ret, "hooks.%s",
			 hook_name((enum hook)(i - CONFIG_KEY_COUNT - OTHER_COUNT)));
	return ret->len > 0;
}

/* What stands at `name`'s level in a known key of the same parents: "stack" or "stack.name"; or
 * NULL. */
static char *sibling(const char *known, const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t parents = dot ? (size_t)(dot + 1 - name) : 0;

	if (strncmp(known, name, parents) != 0)
		return NULL;
	return mem_strndup(known, parents + strcspn(known + parents, "."));
}

/* The known key nearest to an unknown one, owned by the caller; NULL where none is near. */
static char *nearest_key(const char *name)
{
	CLEANUP(strv_release) struct strv siblings = STRV_INIT;
	CLEANUP(str_release) struct str known = STR_INIT;
	const char *nearest;

	for (size_t i = 0; known_key(i, &known); i++) {
		char *candidate = sibling(known.buf, name);

		if (candidate)
			strv_take(&siblings, candidate);
	}
	nearest = nearest_word(name, (const char *const *)siblings.v, siblings.count);
	return nearest ? mem_strdup(nearest) : NULL;
}

static int unknown_key(const struct reader *r, const char *path, const char *name,
		       struct error *err)
{
	CLEANUP_FREE char *nearest = nearest_key(name);

	error_set(err, ERROR_CONFIG, "unknown key '%s'", path);
	if (nearest)
		error_fix(err, "did you mean '%s'?", nearest);
	else
		error_fix(err, "'deployer config' prints every key");
	return at_key(r, path, err);
}

static int find_key(const char *path)
{
	for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
		if (strcmp(config_key_name((enum config_key)i), path) == 0)
			return i;
	}
	return -1;
}

/* Reads the steps behind a key that is no setting; *ret_is_steps: it is one of those. */
static int read_known_steps(struct reader *r, const char *name, const char *path,
			    const json_t *value, bool *ret_is_steps, struct error *err)
{
	*ret_is_steps = true;
	if (strcmp(name, "stages.test") == 0)
		return read_steps(r, path, value, &r->config->test, err);
	if (strcmp(name, "stages.release") == 0)
		return read_steps(r, path, value, &r->config->release, err);
	for (size_t i = 0; strncmp(name, "hooks.", 6) == 0 && i < HOOK_COUNT; i++) {
		if (strcmp(name + 6, hook_name((enum hook)i)) == 0)
			return read_hook(r, path, value, &r->config->hooks[i], err);
	}
	*ret_is_steps = false;
	return 0;
}

/* Whether some known key lies below `path`: then it is a map. */
static bool is_branch(const char *path)
{
	CLEANUP(str_release) struct str known = STR_INIT;
	size_t len = strlen(path);

	for (size_t i = 0; known_key(i, &known); i++) {
		if (strncmp(known.buf, path, len) == 0 && known.buf[len] == '.')
			return true;
	}
	return false;
}

/* What is read where a map has this key: one function a shape, no recursion beyond the tables'
 * depth. */
static int read_map(struct reader *r, const char *prefix, const char *name, const json_t *map,
		    struct error *err);

static int read_key(struct reader *r, const char *prefix, const char *name, const json_t *value,
		    struct error *err)
{
	CLEANUP_FREE char *path = mem_printf("%s%s%s", prefix, *prefix ? "." : "", name);
	int key = find_key(name);
	bool is_steps;
	int result = read_known_steps(r, name, path, value, &is_steps, err);

	if (is_steps)
		return result;
	if (key >= 0)
		return read_setting(r, (enum config_key)key, path, value, err);
	if (is_branch(name))
		return read_map(r, prefix, name, value, err);
	return unknown_key(r, path, name, err);
}

static int read_map(struct reader *r, const char *prefix, const char *name, const json_t *map,
		    struct error *err)
{
	const char *key;
	json_t *value;

	if (json_is_null(map))
		return 0;
	if (!json_is_object(map))
		return wrong_shape(r, *name ? name : prefix, "a map", err);
	json_object_foreach((json_t *)(uintptr_t)map, key, value)
	{
		CLEANUP_FREE char *path = mem_printf("%s%s%s", name, *name ? "." : "", key);

		if (!*name && !*prefix && strcmp(key, "environments") == 0)
			continue;
		if (read_key(r, prefix, path, value, err) < 0)
			return -1;
	}
	return 0;
}

static int read_environment(struct reader *r, const json_t *environments, const char *name,
			    struct error *err)
{
	const json_t *map = json_object_get(environments, name);
	CLEANUP_FREE char *prefix = mem_printf("environments.%s", name);
	CLEANUP_FREE char *origin = mem_printf("environment %s", name);

	if (!map) {
		error_set(err, ERROR_CONFIG, "%s has no environment '%s'", r->config->file, name);
		return error_fix(err, "add it under 'environments', or leave --env out");
	}
	r->origin = origin;
	return read_map(r, prefix, "", map, err);
}

static int read_tree(struct reader *r, const json_t *root, struct error *err)
{
	const json_t *environments = json_object_get(root, "environments");
	const char *name;
	json_t *value;

	if (read_map(r, "", "", root, err) < 0)
		return -1;
	if (environments && !json_is_object(environments))
		return wrong_shape(r, "environments", "a map", err);
	json_object_foreach((json_t *)(uintptr_t)environments, name, value)
		strv_add(&r->config->environments, name);
	if (r->config->environment && r->config->environments.count)
		return read_environment(r, environments, r->config->environment, err);
	return 0;
}

int config_read_file(struct config *config, struct error *err)
{
	struct reader r = { .config = config, .text = STR_INIT, .origin = "deployer.yml" };
	json_auto_t *root = NULL;
	int result = file_read(config->file, CONFIG_MAX_BYTES, &r.text, err);

	if (result == 0) {
		root = yaml_read(r.text.buf, r.text.len, YAML_PLAIN, err);
		result = root ? read_tree(&r, root, err)
			      : error_wrap(err, "reading '%s'", config->file);
	}
	str_release(&r.text);
	return result;
}
