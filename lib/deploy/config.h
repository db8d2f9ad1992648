#ifndef DEPLOY_CONFIG_H
#define DEPLOY_CONFIG_H

#include "base/env.h"
#include "base/error.h"
#include "base/str.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The project's settings: deployer.yml where there is one, conventions where it is silent.
 *
 * A setting is a text or a list; config_rows[] in config.c is the one list of them, from which
 * reading, `deployer config` and the check for unknown keys are made.
 */
enum config_key {
	CONFIG_PROJECT,
	CONFIG_AWS_PROFILE,
	CONFIG_AWS_REGION,
	CONFIG_AWS_ACCOUNT,
	CONFIG_IMAGE,
	CONFIG_COMPOSE_FILES,
	CONFIG_COMPOSE_PROJECT,
	CONFIG_COMPOSE_PULL,
	CONFIG_COMPOSE_TIMEOUT, /* minutes that a step may take */
	CONFIG_SERVICE_TEST,
	CONFIG_SERVICE_RELEASE,
	CONFIG_SERVICE_APP,
	CONFIG_SERVICE_MIGRATE,
	CONFIG_SERVICE_ACCEPTANCE,
	CONFIG_APP_PORT,
	CONFIG_PUBLISH_TAGS,
	CONFIG_PUBLISH_REGISTRY,
	CONFIG_PUBLISH_REUSE,
	CONFIG_PUBLISH_DIRECT,
	CONFIG_STACK_NAME,
	CONFIG_STACK_TEMPLATE,
	CONFIG_STACK_PARAMETERS,
	CONFIG_STACK_BUCKET,
	CONFIG_STACK_BUCKET_KEY,
	CONFIG_STACK_TAG_PARAMETER,
	CONFIG_STACK_CAPABILITIES,
	CONFIG_STACK_TAGS,
	CONFIG_STACK_ROLE,
	CONFIG_STACK_NOTIFICATIONS,
	CONFIG_CHECKS_OFF,
	CONFIG_STACK_DISABLE_ROLLBACK,
	CONFIG_STACK_PROTECTION,
	CONFIG_ROLLBACK_MIGRATIONS,
	CONFIG_ECS_ON_FAILURE,
	CONFIG_ECS_VERIFY,
	CONFIG_REPORTS,
	CONFIG_CLEAN_LABEL,
	CONFIG_WEBHOOK,
	CONFIG_KEY_COUNT,
};

/* What a setting is and where it comes from: "deployer.yml", "environment dev", "convention". */
struct setting {
	char *value;	  /* a text setting; NULL where unset */
	struct strv list; /* a list setting */
	char *origin;	  /* NULL where unset */
};

/*
 * One step of the test or release stage. STEP_BUILD builds args (all services where empty), STEP_UP
 * starts service args[0] until it exits, STEP_RUN runs args[1..] in service args[0], STEP_EXEC runs
 * the program args on this machine.
 */
enum step_kind { STEP_BUILD, STEP_UP, STEP_RUN, STEP_EXEC };

struct step {
	enum step_kind kind;
	bool pull; /* STEP_BUILD: look for newer base images */
	struct strv args;
};

struct steps {
	size_t count;
	struct step *items;
	char *origin;
};

/*
 * When a program of the user's runs: before and after each stage, and at the end of a run. "before"
 * and "after" of one stage follow each other, the stages as in deploy/pipeline.h.
 */
enum hook {
	HOOK_BEFORE_LOGIN,
	HOOK_AFTER_LOGIN,
	HOOK_BEFORE_TEST,
	HOOK_AFTER_TEST,
	HOOK_BEFORE_RELEASE,
	HOOK_AFTER_RELEASE,
	HOOK_BEFORE_PUBLISH,
	HOOK_AFTER_PUBLISH,
	HOOK_BEFORE_BUMP,
	HOOK_AFTER_BUMP,
	HOOK_BEFORE_DEPLOY,
	HOOK_AFTER_DEPLOY,
	HOOK_SUCCEEDED,
	HOOK_FAILED,
	HOOK_COUNT,
};

struct config {
	char *file; /* path of deployer.yml, NULL where there is none */
	char *dir;  /* the project's folder, absolute */
	char *environment;
	struct strv environments; /* the names that deployer.yml defines, in its order */
	struct setting settings[CONFIG_KEY_COUNT];
	struct steps test;
	struct steps release;
	struct steps hooks[HOOK_COUNT]; /* each STEP_EXEC */
};

#define CONFIG_INIT                                                                                \
	{                                                                                          \
		.file = NULL, .environments = STRV_INIT                                            \
	}

/*
 * Reads the settings. `file` NULL: deployer.yml in the current folder or one above it, or none.
 * `environment` NULL: the top-level settings as they stand. ERROR_CONFIG with file, line and the
 * nearest known key where a key is unknown or a value has the wrong shape.
 */
int config_load(const char *file, const char *environment, struct config *ret, struct error *err);
void config_release(struct config *config);

/* What goes without saying in the folder `dir` (absolute), where there were no deployer.yml. */
void config_conventions(const char *dir, const char *environment, struct config *ret);

/* A text setting, borrowed, "" where unset; a list setting, borrowed. */
const char *config_text(const struct config *config, enum config_key key);
const struct strv *config_list(const struct config *config, enum config_key key);

/* The dotted name of a setting, such as "stack.name", and whether it is a list. */
const char *config_key_name(enum config_key key);
bool config_key_is_list(enum config_key key);

/* The name of a hook below "hooks", such as "before_test". */
const char *hook_name(enum hook hook);

/* A step as a person would type it, appended: "up migrate", "./smoke --all". */
void step_describe(const struct step *step, struct str *out);

/*
 * Adds the paths of the parameter files of every environment: those that releases edit themselves,
 * so that a change in one makes no dirty tree for the others. What cannot be read adds none.
 */
void config_own_files(const struct config *config, struct strv *ret_paths);

/* The path of a file that a setting names, taken from the project's folder; NULL where unset. */
char *config_path(const struct config *config, enum config_key key);

/*
 * Whether it is a name as CreateStack takes it, or a stack's ARN: nothing that a URL or a path
 * would read otherwise
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html).
 */
bool config_is_stack_name(const char *name);

#endif
