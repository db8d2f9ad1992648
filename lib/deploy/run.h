#ifndef DEPLOY_RUN_H
#define DEPLOY_RUN_H

#include "aws/ecr.h"
#include "aws/sts.h"
#include "deploy/deploy.h"
#include "deploy/parameters.h"
#include "deploy/pipeline.h"
#include "deploy/stack_template.h"
#include "deploy/version.h"
#include "docker/compose.h"
#include "docker/engine.h"
#include "docker/registry.h"

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
	bool lacks_parameters;	    /* the file leaves some to the live stack */
	struct engine *engine;
	struct compose compose;
	struct compose_config services;
	bool has_containers; /* compose may have left some */
	bool is_app_up;
};

/* A fresh run of a pipeline, which it borrows, and its end. */
struct run run_of(const struct pipeline *pipeline);
void run_release(struct run *run);

/* What each stage needs to have been checked; preflight.c does so, in the cheapest order. */
int preflight(struct run *run, struct error *err);

/* Docker and compose: found when the first stage needs them. Again is free. */
int run_find_docker(struct run *run, struct error *err);

int stage_login(struct run *run, struct error *err);
int stage_test(struct run *run, struct error *err);
int stage_release(struct run *run, struct error *err);
int stage_publish(struct run *run, struct error *err);
int stage_bump(struct run *run, struct error *err);
int stage_deploy(struct run *run, struct error *err);

/* What stage_deploy() would do (deploy_plan()). */
int stage_plan(struct run *run, struct str *out, struct str *ret_arn, struct error *err);

/* Stops and removes the project's containers, also while an interruption is pending. */
void run_compose_down(struct run *run);

/* The registry behind the authorization, for direct calls. Borrows from the run. */
struct registry run_registry(const struct run *run);

#endif
