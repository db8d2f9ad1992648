#include "deploy/config.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "deploy/config_read.h"
#include "sys/file.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_FILE_NAME "deployer.yml"

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
	[CONFIG_COMPOSE_TIMEOUT] = { "compose.timeout", false },
	[CONFIG_SERVICE_TEST] = { "compose.services.test", false },
	[CONFIG_SERVICE_RELEASE] = { "compose.services.release", false },
	[CONFIG_SERVICE_APP] = { "compose.services.app", false },
	[CONFIG_SERVICE_MIGRATE] = { "compose.services.migrate", false },
	[CONFIG_SERVICE_ACCEPTANCE] = { "compose.services.acceptance", false },
	[CONFIG_APP_PORT] = { "compose.port", false },
	[CONFIG_PUBLISH_TAGS] = { "publish.tags", true },
	[CONFIG_PUBLISH_REGISTRY] = { "publish.registry", false },
	[CONFIG_PUBLISH_REUSE] = { "publish.reuse", false },
	[CONFIG_PUBLISH_DIRECT] = { "publish.direct", false },
	[CONFIG_STACK_NAME] = { "stack.name", false },
	[CONFIG_STACK_TEMPLATE] = { "stack.template", false },
	[CONFIG_STACK_PARAMETERS] = { "stack.parameters", false },
	[CONFIG_STACK_BUCKET] = { "stack.bucket", false },
	[CONFIG_STACK_BUCKET_KEY] = { "stack.bucket_kms_key", false },
	[CONFIG_STACK_TAG_PARAMETER] = { "stack.tag_parameter", false },
	[CONFIG_STACK_CAPABILITIES] = { "stack.capabilities", true },
	[CONFIG_STACK_TAGS] = { "stack.tags", true },
	[CONFIG_STACK_ROLE] = { "stack.role", false },
	[CONFIG_STACK_NOTIFICATIONS] = { "stack.notifications", true },
	[CONFIG_CHECKS_OFF] = { "checks.off", true },
	[CONFIG_STACK_DISABLE_ROLLBACK] = { "stack.disable_rollback", false },
	[CONFIG_STACK_PROTECTION] = { "stack.termination_protection", false },
	[CONFIG_ROLLBACK_MIGRATIONS] = { "rollback.migrations", true },
	[CONFIG_ECS_ON_FAILURE] = { "ecs.on_failure", false },
	[CONFIG_ECS_VERIFY] = { "ecs.verify", false },
	[CONFIG_REPORTS] = { "reports", true },
	[CONFIG_CLEAN_LABEL] = { "clean.label", false },
	[CONFIG_WEBHOOK] = { "notify.webhook", false },
};

static const char *const hook_names[HOOK_COUNT] = {
	[HOOK_BEFORE_LOGIN] = "before_login",	  [HOOK_AFTER_LOGIN] = "after_login",
	[HOOK_BEFORE_TEST] = "before_test",	  [HOOK_AFTER_TEST] = "after_test",
	[HOOK_BEFORE_RELEASE] = "before_release", [HOOK_AFTER_RELEASE] = "after_release",
	[HOOK_BEFORE_PUBLISH] = "before_publish", [HOOK_AFTER_PUBLISH] = "after_publish",
	[HOOK_BEFORE_BUMP] = "before_bump",	  [HOOK_AFTER_BUMP] = "after_bump",
	[HOOK_BEFORE_DEPLOY] = "before_deploy",	  [HOOK_AFTER_DEPLOY] = "after_deploy",
	[HOOK_SUCCEEDED] = "succeeded",		  [HOOK_FAILED] = "failed",
};

const char *hook_name(enum hook hook)
{
	return hook_names[hook];
}

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

void step_describe(const struct step *step, struct str *out)
{
	static const char *const words[] = { "build", "up", "run", "" };

	const char *between = *words[step->kind] ? " " : "";

	str_adds(out, words[step->kind]);
	for (size_t i = 0; i < step->args.count; i++) {
		str_addf(out, "%s%s", between, step->args.v[i]);
		between = " ";
	}
}

void steps_release(struct steps *steps)
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
	for (size_t i = 0; i < HOOK_COUNT; i++)
		steps_release(&config->hooks[i]);
	strv_release(&config->environments);
	free(config->file);
	free(config->dir);
	free(config->environment);
	*config = (struct config)CONFIG_INIT;
}

void setting_set_origin(struct setting *setting, const char *origin)
{
	free(setting->origin);
	setting->origin = mem_strdup(origin);
}

static void set_text(struct setting *setting, const char *value, const char *origin)
{
	free(setting->value);
	setting->value = mem_strdup(value);
	setting_set_origin(setting, origin);
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
		setting_set_origin(setting, "convention");
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
	/* A stack's name has no underscores, nor what an environment's may have besides. */
	for (char *p = stack; *p; p++) {
		if (!isalnum((unsigned char)*p))
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
	convention(config, CONFIG_COMPOSE_TIMEOUT, "60");
	convention(config, CONFIG_PUBLISH_REUSE, "true");
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

bool config_is_stack_name(const char *name)
{
	const char *also = strncmp(name, "arn:", 4) == 0 ? "-:/" : "-";
	size_t max = strncmp(name, "arn:", 4) == 0 ? 2048 : 128;
	size_t len = 0;

	while (isalnum((unsigned char)name[len]) || (name[len] && strchr(also, name[len])))
		len++;
	return !name[len] && len <= max && isalpha((unsigned char)*name);
}

static int check_stack(const struct config *config, struct error *err)
{
	const char *name = config_text(config, CONFIG_STACK_NAME);

	if (!*name || config_is_stack_name(name))
		return 0;
	error_set(err, ERROR_CONFIG, "%s: stack.name '%s' is not a stack's name", config->file,
		  name);
	return error_fix(err, "a stack's name is up to 128 of A-Z a-z 0-9 - and starts with a "
			      "letter");
}

/* Switches: what is neither on nor off would silently be off. */
static int check_switches(const struct config *config, struct error *err)
{
	static const enum config_key keys[] = { CONFIG_PUBLISH_DIRECT,
						CONFIG_STACK_DISABLE_ROLLBACK,
						CONFIG_STACK_PROTECTION, CONFIG_ECS_VERIFY };

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

static int check_on_failure(const struct config *config, struct error *err)
{
	const char *value = config_text(config, CONFIG_ECS_ON_FAILURE);

	if (!*value || strcmp(value, "ask") == 0 || strcmp(value, "cancel") == 0 ||
	    strcmp(value, "wait") == 0)
		return 0;
	error_set(err, ERROR_CONFIG, "%s: ecs.on_failure '%s' is not one of its words",
		  config->file, value);
	return error_fix(err, "write ask, cancel or wait");
}

static int load(const char *file, struct config *config, struct error *err)
{
	if (find_file(file, config, err) < 0 ||
	    (config->file && config_read_file(config, err) < 0) || check_account(config, err) < 0 ||
	    check_stack(config, err) < 0 || check_switches(config, err) < 0 ||
	    check_on_failure(config, err) < 0)
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

void config_conventions(const char *dir, const char *environment, struct config *ret)
{
	*ret = (struct config)CONFIG_INIT;
	ret->dir = mem_strdup(dir);
	ret->environment = environment ? mem_strdup(environment) : NULL;
	fill_conventions(ret);
	fill_steps(ret);
}

static void add_parameters(const struct config *config, struct strv *paths)
{
	char *path = config_path(config, CONFIG_STACK_PARAMETERS);

	if (path && !strv_has(paths, path))
		strv_take(paths, path);
	else
		free(path);
}

void config_own_files(const struct config *config, struct strv *ret_paths)
{
	add_parameters(config, ret_paths);
	for (size_t i = 0; config->file && i <= config->environments.count; i++) {
		CLEANUP(error_release) struct error unread = ERROR_INIT;
		CLEANUP(config_release) struct config other = CONFIG_INIT;
		bool is_last = i == config->environments.count;

		/* The last is the one without a name. */
		if (config_load(config->file, is_last ? NULL : config->environments.v[i], &other,
				&unread) == 0)
			add_parameters(&other, ret_paths);
	}
}
