#include "deploy/resume.h"

#include "base/cleanup.h"
#include "deploy/run.h"
#include "stack/hidden.h"
#include "stack/running.h"
#include "stack/status.h"

#include <string.h>

/* ---- which stages ---- */

bool resume_is_complete(const struct record *record)
{
	for (int i = 0; i < STAGE_COUNT; i++) {
		if (record->stages[i].is_wanted && !record_has_done(record, (enum stage)i))
			return false;
	}
	return record->exit_status == 0;
}

/* Repeated, these cost nothing: they do what is left to do, and nothing where nothing is. */
static bool is_repeated(enum stage stage)
{
	return stage == STAGE_LOGIN || stage == STAGE_BUMP || stage == STAGE_DEPLOY;
}

int resume_stages(const struct record *record, bool stages[STAGE_COUNT], struct error *err)
{
	bool any = false;

	for (int i = 0; i < STAGE_COUNT; i++) {
		enum stage stage = (enum stage)i;

		stages[i] = record->stages[i].is_wanted &&
			    (is_repeated(stage) || !record_has_done(record, stage));
		any = any || record->stages[i].is_wanted;
	}
	if (any)
		return 0;
	error_set(err, ERROR_REFUSED, "run '%s' has no stages", record->id.buf);
	return error_fix(err, "run 'deployer release' instead");
}

/* ---- what they build on ---- */

bool run_claims_image(const struct run *run)
{
	const struct record *record = run->pipeline->record;

	return record && *record_fact(record, FACT_IMAGE) &&
	       (record_has_done(record, STAGE_TEST) || record_has_done(record, STAGE_RELEASE));
}

static int refuse(const struct run *run, struct error *err)
{
	return error_fix(err,
			 "begin anew, without --resume or with another --record than that of "
			 "run %s",
			 run->pipeline->record->id.buf);
}

static int check_version(const struct run *run, struct error *err)
{
	const char *claimed = record_fact(run->pipeline->record, FACT_VERSION);

	if (!*claimed || run->version.tag.len == 0 || strcmp(claimed, run->version.tag.buf) == 0)
		return 0;
	error_set(err, ERROR_REFUSED, "the release is of %s, here is %s", claimed,
		  run->version.tag.buf);
	return refuse(run, err);
}

static int check_digest(const struct run *run, struct error *err)
{
	const struct record *record = run->pipeline->record;
	const char *claimed = record_fact(record, FACT_DIGEST);

	if (!*claimed || !run->repository_name.len || !record_has_done(record, STAGE_PUBLISH) ||
	    strcmp(claimed, run->digest.buf) == 0)
		return 0;
	if (run->digest.len)
		error_set(err, ERROR_REFUSED, "%s was published as %s, the registry has %s now",
			  run->version.tag.buf, claimed, run->digest.buf);
	else
		error_set(err, ERROR_REFUSED, "%s was published as %s, the registry has none now",
			  run->version.tag.buf, claimed);
	return refuse(run, err);
}

/* The image to publish must still be on this machine. */
static int check_image(const struct run *run, struct error *err)
{
	CLEANUP(engine_image_release) struct engine_image image = ENGINE_IMAGE_INIT;
	const struct pipeline *pipeline = run->pipeline;

	if (!pipeline->stages[STAGE_PUBLISH] || pipeline->stages[STAGE_TEST] || run->is_published ||
	    !run_claims_image(run))
		return 0;
	if (engine_inspect_image(run->engine, record_fact(pipeline->record, FACT_IMAGE), &image,
				 err) == 0)
		return 0;
	if (!error_has_code(err, "NotFound"))
		return -1;
	error_become(err, ERROR_REFUSED);
	error_wrap(err, "the image that passed the tests is gone from this machine");
	return refuse(run, err);
}

/* A step of its own may have another copy of the file than the one that was bumped. */
static int check_parameter(const struct run *run, struct error *err)
{
	const struct config *config = run->pipeline->config;
	const char *claimed = record_fact(run->pipeline->record, FACT_VERSION);
	const char *key = config_text(config, CONFIG_STACK_TAG_PARAMETER);
	const struct cfn_parameter *found = cfn_parameters_find(&run->parameters, key);

	if (!run->pipeline->stages[STAGE_DEPLOY] || run->pipeline->stages[STAGE_BUMP] ||
	    !*claimed || !found || strcmp(found->value, claimed) == 0)
		return 0;
	error_set(err, ERROR_REFUSED, "the release is of %s, %s says %s", claimed,
		  config_text(config, CONFIG_STACK_PARAMETERS), found->value);
	return error_fix(err, "write it there first: deployer bump %s", claimed);
}

int run_check_claims(const struct run *run, struct error *err)
{
	if (check_version(run, err) < 0 || check_digest(run, err) < 0 || check_image(run, err) < 0)
		return -1;
	return check_parameter(run, err);
}

/* ---- the operation that an earlier run began ---- */

static int follow_ours(const struct run *run, const struct cfn_stack *stack, bool *ret_followed,
		       struct error *err)
{
	CLEANUP(running_release) struct running running = RUNNING_INIT;
	CLEANUP(cfn_stack_release) struct cfn_stack end = CFN_STACK_INIT;
	CLEANUP(strv_wipe) struct strv hidden = STRV_INIT;
	const struct watch_request watch = {
		.client = run->pipeline->client,
		.report = run->pipeline->report,
		.stack_name = stack->id.buf,
		.verify = config_text(run->pipeline->config, CONFIG_ECS_VERIFY),
		.hidden = &hidden,
		.timeout_ms = run->pipeline->deploy.timeout_ms,
	};

	*ret_followed = false;
	hidden_add(&run->template, &run->parameters, &hidden);
	if (running_find(watch.client, stack->id.buf, &running, err) < 0) {
		if (err->kind != ERROR_AUTH)
			return -1;
		error_release(err);
	}
	if (strcmp(running.token.buf, record_fact(run->pipeline->record, FACT_TOKEN)) != 0)
		return 0;
	*ret_followed = true;
	report_note(watch.report, "the deployment that this release began is still under way");
	if (deploy_watch(&watch, &end, err) < 0)
		return -1;
	fact_tell(watch.report, FACT_DEPLOYED, "%s", end.name.buf);
	return 0;
}

/* Whether the change set would set every parameter as the file has it now. */
static bool is_wanted(const struct run *run, const struct cfn_change_set *set)
{
	for (size_t i = 0; i < run->parameters.count; i++) {
		const struct cfn_parameter *file = &run->parameters.items[i];
		const struct cfn_parameter *asked =
			cfn_parameters_find(&set->parameters, file->key);

		if (!asked || (!file->use_previous && strcmp(asked->value, file->value) != 0))
			return false;
	}
	return strcmp(set->status.buf, "CREATE_COMPLETE") == 0;
}

/* One that waits is executed where it is what is wanted now; else it would only be in the way. */
static int settle_change_set(const struct run *run, struct deploy_request *request,
			     struct error *err)
{
	CLEANUP(cfn_change_set_release) struct cfn_change_set set = CFN_CHANGE_SET_INIT;
	struct aws_client *client = run->pipeline->client;
	const char *arn = record_fact(run->pipeline->record, FACT_CHANGE_SET);

	if (cfn_describe_change_set(client, arn, &set, err) < 0) {
		if (!error_has_code(err, "ChangeSetNotFound") &&
		    !error_has_code(err, "StackNotFound"))
			return -1;
		error_release(err);
		return 0;
	}
	if (strcmp(set.execution_status.buf, "AVAILABLE") != 0)
		return 0;
	if (!is_wanted(run, &set))
		return cfn_delete_change_set(client, arn, err);
	report_note(request->report, "change set %s, which this release made, is executed",
		    set.name.buf);
	request->policy.change_set = arn;
	return 0;
}

/* A record that went through the steps of a CI job may be of another environment's stack by now. */
static bool has_begun(const struct run *run)
{
	const struct record *record = run->pipeline->record;

	return record && *record_fact(record, FACT_CHANGE_SET) &&
	       strcmp(record_fact(record, FACT_STACK),
		      config_text(run->pipeline->config, CONFIG_STACK_NAME)) == 0;
}

int run_rejoin(const struct run *run, struct deploy_request *request, struct error *err)
{
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;
	bool followed = false;

	if (!has_begun(run) || request->policy.change_set)
		return 0;
	if (cfn_describe_stack(run->pipeline->client,
			       record_fact(run->pipeline->record, FACT_STACK_ARN), &stack,
			       err) < 0) {
		if (!error_has_code(err, "StackNotFound"))
			return -1;
		error_release(err);
		return 0;
	}
	if (stack_status_start(stack.status.buf) == START_BUSY &&
	    follow_ours(run, &stack, &followed, err) < 0)
		return -1;
	return followed ? 0 : settle_change_set(run, request, err);
}
