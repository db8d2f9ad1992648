#include "deploy/config.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/slice.h"
#include "data/json.h"
#include "data/yaml.h"
#include "data/yaml_locate.h"
#include "sys/file.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_FILE_NAME "deployer.yml"
#define CONFIG_MAX_BYTES (256UL << 10)

/* Every setting there is, in the order in which `deployer config` prints them. */
static const struct config_row {
	const char *name;
	bool is_list;
} config_rows[] = {
	[CONFIG_PROJECT] = { "project", false },
	[CONFIG_AWS_PROFILE] = { "aws.profile", false },
	[CONFIG_AWS_REGION] = { "aws.region", false },
	[CONFIG_AWS_ACCOUNT] = { "aws.account", false },
	[CONFIG_IMAGE] = { "image", false },
	[CONFIG_COMPOSE_FILES] = { "compose.files", true },
	[CONFIG_COMPOSE_PROJECT] = { "compose.project", false },
	[CONFIG_COMPOSE_PULL] = { "compose.pull", false },
	[CONFIG_SERVICE_TEST] = { "compose.services.test", false },
	[CONFIG_SERVICE_RELEASE] = { "compose.services.release", false },
	[CONFIG_SERVICE_APP] = { "compose.services.app", false },
	[CONFIG_SERVICE_MIGRATE] = { "compose.services.migrate", false },
	[CONFIG_SERVICE_ACCEPTANCE] = { "compose.services.acceptance", false },
	[CONFIG_APP_PORT] = { "compose.port", false },
	[CONFIG_PUBLISH_TAGS] = { "publish.tags", true },
	[CONFIG_PUBLISH_REGISTRY] = { "publish.registry", false },
	[CONFIG_STACK_NAME] = { "stack.name", false },
	[CONFIG_STACK_TEMPLATE] = { "stack.template", false },
	[CONFIG_STACK_PARAMETERS] = { "stack.parameters", false },
	[CONFIG_STACK_TAG_PARAMETER] = { "stack.tag_parameter", false },
	[CONFIG_STACK_CAPABILITIES] = { "stack.capabilities", true },
	[CONFIG_STACK_TAGS] = { "stack.tags", true },
	[CONFIG_STACK_ROLE] = { "stack.role", false },
	[CONFIG_STACK_NOTIFICATIONS] = { "stack.notifications", true },
	[CONFIG_CHECKS_OFF] = { "checks.off", true },
	[CONFIG_STACK_DISABLE_ROLLBACK] = { "stack.disable_rollback", false },
	[CONFIG_STACK_PROTECTION] = { "stack.termination_protection", false },
	[CONFIG_REPORTS] = { "reports", true },
	[CONFIG_CLEAN_LABEL] = { "clean.label", false },
};

const char *config_key_name(enum config_key key)
{
	return config_rows[key].name;
}

bool config_key_is_list(enum config_key key)
{
	return config_rows[key].is_list;
}

const char *config_text(const struct config *config, enum config_key key)
{
	const char *value = config->settings[key].value;

	return value ? value : "";
}

const struct strv *config_list(const struct config *config, enum config_key key)
{
	return &config->settings[key].list;
}

char *config_path(const struct config *config, enum config_key key)
{
	const char *value = config->settings[key].value;

	return value ? file_join(config->dir, value) : NULL;
}

static void steps_release(struct steps *steps)
{
	for (size_t i = 0; i < steps->count; i++)
		strv_release(&steps->items[i].args);
	free(steps->items);
	free(steps->origin);
	*steps = (struct steps){ 0 };
}

void config_release(struct config *config)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		free(config->settings[i].value);
		strv_release(&config->settings[i].list);
		free(config->settings[i].origin);
	}
	steps_release(&config->test);
	steps_release(&config->release);
	strv_release(&config->environments);
	free(config->file);
	free(config->dir);
	free(config->environment);
	*config = (struct config)CONFIG_INIT;
}

static void set_origin(struct setting *setting, const char *origin)
{
	free(setting->origin);
	setting->origin = mem_strdup(origin);
}

static void set_text(struct setting *setting, const char *value, const char *origin)
{
	free(setting->value);
	setting->value = mem_strdup(value);
	set_origin(setting, origin);
}

/* A file being read: its text for line numbers, and the settings it goes to. */
struct reader {
	struct config *config;
	struct str text;
	const char *origin;
};

/* Points an error at the place in the file: "deployer.yml:12: ...". */
static int at_key(const struct reader *r, const char *path, struct error *err)
{
	struct yaml_place place;

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

	if (config_rows[key].is_list) {
		if (!list_texts(value, &list))
			return wrong_shape(r, path, "a list of texts", err);
		strv_release(&setting->list);
		setting->list = list;
		list = (struct strv)STRV_INIT;
		set_origin(setting, r->origin);
		return 0;
	}
	text = scalar_text(value);
	if (!text)
		return wrong_shape(r, path, "a text", err);
	free(setting->value);
	setting->value = text;
	set_origin(setting, r->origin);
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

/* Keys that are no settings themselves. */
static const char *const other_keys[] = { "stages.test", "stages.release" };

/* The name of the `i`th known key: of a setting, or of one of the others; NULL after the last. */
static const char *known_key(size_t i)
{
	if (i < CONFIG_KEY_COUNT)
		return config_rows[i].name;
	i -= CONFIG_KEY_COUNT;
	return i < sizeof(other_keys) / sizeof(other_keys[0]) ? other_keys[i] : NULL;
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
	const char *nearest, *known;

	for (size_t i = 0; (known = known_key(i)); i++) {
		char *candidate = sibling(known, name);

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
		if (strcmp(config_rows[i].name, path) == 0)
			return i;
	}
	return -1;
}

/* Whether some setting lies below `path`: then it is a map. */
static bool is_branch(const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		if (strncmp(config_rows[i].name, path, len) == 0 && config_rows[i].name[len] == '.')
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

	if (strcmp(name, "stages.test") == 0)
		return read_steps(r, path, value, &r->config->test, err);
	if (strcmp(name, "stages.release") == 0)
		return read_steps(r, path, value, &r->config->release, err);
	if (key >= 0)
		return read_setting(r, (enum config_key)key, path, value, err);
	if (strcmp(name, "stages") == 0 || is_branch(name))
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

static int read_file(struct config *config, struct error *err)
{
	struct reader r = { .config = config, .text = STR_INIT, .origin = CONFIG_FILE_NAME };
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

/* The file in `dir` or the nearest folder above it; NULL where there is none. */
static char *search_upwards(const char *dir)
{
	CLEANUP_FREE char *here = mem_strdup(dir);

	for (;;) {
		CLEANUP_FREE char *candidate = file_join(here, CONFIG_FILE_NAME);
		char *slash = strrchr(here, '/');

		if (file_exists(candidate))
			return move_ptr(candidate);
		if (!slash || slash == here)
			return NULL;
		*slash = '\0';
	}
}

static int find_file(const char *file, struct config *config, struct error *err)
{
	CLEANUP_FREE char *here = getcwd(NULL, 0);

	if (!here)
		return error_set_errno(err, errno, "cannot tell the current folder");
	config->file = file ? file_join(here, file) : search_upwards(here);
	if (file && !file_exists(config->file)) {
		error_set(err, ERROR_CONFIG, "there is no '%s'", file);
		return error_fix(err, "name a file that exists with --config, or leave it out");
	}
	config->dir = config->file ? file_dirname(config->file) : move_ptr(here);
	return 0;
}

static void convention(struct config *config, enum config_key key, const char *value)
{
	struct setting *setting = &config->settings[key];

	if (setting->origin || !value)
		return;
	if (config_rows[key].is_list) {
		strv_add(&setting->list, value);
		set_origin(setting, "convention");
	} else {
		set_text(setting, value, "convention");
	}
}

/* The first of the names that exists in the project's folder. */
static void convention_file(struct config *config, enum config_key key, const char *const *names)
{
	for (; *names; names++) {
		CLEANUP_FREE char *path = file_join(config->dir, *names);

		if (file_exists(path)) {
			convention(config, key, *names);
			return;
		}
	}
}

/* Compose's own rule for a project's name: lower case, and of the rest letters, digits, '-', '_'.
 */
static char *project_name(const char *dir)
{
	const char *base = strrchr(dir, '/');
	CLEANUP(str_release) struct str name = STR_INIT;

	for (base = base ? base + 1 : dir; *base; base++) {
		unsigned char c = (unsigned char)*base;

		if (isalnum(c) || (name.len && (c == '-' || c == '_')))
			str_addc(&name, (char)tolower(c));
	}
	return name.len ? str_detach(&name) : mem_strdup("app");
}

static void find_parameters(struct config *config)
{
	const char *name = config->environment ? config->environment : "dev";
	CLEANUP_FREE char *cfg = mem_printf("%s.cfg", name);
	CLEANUP_FREE char *json = mem_printf("%s.json", name);
	const char *const names[] = { cfg, json, NULL };

	convention_file(config, CONFIG_STACK_PARAMETERS, names);
}

static void fill_names(struct config *config)
{
	CLEANUP_FREE char *project = project_name(config->dir);
	CLEANUP_FREE char *stack = NULL;

	convention(config, CONFIG_PROJECT, project);
	convention(config, CONFIG_COMPOSE_PROJECT, config_text(config, CONFIG_PROJECT));
	stack = mem_printf("%s%s%s", config_text(config, CONFIG_PROJECT),
			   config->environment ? "-" : "",
			   config->environment ? config->environment : "");
	/* A stack's name has no underscores (CreateStack, StackName). */
	for (char *p = stack; *p; p++) {
		if (*p == '_')
			*p = '-';
	}
	convention(config, CONFIG_STACK_NAME, stack);
}

static void fill_conventions(struct config *config)
{
	static const char *const templates[] = { "stack.yml", "stack.yaml", "template.yml",
						 "template.yaml", NULL };

	assert(config->dir);
	fill_names(config);
	convention_file(config, CONFIG_STACK_TEMPLATE, templates);
	find_parameters(config);
	convention(config, CONFIG_COMPOSE_PULL, "true");
	convention(config, CONFIG_SERVICE_TEST, "test");
	convention(config, CONFIG_SERVICE_RELEASE, "release");
	convention(config, CONFIG_SERVICE_APP, "app");
	convention(config, CONFIG_SERVICE_MIGRATE, "migrate");
	convention(config, CONFIG_SERVICE_ACCEPTANCE, "acceptance");
	convention(config, CONFIG_PUBLISH_TAGS, "latest");
	convention(config, CONFIG_STACK_TAG_PARAMETER, "ApplicationImageTag");
	convention(config, CONFIG_STACK_CAPABILITIES, "CAPABILITY_NAMED_IAM");
}

static void add_step(struct steps *steps, enum step_kind kind, bool pull, const char *service)
{
	struct step *step = mem_grow(&steps->items, &steps->count, sizeof(*step));

	step->kind = kind;
	step->pull = pull;
	if (service)
		strv_add(&step->args, service);
}

/* What the Makefile's targets did. */
static void fill_steps(struct config *config)
{
	bool pull = strcmp(config_text(config, CONFIG_COMPOSE_PULL), "true") == 0;

	if (!config->test.origin) {
		add_step(&config->test, STEP_BUILD, pull,
			 config_text(config, CONFIG_SERVICE_RELEASE));
		add_step(&config->test, STEP_BUILD, false, NULL);
		add_step(&config->test, STEP_RUN, false, config_text(config, CONFIG_SERVICE_TEST));
		config->test.origin = mem_strdup("convention");
	}
	if (!config->release.origin) {
		add_step(&config->release, STEP_UP, false,
			 config_text(config, CONFIG_SERVICE_MIGRATE));
		add_step(&config->release, STEP_UP, false,
			 config_text(config, CONFIG_SERVICE_ACCEPTANCE));
		config->release.origin = mem_strdup("convention");
	}
}

static int check_account(const struct config *config, struct error *err)
{
	const char *account = config_text(config, CONFIG_AWS_ACCOUNT);

	if (!*account || (strlen(account) == 12 && strspn(account, "0123456789") == 12))
		return 0;
	error_set(err, ERROR_CONFIG, "%s: aws.account '%s' is not 12 digits", config->file,
		  account);
	return error_fix(err, "write it in quotes, so that YAML keeps leading zeros");
}

/* Switches: what is neither on nor off would silently be off. */
static int check_switches(const struct config *config, struct error *err)
{
	static const enum config_key keys[] = { CONFIG_STACK_DISABLE_ROLLBACK,
						CONFIG_STACK_PROTECTION };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *value = config_text(config, keys[i]);

		if (!*value || strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
			continue;
		error_set(err, ERROR_CONFIG, "%s: %s '%s' is neither true nor false", config->file,
			  config_key_name(keys[i]), value);
		return error_fix(err, "write true or false");
	}
	return 0;
}

static int load(const char *file, struct config *config, struct error *err)
{
	if (find_file(file, config, err) < 0 || (config->file && read_file(config, err) < 0) ||
	    check_account(config, err) < 0 || check_switches(config, err) < 0)
		return -1;
	fill_conventions(config);
	fill_steps(config);
	return 0;
}

int config_load(const char *file, const char *environment, struct config *ret, struct error *err)
{
	CLEANUP(config_release) struct config config = CONFIG_INIT;

	config.environment = environment ? mem_strdup(environment) : NULL;
	if (load(file, &config, err) < 0)
		return -1;
	*ret = config;
	config = (struct config)CONFIG_INIT;
	return 0;
}
