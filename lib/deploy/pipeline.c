#include "deploy/pipeline.h"

#include "base/cleanup.h"
#include "deploy/hooks.h"
#include "deploy/record.h"
#include "deploy/run.h"
#include "sys/file.h"
#include "sys/interrupt.h"

#include <string.h>

/* The stages: their names, what they do, and what their failure is where nothing says it better. */
static const struct stage_row {
	const char *name;
	int (*run)(struct run *run, struct error *err);
	bool is_done_by_publishing; /* a published commit has been through it */
} stages[STAGE_COUNT] = {
	[STAGE_LOGIN] = { "login", stage_login, false },
	[STAGE_TEST] = { "test", stage_test, true },
	[STAGE_RELEASE] = { "release", stage_release, true },
	[STAGE_PUBLISH] = { "publish", stage_publish, false },
	[STAGE_BUMP] = { "bump", stage_bump, false },
	[STAGE_DEPLOY] = { "deploy", stage_deploy, false },
};

const char *stage_name(enum stage stage)
{
	return stages[stage].name;
}

bool stage_parse(const char *name, enum stage *ret_stage)
{
	for (int i = 0; i < STAGE_COUNT; i++) {
		if (strcmp(stages[i].name, name) == 0) {
			*ret_stage = (enum stage)i;
			return true;
		}
	}
	return false;
}

void run_release(struct run *run)
{
	version_release(&run->version);
	stack_template_release(&run->template);
	cfn_parameters_release(&run->parameters);
	sts_identity_release(&run->identity);
	ecr_authorization_release(&run->authorization);
	ecr_repository_release(&run->repository);
	str_release(&run->repository_name);
	str_release(&run->digest);
	str_release(&run->inputs);
	str_release(&run->tested_tag);
	str_release(&run->tested_digest);
	engine_free(run->engine);
	run_close_local(run);
	tally_release(&run->tally);
	str_release(&run->outcome);
	compose_release(&run->compose);
	compose_config_release(&run->services);
}

struct run run_of(const struct pipeline *pipeline)
{
	return (struct run){
		.pipeline = pipeline,
		.version = VERSION_INIT,
		.template = STACK_TEMPLATE_INIT,
		.parameters = CFN_PARAMETERS_INIT,
		.identity = STS_IDENTITY_INIT,
		.authorization = ECR_AUTHORIZATION_INIT,
		.repository = ECR_REPOSITORY_INIT,
		.repository_name = STR_INIT,
		.digest = STR_INIT,
		.inputs = STR_INIT,
		.tested_tag = STR_INIT,
		.tested_digest = STR_INIT,
		.compose = COMPOSE_INIT,
		.services = COMPOSE_CONFIG_INIT,
		.session = DOCKER_SESSION_INIT,
		.pinned = STRV_INIT,
		.outcome = STR_INIT,
		.project_lock = -1,
	};
}

static int64_t now_ms(const struct pipeline *pipeline)
{
	return pipeline->clock->monotonic_ms(pipeline->clock);
}

static void tell_begin(const struct pipeline *pipeline, enum stage stage)
{
	const struct report_event event = {
		.kind = REPORT_STAGE_BEGIN,
		.stage = stage_name(stage),
		.usual_ms = pipeline->usual_ms[stage],
		.ok = true,
	};

	pipeline->report->emit(pipeline->report, &event);
}

static void tell_end(const struct run *run, const char *name, int64_t started_ms,
		     const struct error *err)
{
	const struct report_event event = {
		.kind = REPORT_STAGE_END,
		.stage = name,
		.ok = err->kind == ERROR_NONE,
		.status = err->kind == ERROR_OUTCOME ? "outcome unknown" : NULL,
		.text = run->outcome.len ? run->outcome.buf : NULL,
		.elapsed_ms = now_ms(run->pipeline) - started_ms,
	};

	run->pipeline->report->emit(run->pipeline->report, &event);
}

_Static_assert(HOOK_BEFORE_DEPLOY == 2 * STAGE_DEPLOY, "hooks are in the order of the stages");

static int run_before(struct run *run, enum stage stage, struct error *err)
{
	if (hooks_run(run, (enum hook)(HOOK_BEFORE_LOGIN + 2 * stage), err) == 0)
		return 0;
	return error_fix(err, "the %s stage has not begun", stage_name(stage));
}

static int run_after(struct run *run, enum stage stage, struct error *err)
{
	if (hooks_run(run, (enum hook)(HOOK_AFTER_LOGIN + 2 * stage), err) == 0)
		return 0;
	return error_fix(err, "the %s stage itself is done", stage_name(stage));
}

static int run_stage(struct run *run, enum stage stage, struct error *err)
{
	const struct pipeline *pipeline = run->pipeline;
	int64_t started_ms = now_ms(pipeline);
	int result;

	tell_begin(pipeline, stage);
	str_reset(&run->outcome);
	result = interrupt_check(stage_name(stage), err);
	if (result == 0)
		result = run_before(run, stage, err);
	if (result == 0)
		result = stages[stage].run(run, err);
	if (result == 0)
		result = run_after(run, stage, err);
	tell_end(run, stage_name(stage), started_ms, err);
	return result;
}

/*
 * An image under a commit's tag was put there by a publish stage, which ran after its tests: they
 * need not run again. Without a publish stage in this run they were asked for by name.
 */
static bool is_skipped(const struct run *run, const struct stage_row *stage)
{
	const struct pipeline *pipeline = run->pipeline;

	return stage->is_done_by_publishing && (run->is_published || run->tested_tag.len) &&
	       !pipeline->force && !pipeline->rebuild && pipeline->stages[STAGE_PUBLISH];
}

static void tell_skipped(const struct run *run)
{
	const char *tag = run->version.tag.buf;

	if (run->is_published)
		report_note(run->pipeline->report,
			    "%s is published already: its test and release stages are not run "
			    "again (--force runs them)",
			    tag);
	else
		report_note(run->pipeline->report,
			    "%s is made from the same inputs as %s, which is tested and published: "
			    "the test and release stages are not run again (--force runs them)",
			    tag, run->tested_tag.buf);
}

static void tell_skip(const struct run *run, const char *name)
{
	struct report *report = run->pipeline->report;
	const struct report_event event = {
		.kind = REPORT_STAGE_SKIP,
		.stage = name,
		.text = run->is_published ? "published already" : "the same inputs are tested",
		.ok = true,
	};

	report->emit(report, &event);
}

static int run_stages(struct run *run, struct error *err)
{
	bool told = false;

	for (int i = 0; i < STAGE_COUNT; i++) {
		if (!run->pipeline->stages[i])
			continue;
		if (is_skipped(run, &stages[i])) {
			if (!told)
				tell_skipped(run);
			told = true;
			tell_skip(run, stages[i].name);
			continue;
		}
		if (run_stage(run, (enum stage)i, err) < 0)
			return -1;
	}
	return 0;
}

const char *run_released_version(const struct run *run)
{
	const char *key = config_text(run->pipeline->config, CONFIG_STACK_TAG_PARAMETER);
	const struct cfn_parameter *found = cfn_parameters_find(&run->parameters, key);

	if (run->version.tag.len || !run->pipeline->stages[STAGE_DEPLOY])
		return run->version.tag.buf;
	return found ? found->value : "";
}

/* A version that was given may be of another commit than the one that is checked out. */
static void tell_commit(const struct run *run)
{
	const struct revision *revision = &run->version.revision;
	struct report *report = run->pipeline->report;

	if (!revision->short_id.len ||
	    strncmp(run->version.tag.buf, revision->short_id.buf, revision->short_id.len) != 0)
		return;
	fact_tell(report, FACT_COMMIT, "%s", revision->id.buf);
	fact_tell(report, FACT_SUBJECT, "%s", revision->subject.buf);
	fact_tell(report, FACT_AUTHOR, "%s", revision->author.buf);
}

/* What the checks have found. */
static void tell_facts(const struct run *run)
{
	const struct pipeline *pipeline = run->pipeline;
	struct report *report = pipeline->report;
	const char *region = aws_client_region(pipeline->client);

	fact_tell(report, FACT_VERSION, "%s", run_released_version(run));
	tell_commit(run);
	fact_tell(report, FACT_ACCOUNT, "%s", run->identity.account.buf);
	fact_tell(report, FACT_CALLER, "%s", run->identity.arn.buf);
	if (run->identity.arn.len)
		fact_tell(report, FACT_REGION, "%s", region ? region : "");
	fact_tell(report, FACT_REPOSITORY, "%s", run->repository.uri.buf);
	fact_tell(report, FACT_DIGEST, "%s", run->digest.buf);
	if (pipeline->stages[STAGE_DEPLOY])
		fact_tell(report, FACT_STACK, "%s",
			  config_text(pipeline->config, CONFIG_STACK_NAME));
}

int pipeline_run(const struct pipeline *pipeline, struct error *err)
{
	CLEANUP(run_release) struct run run = run_of(pipeline);
	int64_t started_ms = now_ms(pipeline);
	int result;

	file_sweep_private_dirs();
	result = preflight(&run, err);
	if (result == 0) {
		tell_facts(&run);
		result = run_stages(&run, err);
	}
	if (run.has_containers && !run.is_app_up)
		run_compose_down(&run);
	hooks_tell_end(&run, err, now_ms(pipeline) - started_ms);
	return result;
}

int pipeline_dry_run(const struct pipeline *pipeline, struct error *err)
{
	CLEANUP(run_release) struct run run = run_of(pipeline);
	bool told = false;

	if (preflight(&run, err) < 0)
		return -1;
	for (int i = 0; i < STAGE_COUNT; i++) {
		if (!pipeline->stages[i])
			continue;
		if (!is_skipped(&run, &stages[i])) {
			if (run_say(&run, (enum stage)i, err) < 0)
				return -1;
			continue;
		}
		if (!told)
			tell_skipped(&run);
		told = true;
	}
	return 0;
}

int pipeline_plan(const struct pipeline *pipeline, struct str *out, struct str *ret_arn,
		  struct error *err)
{
	CLEANUP(run_release) struct run run = run_of(pipeline);

	if (preflight(&run, err) < 0)
		return -1;
	return stage_plan(&run, out, ret_arn, err);
}

int pipeline_repository(const struct pipeline *pipeline, struct str *ret_name, struct error *err)
{
	CLEANUP(run_release) struct run run = run_of(pipeline);
	CLEANUP(image_ref_release) struct image_ref image = IMAGE_REF_INIT;

	if (run_find_image(&run, &image, err) < 0)
		return -1;
	str_adds(ret_name, image.name.buf);
	return 0;
}

static int remove_dangling(struct run *run, struct error *err)
{
	const char *label = config_text(run->pipeline->config, CONFIG_CLEAN_LABEL);
	CLEANUP(strv_release) struct strv labels = STRV_INIT;
	unsigned count = 0;

	if (!*label)
		return 0;
	strv_add(&labels, label);
	if (engine_prune_dangling(run->engine, &labels, &count, err) < 0)
		return -1;
	report_result(run->pipeline->report, "%u dangling images with label %s removed", count,
		      label);
	return 0;
}

/* Networks and volumes go with the containers, as Compose knows them. */
static int say_clean(struct run *run, struct error *err)
{
	CLEANUP(engine_containers_release)
	struct engine_containers containers = ENGINE_CONTAINERS_INIT;
	const char *project = run->compose.project.buf;
	const char *label = config_text(run->pipeline->config, CONFIG_CLEAN_LABEL);

	if (engine_list_project(run->engine, project, NULL, &containers, err) < 0)
		return -1;
	for (size_t i = 0; i < containers.count; i++)
		report_result(run->pipeline->report, "would remove the container of %s (%s)",
			      containers.items[i].service, containers.items[i].state);
	report_result(run->pipeline->report, "would remove the networks and volumes of '%s'",
		      project);
	if (*label)
		report_result(run->pipeline->report, "would remove dangling images with label %s",
			      label);
	return 0;
}

int pipeline_clean(const struct pipeline *pipeline, bool dry_run, struct error *err)
{
	CLEANUP(run_release) struct run run = run_of(pipeline);
	int status;

	if (run_find_docker(&run, err) < 0)
		return -1;
	if (dry_run)
		return say_clean(&run, err);
	if (run_claim_project(&run, err) < 0 || compose_down(&run.compose, &status, err) < 0)
		return -1;
	if (status)
		return error_set(err, ERROR_CHILD, "compose down exited with status %d", status);
	report_result(pipeline->report, "containers, networks and volumes of '%s' removed",
		      run.compose.project.buf);
	if (run_forget_images(&run, err) < 0)
		return -1;
	return remove_dangling(&run, err);
}
