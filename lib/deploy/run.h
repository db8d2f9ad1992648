#ifndef DEPLOY_RUN_H
#define DEPLOY_RUN_H

#include "aws/ecr.h"
#include "aws/sts.h"
#include "deploy/pipeline.h"
#include "deploy/tally.h"
#include "deploy/version.h"
#include "docker/compose.h"
#include "docker/engine.h"
#include "docker/image.h"
#include "docker/registry.h"
#include "docker/session.h"
#include "stack/deploy.h"
#include "stack/parameters.h"
#include "stack/template.h"

/*
 * One run of the pipeline: what the checks found and the stages use. Shared by the files of the
 * pipeline alone (preflight.c and stage_*.c); everybody else sees deploy/pipeline.h.
 */
struct run {
	const struct pipeline *pipeline;
	struct version version;
	struct stack_template template;
	struct cfn_parameters parameters;
	struct sts_identity identity;
	struct ecr_authorization authorization;
	struct ecr_repository repository;
	struct str repository_name; /* "team/app" */
	struct str digest;	    /* of the version in the registry, "" while it is not there */
	bool is_published;	    /* was there when the run began */
	struct str inputs;	    /* of the local stages (deploy/inputs.h), "" where not told */
	struct str tested_tag;	    /* a published version of the same inputs, "" for none */
	struct str tested_digest;   /* its image */
	bool lacks_parameters;	    /* the file leaves some to the live stack */
	struct engine *engine;
	struct compose compose;
	struct compose_config services;
	struct docker_session session; /* for children, once the registry is known */
	char *local_dir;	       /* private folder of the compose files below */
	char *labels_file;	       /* compose file that labels what is built */
	char *images_file;	       /* compose file that runs what was built */
	struct strv pinned;	       /* "service=image" of it */
	int project_lock;	       /* held while the local stages run, or -1 */
	struct tally tally;	       /* the reporter of the test and release stages */
	struct str outcome;	       /* what the stage that runs says came of it */
	bool is_repository_missing;    /* it is to be created */
	bool is_built;		       /* the local stages built in this run */
	bool is_up_to_date;	       /* the deploy stage had nothing to change */
	bool has_containers;	       /* compose may have left some */
	bool is_app_up;
};

/* A fresh run of a pipeline, which it borrows, and its end. */
struct run run_of(const struct pipeline *pipeline);
void run_release(struct run *run);

/* What each stage needs to have been checked; preflight.c does so, in the cheapest order. */
int preflight(struct run *run, struct error *err);

/*
 * Docker and compose: found when the first stage needs them. Again is free. The code is
 * RUN_CODE_NO_COMPOSE_FILE where there is nothing for compose.
 */
#define RUN_CODE_NO_COMPOSE_FILE "NoComposeFile"
int run_find_docker(struct run *run, struct error *err);

/* The same, and whether compose's files have the services that the wanted stages need. */
int run_check_services(struct run *run, struct error *err);

/* How long a step or a hook may take (compose.timeout). ERROR_CONFIG where that is no number. */
int run_step_timeout(const struct run *run, unsigned *ret_ms, struct error *err);

/* The image reference that names the repository: the setting, else the compose file's. */
int run_find_image(struct run *run, struct image_ref *ret, struct error *err);

int stage_login(struct run *run, struct error *err);
int stage_test(struct run *run, struct error *err);
int stage_release(struct run *run, struct error *err);
int stage_publish(struct run *run, struct error *err);
int stage_bump(struct run *run, struct error *err);
int stage_deploy(struct run *run, struct error *err);

/* Reports what a stage would do; changes nothing, run alone. */
int run_say(struct run *run, enum stage stage, struct error *err);

/* What stage_deploy() would do (deploy_plan()). */
int stage_plan(struct run *run, struct str *out, struct str *ret_arn, struct error *err);

/*
 * Whether an image of the same inputs has been through the test and release stages and is published
 * (run->tested_tag): then they need not run again. Where that cannot be told for certain, it has
 * not.
 */
int run_find_tested(struct run *run, struct error *err);

/* Keeps in the state directory what this run has tested and published. */
void run_remember_tested(struct run *run);

/*
 * Holds what the pipeline's record claims against the world, once the checks have looked at it:
 * version, image, digest and parameter file. ERROR_REFUSED naming what no longer holds.
 */
int run_check_claims(const struct run *run, struct error *err);

/*
 * The version that the stages release; a deployment alone brings what the parameter file says. ""
 * where neither is known yet. Borrowed.
 */
const char *run_released_version(const struct run *run);

/* Whether the record has an image that passed the local stages. */
bool run_claims_image(const struct run *run);

/*
 * Before a deployment that an earlier run began: follows its operation where it still runs, takes
 * over its change set where that waits to be executed as it is wanted now, else deletes it.
 */
int run_rejoin(const struct run *run, struct deploy_request *request, struct error *err);

/* Gets the registry's login, again where there was one before. */
int run_authorize(struct run *run, struct error *err);

/* What the registry has under the version's tag: run->digest and run->is_published. */
int run_look_up_digest(struct run *run, struct error *err);

/*
 * Brings the image of pipeline.source into the registry, where it is not there yet; *ret_copied
 * says whether it was not. Its digest is then that of the source. ERROR_PUBLISH where the version's
 * tag has other bits here.
 */
int run_promote(struct run *run, bool *ret_copied, struct error *err);

/* Makes the repository, where it was found missing and is wanted (--create). */
int run_create_repository(struct run *run, struct error *err);

/*
 * Makes ready what the programs of the test and release stages get: the project's lock, so that two
 * releases of one project on this machine follow each other; a docker configuration of their own
 * that lets them into the registry, where the login is known; and compose files on top of the
 * user's. Again is free. run_close_local() takes all of it away.
 */
int run_open_local(struct run *run, struct error *err);
void run_close_local(struct run *run);

/* Takes the project for itself without waiting: ERROR_REFUSED where a release of it runs. */
int run_claim_project(struct run *run, struct error *err);

/* Lets the next release of the project begin: nothing of this one depends on its names any more. */
void run_unlock_project(struct run *run);

/*
 * Builds, and gives the images that came of it names that no other project on this machine uses:
 * between here and the end, somebody else's build may take their names away.
 */
int run_build(struct run *run, const struct step *step, int *ret_status, struct error *err);

/* The image that the run built for a service, else the one that compose names; borrowed. */
const char *run_image(const struct run *run, const char *service);

/* Removes the names that run_build() gave. */
int run_forget_images(struct run *run, struct error *err);

/* Stops and removes the project's containers, also while an interruption is pending. */
void run_compose_down(struct run *run);

/*
 * Pushes the image that the Engine has as `image` under the version's tag, without the Engine's own
 * push where that is wanted and gains something; *ret_is_done false: the Engine is to push it.
 */
int run_push_direct(struct run *run, const struct engine_image *image, bool *ret_is_done,
		    struct str *ret_digest, struct error *err);

/* The registry behind the authorization, for direct calls. Borrows from the run. */
struct registry run_registry(const struct run *run);

#endif
