#include "base/cleanup.h"
#include "cmd/commands.h"
#include "cmd/deploy_opts.h"
#include "cmd/record.h"
#include "cmd/source.h"
#include "deploy/resume.h"
#include "deploy/version.h"

struct release_args {
	const char *from;
	const char *until;
	struct strv only;
	struct strv skip;
	const char *tag;
	bool allow_dirty;
	bool force;
	struct deploy_args deploy;
	bool rebuild;
	bool create;
	bool dry_run;
	bool resume;
};

static const struct opt opts[] = {
	OPT(struct release_args, from, 0, "from", "STAGE", "begin with STAGE"),
	OPT(struct release_args, until, 0, "until", "STAGE", "end with STAGE"),
	OPT(struct release_args, only, 0, "only", "STAGE", "run STAGE alone; may be repeated"),
	OPT(struct release_args, skip, 0, "skip", "STAGE", "leave STAGE out; may be repeated"),
	OPT(struct release_args, tag, 't', "tag", "TAG",
	    "release as TAG instead of the commit's hash"),
	OPT(struct release_args, allow_dirty, 0, "allow-dirty", NULL,
	    "release although files differ from the commit"),
	DEPLOY_OPTS(struct release_args, deploy.),
	OPT(struct release_args, deploy.recreate, 0, "recreate", NULL,
	    "delete a stack whose creation failed, and create it anew"),
	OPT(struct release_args, deploy.allow_older, 0, "allow-older", NULL,
	    "deploy an older commit than the live one after a wait"),
	OPT(struct release_args, force, 'f', "force", NULL, "test again what is published already"),
	OPT(struct release_args, rebuild, 0, "rebuild", NULL,
	    "the same, and replace what is published by what is built"),
	OPT(struct release_args, create, 0, "create", NULL, "make a repository that is missing"),
	OPT(struct release_args, resume, 0, "resume", NULL,
	    "go on with the last run, which ended early, after the stages it has done"),
	OPT_DRY_RUN(struct release_args),
	OPT_END,
};

static int parse_stage(const char *option, const char *name, enum stage *ret, struct error *err)
{
	if (stage_parse(name, ret))
		return 0;
	error_set(err, ERROR_USAGE, "--%s: '%s' is not a stage", option, name);
	return error_fix(err, "the stages are login, test, release, publish, bump, deploy");
}

static int mark(const char *option, const struct strv *names, bool value, bool *stages,
		struct error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		enum stage stage;

		if (parse_stage(option, names->v[i], &stage, err) < 0)
			return -1;
		stages[stage] = value;
	}
	return 0;
}

/* Which stages to run: a range, or those named, less those left out. */
static int choose(const struct release_args *args, bool *stages, struct error *err)
{
	enum stage first = STAGE_LOGIN, last = STAGE_DEPLOY;

	if (args->only.count && (args->from || args->until))
		return error_set(err, ERROR_USAGE, "--only goes without --from and --until");
	if ((args->from && parse_stage("from", args->from, &first, err) < 0) ||
	    (args->until && parse_stage("until", args->until, &last, err) < 0))
		return -1;
	if (first > last)
		return error_set(err, ERROR_USAGE, "stage %s comes after stage %s",
				 stage_name(first), stage_name(last));
	for (int i = 0; i < STAGE_COUNT; i++)
		stages[i] = !args->only.count && i >= (int)first && i <= (int)last;
	if (mark("only", &args->only, true, stages, err) < 0)
		return -1;
	return mark("skip", &args->skip, false, stages, err);
}

static int find_version(struct app *app, const struct release_args *args, struct version *ret,
			struct error *err)
{
	CLEANUP(strv_release) struct strv own_files = STRV_INIT;
	struct version_request request = {
		.tag = args->tag,
		.env = &app->env,
		.own_files = &own_files,
		.allow_dirty = args->allow_dirty,
	};
	const struct config *config;

	if (app_config(app, &config, err) < 0)
		return -1;
	config_own_files(config, &own_files);
	request.dir = config->dir;
	return version_find(&request, ret, err);
}

/*
 * Nothing is left to do of a run that has come to its end, if it was of what is here: the run that
 * was meant may have left no record, on a disk that was full.
 */
static int tell_complete(struct app *app, const struct release_args *args,
			 const struct record *record, struct error *err)
{
	CLEANUP(version_release) struct version version = VERSION_INIT;
	const char *released = record_fact(record, FACT_VERSION);

	if (find_version(app, args, &version, err) < 0)
		return -1;
	if (*released && strcmp(released, version.tag.buf) != 0) {
		error_set(err, ERROR_REFUSED, "run %s has come to its end, with %s; here is %s",
			  record->id.buf, released, version.tag.buf);
		return error_fix(err, "begin anew, without --resume");
	}
	report_note(app->report, "run %s has come to its end: nothing is left to do",
		    record->id.buf);
	return 0;
}

/* The newest run goes on where it ended, if what it has done still holds (deploy/resume.h). */
static int resume(struct app *app, const struct release_args *args, struct pipeline *pipeline,
		  struct error *err)
{
	CLEANUP(records_release) struct records records = RECORDS_INIT;
	const struct records_item *item;

	if (args->only.count || args->skip.count || args->from || args->until)
		return error_set(err, ERROR_USAGE, "--resume knows its stages: name none");
	if (args->dry_run)
		return error_set(err, ERROR_USAGE,
				 "--resume has no dry run: see 'deployer report'");
	if (record_list(app, record_environment(app), 1, &records, err) < 0)
		return -1;
	item = records_find(&records, NULL, err);
	if (!item)
		return -1;
	if (resume_is_complete(&item->record))
		return tell_complete(app, args, &item->record, err);
	if (resume_stages(&item->record, pipeline->stages, err) < 0)
		return -1;
	report_note(app->report, "going on with run %s", item->record.id.buf);
	return record_continue(app, item, pipeline, err);
}

/* What one environment has tested and published goes to the next as it is. */
static int release_after(struct app *app, const struct release_args *args,
			 struct pipeline *pipeline, struct error *err)
{
	CLEANUP(source_release) struct source source = SOURCE_INIT;
	CLEANUP(version_release) struct version version = VERSION_INIT;

	if (find_version(app, args, &version, err) < 0 ||
	    source_find(app, app->previous, version.tag.buf, &source, err) < 0)
		return -1;
	pipeline->source = &source.promotion;
	pipeline->stages[STAGE_TEST] = false;
	pipeline->stages[STAGE_RELEASE] = false;
	return app_run_pipeline(app, pipeline, err);
}

static int release_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct release_args *args = args_;
	struct pipeline pipeline = {
		.version = args->tag,
		.allow_dirty = args->allow_dirty,
		.force = args->force,
		.rebuild = args->rebuild,
		.create = args->create,
		.dry_run = args->dry_run,
	};

	(void)operands;
	if (deploy_policy_of(app, &args->deploy, &pipeline.deploy, err) < 0)
		return -1;
	if (args->resume)
		return resume(app, args, &pipeline, err);
	if (choose(args, pipeline.stages, err) < 0)
		return -1;
	return app->previous && pipeline.stages[STAGE_PUBLISH]
		       ? release_after(app, args, &pipeline, err)
		       : app_run_pipeline(app, &pipeline, err);
}

const struct cmd cmd_release = {
	.name = "release",
	.group = "Pipeline",
	.summary = "run the pipeline: login, test, release, publish, bump, deploy",
	.details = "Builds and tests the commit with Docker Compose, runs its acceptance tests, "
		   "publishes the image tagged with the commit's short hash, writes that tag into "
		   "the parameter file and updates the CloudFormation stack. Whatever can be "
		   "checked beforehand is checked before anything is built or changed. Run again "
		   "after a failure, it continues where there is something left to do: a commit "
		   "that is published is neither tested nor pushed twice, and a stack that is up "
		   "to date is left alone.\n"
		   "\n"
		   "Each run keeps a record of its stages, digest and change set under "
		   "XDG_STATE_HOME, or in the file of --record or DEPLOYER_RECORD, which the steps "
		   "of a CI job hand on. --resume goes on with the last one: stages that were done "
		   "are not run again, and a deployment that still runs is joined. It refuses "
		   "where commit, image or digest are no longer those of the record.",
	.operands = "",
	.environments = ENVIRONMENTS_EACH,
	.opts = opts,
	.args_size = sizeof(struct release_args),
	.run = release_run,
};
