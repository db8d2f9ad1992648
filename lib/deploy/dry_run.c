#include "base/cleanup.h"
#include "base/mem.h"
#include "deploy/run.h"

#include <stdlib.h>
#include <string.h>

/*
 * What each stage would do, by what the checks found: the same checks as before the real thing, and
 * then words. Of the deploy stage the words are CloudFormation's, from a change set that is made
 * and taken away.
 */

static void would(const struct run *run, enum stage stage, const char *what)
{
	report_result(run->pipeline->report, "%s: would %s", stage_name(stage), what);
}

static void has(const struct run *run, enum stage stage, const char *what)
{
	report_result(run->pipeline->report, "%s: %s", stage_name(stage), what);
}

static int say_login(struct run *run, struct error *err)
{
	CLEANUP_FREE char *what = mem_printf("let %s into %s", run->identity.arn.buf,
					     run->authorization.proxy_endpoint.buf);

	(void)err;
	would(run, STAGE_LOGIN, what);
	return 0;
}

static void say_steps(const struct run *run, enum stage stage, const struct steps *steps)
{
	CLEANUP(str_release) struct str what = STR_INIT;

	for (size_t i = 0; i < steps->count; i++) {
		str_adds(&what, i ? ", " : "");
		step_describe(&steps->items[i], &what);
	}
	would(run, stage, what.buf);
}

static int say_test(struct run *run, struct error *err)
{
	(void)err;
	say_steps(run, STAGE_TEST, &run->pipeline->config->test);
	return 0;
}

static int say_release(struct run *run, struct error *err)
{
	(void)err;
	say_steps(run, STAGE_RELEASE, &run->pipeline->config->release);
	return 0;
}

static int say_publish(struct run *run, struct error *err)
{
	const struct strv *tags = config_list(run->pipeline->config, CONFIG_PUBLISH_TAGS);
	CLEANUP(str_release) struct str what = STR_INIT;

	(void)err;
	if (run->is_published && !run->pipeline->rebuild) {
		str_addf(&what, "%s:%s is there already: %s", run->repository.uri.buf,
			 run->version.tag.buf, run->digest.buf);
		has(run, STAGE_PUBLISH, what.buf);
		return 0;
	}
	str_addf(&what, "%spush %s:%s",
		 run->is_repository_missing ? "make the repository and " : "",
		 run->repository_name.buf, run->version.tag.buf);
	for (size_t i = 0; i < tags->count; i++)
		str_addf(&what, "%s%s", i ? ", " : ", and move ", tags->v[i]);
	would(run, STAGE_PUBLISH, what.buf);
	return 0;
}

/* As if the file had it. */
static void set_version(struct run *run, const char *key)
{
	for (size_t i = 0; i < run->parameters.count; i++) {
		struct cfn_parameter *parameter = &run->parameters.items[i];

		if (strcmp(parameter->key, key) != 0)
			continue;
		free(parameter->value);
		parameter->value = mem_strdup(run->version.tag.buf);
	}
}

/* The deploy stage then plans with the version. */
static int say_bump(struct run *run, struct error *err)
{
	const struct config *config = run->pipeline->config;
	const char *key = config_text(config, CONFIG_STACK_TAG_PARAMETER);
	const struct cfn_parameter *found = cfn_parameters_find(&run->parameters, key);
	CLEANUP(str_release) struct str what = STR_INIT;

	if (!found)
		return error_set(err, ERROR_CONFIG, "%s has no '%s'",
				 config_text(config, CONFIG_STACK_PARAMETERS), key);
	str_adds(&what, config_text(config, CONFIG_STACK_PARAMETERS));
	if (strcmp(found->value, run->version.tag.buf) == 0) {
		str_addf(&what, ": %s is %s already", key, found->value);
		has(run, STAGE_BUMP, what.buf);
		return 0;
	}
	str_addf(&what, ": %s %s -> %s", key, found->value, run->version.tag.buf);
	report_result(run->pipeline->report, "bump: would write %s", what.buf);
	set_version(run, key);
	return 0;
}

static int say_deploy(struct run *run, struct error *err)
{
	CLEANUP(str_release) struct str plan = STR_INIT;
	CLEANUP(str_release) struct str arn = STR_INIT;
	CLEANUP(strv_release) struct strv lines = STRV_INIT;

	if (stage_plan(run, &plan, &arn, err) < 0)
		return -1;
	strv_split(&lines, plan.buf, "\n");
	has(run, STAGE_DEPLOY, "what CloudFormation says of it");
	for (size_t i = 0; i < lines.count; i++)
		report_note(run->pipeline->report, "%s", lines.v[i]);
	return 0;
}

int run_say(struct run *run, enum stage stage, struct error *err)
{
	static int (*const say[STAGE_COUNT])(struct run * run, struct error * err) = {
		[STAGE_LOGIN] = say_login,     [STAGE_TEST] = say_test,
		[STAGE_RELEASE] = say_release, [STAGE_PUBLISH] = say_publish,
		[STAGE_BUMP] = say_bump,       [STAGE_DEPLOY] = say_deploy,
	};

	return say[stage](run, err);
}
