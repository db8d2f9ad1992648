#ifndef DEPLOY_PIPELINE_H
#define DEPLOY_PIPELINE_H

#include "aws/client.h"
#include "base/clock.h"
#include "base/env.h"
#include "base/error.h"
#include "base/report.h"
#include "deploy/config.h"
#include "net/http.h"
#include "stack/deploy.h"

#include <stdbool.h>

struct promotion;
struct record;

/* The stages of a release, in their order. */
enum stage {
	STAGE_LOGIN,
	STAGE_TEST,
	STAGE_RELEASE,
	STAGE_PUBLISH,
	STAGE_BUMP,
	STAGE_DEPLOY,
	STAGE_COUNT,
};

/* Its name on the command line, and the stage of a name; false where there is none. */
const char *stage_name(enum stage stage);
bool stage_parse(const char *name, enum stage *ret_stage);

/*
 * What a run is made of. All borrowed. stages: one flag a stage. version: what is released, NULL to
 * find it (deploy/version.h). force: run the test and release stages of a commit that is published
 * too. rebuild: the same, and let what they build take the place of what is published. direct:
 * push without the Engine (docker/direct.h), as the setting publish.direct has it. create: make
 * the repository where it is missing. record: what earlier runs of this release have come to, NULL
 * where it is new (deploy/record.h): it must still hold. source: the publish stage takes the image
 * from there (deploy/promotion.h) instead of from this machine, NULL otherwise.
 */
struct pipeline {
	const struct config *config;
	struct aws_client *client;
	struct http *http;
	const struct env *env;
	struct clock *clock;
	struct report *report;
	bool stages[STAGE_COUNT];
	const char *version;
	bool allow_dirty;
	bool dry_run; /* for the command line: pipeline_dry_run() instead of pipeline_run() */
	bool direct;
	bool force;
	struct deploy_policy deploy;
	bool rebuild;
	int64_t usual_ms[STAGE_COUNT]; /* how long each took before, 0: unknown */
	bool create;
	const struct record *record;
	const struct promotion *source;
};

/*
 * Runs the stages. First everything that can be known beforehand is checked, before anything is
 * built or changed: version, files, parameters against the template, credentials, account,
 * repository, Docker, compose services. A failure has the kind of its stage (design.md section 5);
 * whatever was started is stopped then, but for the application after a successful release stage.
 */
int pipeline_run(const struct pipeline *pipeline, struct error *err);

/*
 * The same checks, and then only what each stage would do, as results. Nothing is changed, but that
 * a change set is made and taken away where there is a deploy stage.
 */
int pipeline_dry_run(const struct pipeline *pipeline, struct error *err);

/*
 * What the deploy stage would do to the stack, appended; *ret_arn is the change set's where
 * deploy.keep has it kept. The same checks come first.
 */
int pipeline_plan(const struct pipeline *pipeline, struct str *out, struct str *ret_arn,
		  struct error *err);

/*
 * The name of the image repository, "team/app", appended: from the image setting, else from the
 * compose file, for which Docker's compose is asked. ERROR_CONFIG where neither says it.
 */
int pipeline_repository(const struct pipeline *pipeline, struct str *ret_name, struct error *err);

/*
 * Stops and removes what the stages leave on this machine: the Makefile's `clean`. ERROR_REFUSED
 * while a release of the project runs there, whose images it would take away. dry_run: only
 * reports what that is.
 */
int pipeline_clean(const struct pipeline *pipeline, bool dry_run, struct error *err);

#endif
