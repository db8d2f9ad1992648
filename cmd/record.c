#include "cmd/record.h"

#include "base/cleanup.h"
#include "cmd/truth.h"
#include "deploy/recorder.h"
#include "sys/file.h"
#include "ui/history.h"
#include "ui/summary.h"

#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <unistd.h>

/* Who starts the run: the person behind a CI job where it tells, else the user of this machine. */
static void describe_who(const struct env *env, struct str *out)
{
	static const char *const names[] = { "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_USER_ID",
					     "LOGNAME" };
	char host[HOST_NAME_MAX + 1] = "";
	const struct passwd *entry = getpwuid(getuid());
	const char *user = NULL;

	for (size_t i = 0; !user && i < sizeof(names) / sizeof(names[0]); i++)
		user = env_get(env, names[i]);
	if (user || entry)
		str_adds(out, user ? user : entry->pw_name);
	else
		str_addf(out, "uid %ju", (uintmax_t)getuid());
	if (gethostname(host, sizeof(host) - 1) == 0 && *host)
		str_addf(out, "@%s", host);
}

static void describe_run(const struct app *app, const struct pipeline *pipeline, struct record *ret)
{
	const struct config *config = pipeline->config;

	record_make_id(app->clock->wall_ms(app->clock), &ret->id);
	str_adds(&ret->command, app->cmd->name);
	str_adds(&ret->project, config_text(config, CONFIG_PROJECT));
	str_adds(&ret->environment, config->environment ? config->environment : "");
	str_adds(&ret->dir, config->dir);
	describe_who(&app->env, &ret->who);
	for (int i = 0; i < STAGE_COUNT; i++)
		ret->stages[i].is_wanted = pipeline->stages[i];
}

static const char *named_file(const struct app *app)
{
	return app->global.record ? app->global.record : env_get(&app->env, "DEPLOYER_RECORD");
}

/*
 * Opens the record where it is to be kept. A file that the user names must be writable; that the
 * state folder is not (a read-only home of a CI job) is no reason to stop.
 */
static int open_record(struct app *app, const char *path, const struct config *config,
		       const struct record *run, struct recorder *recorder, struct error *err)
{
	CLEANUP_FREE char *dir = records_dir(&app->env, config->dir);
	CLEANUP_FREE char *new_path = NULL;

	if (path)
		return recorder_open(recorder, path, err);
	new_path = records_new_path(dir, run->id.buf);
	if (recorder_open(recorder, new_path, err) == 0)
		return 0;
	report_note(app->report, "no record of this run is kept: %s", err->msg.buf);
	error_release(err);
	return 0;
}

/*
 * A reporter that says at once, where a signal asks to stop, what stands so far: what has to end
 * before may take longer than a CI lets a job live (facts: F9).
 */
struct interim {
	struct report report;
	struct report *next;
	const struct recorder *recorder;
	bool is_told;
};

static void interim_emit(struct report *report, const struct report_event *event)
{
	struct interim *interim = (struct interim *)report;
	CLEANUP(str_release) struct str summary = STR_INIT;

	interim->next->emit(interim->next, event);
	if (event->kind != REPORT_INTERRUPT || interim->is_told)
		return;
	interim->is_told = true;
	summary_write(&interim->recorder->record, &summary);
	report_warning(interim->next, "interrupted by %s, ending %s first; so far %s", event->text,
		       event->source, summary.buf);
}

static void say_last(struct app *app, const struct str *line)
{
	if (line->len && app_wants_json(app))
		report_result(app->report, "%s", line->buf);
	else if (line->len)
		strv_add(&app->closing, line->buf);
}

/*
 * The run's report, where GitHub shows it on the page of the workflow. It takes nothing away from a
 * release that it cannot be written.
 */
static void add_job_summary(struct app *app, const struct recorder *recorder)
{
	const char *path = env_get(&app->env, "GITHUB_STEP_SUMMARY");
	const struct records_item item = { recorder->record, recorder->path, false };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;

	if (!path)
		return;
	history_markdown(&item, &text);
	if (file_append(path, text.buf, text.len, &err) < 0)
		report_warning(app->report, "no summary for the workflow's page: %s", err.msg.buf);
}

/* The last lines come after everything else, an error too. */
static void close_run(struct app *app, const struct pipeline *pipeline,
		      const struct recorder *recorder)
{
	CLEANUP(str_release) struct str summary = STR_INIT;
	CLEANUP(str_release) struct str truth = STR_INIT;

	add_job_summary(app, recorder);
	summary_write(&recorder->record, &summary);
	say_last(app, &summary);
	if (recorder->record.exit_status == 0 && pipeline->stages[STAGE_DEPLOY])
		truth_after_run(app, pipeline, &recorder->record, &truth);
	say_last(app, &truth);
}

/* How many earlier runs are asked how long a stage takes. */
#define USUAL_RUNS 10

/* What was learned by the clock is for the eye alone: without records it is left out. */
static void learn_times(struct app *app, struct pipeline *pipeline)
{
	const struct config *config = pipeline->config;
	CLEANUP(records_release) struct records records = RECORDS_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *dir = records_dir(&app->env, config->dir);

	if (records_read(dir, config->environment ? config->environment : "", USUAL_RUNS, &records,
			 &err) < 0)
		return;
	for (int i = 0; i < STAGE_COUNT; i++)
		pipeline->usual_ms[i] = records_usual_ms(&records, (enum stage)i);
}

/* What is done, and the record that is kept of it: a new one where path is NULL. */
struct job {
	const char *path;
	int (*work)(void *ctx, const struct pipeline *pipeline, struct error *err);
	void *ctx;
};

static int run_recorded(struct app *app, const struct job *job, struct pipeline *pipeline,
			struct error *err)
{
	CLEANUP(record_release) struct record run = RECORD_INIT;
	CLEANUP(recorder_release) struct recorder recorder;
	struct interim interim = {
		.report = { .emit = interim_emit },
		.next = app->report,
		.recorder = &recorder,
	};
	int result;

	recorder_init(&recorder, app->clock, &interim.report);
	describe_run(app, pipeline, &run);
	if (open_record(app, job->path, pipeline->config, &run, &recorder, err) < 0)
		return -1;
	learn_times(app, pipeline);
	recorder_begin(&recorder, &run);
	pipeline->report = &recorder.report;
	result = job->work(job->ctx, pipeline, err);
	pipeline->report = app->report;
	recorder_end(&recorder, err);
	close_run(app, pipeline, &recorder);
	return result;
}

static int run_pipeline(void *ctx, const struct pipeline *pipeline, struct error *err)
{
	(void)ctx;
	return pipeline_run(pipeline, err);
}

int record_continue(struct app *app, const struct records_item *item, struct pipeline *pipeline,
		    struct error *err)
{
	const struct job job = { .path = item->path, .work = run_pipeline };

	if (app_pipeline(app, pipeline, err) < 0)
		return -1;
	pipeline->record = &item->record;
	return run_recorded(app, &job, pipeline, err);
}

int record_work(struct app *app, struct pipeline *pipeline,
		int (*work)(void *ctx, const struct pipeline *pipeline, struct error *err),
		void *ctx, struct error *err)
{
	CLEANUP(records_release) struct records earlier = RECORDS_INIT;
	const struct job job = { .path = named_file(app), .work = work, .ctx = ctx };

	if (app_pipeline(app, pipeline, err) < 0 ||
	    (job.path && records_read_file(job.path, &earlier, err) < 0))
		return -1;
	if (earlier.count)
		pipeline->record = &earlier.items[0].record;
	return run_recorded(app, &job, pipeline, err);
}

int app_run_pipeline(struct app *app, struct pipeline *pipeline, struct error *err)
{
	if (pipeline->dry_run)
		return app_pipeline(app, pipeline, err) < 0 ? -1 : pipeline_dry_run(pipeline, err);
	return record_work(app, pipeline, run_pipeline, NULL, err);
}

int record_list(struct app *app, const char *environment, size_t max, struct records *ret,
		struct error *err)
{
	const char *path = named_file(app);
	const struct config *config;
	CLEANUP_FREE char *dir = NULL;

	if (path)
		return records_read_file(path, ret, err);
	if (app_config(app, &config, err) < 0)
		return -1;
	dir = records_dir(&app->env, config->dir);
	return records_read(dir, environment, max, ret, err);
}

const char *record_environment(const struct app *app)
{
	return app->global.environment ? app->global.environment : "";
}

static enum record_state state_after(const struct error *outcome)
{
	if (outcome->kind == ERROR_NONE)
		return RECORD_DONE;
	return outcome->kind == ERROR_ROLLED_BACK || outcome->kind == ERROR_STUCK ? RECORD_FAILED
										  : RECORD_UNKNOWN;
}

void record_settle(struct app *app, const struct records_item *item, const struct error *outcome)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(recorder_release) struct recorder recorder;
	struct record run = item->record;

	recorder_init(&recorder, app->clock, app->report);
	if (item->is_running)
		return;
	if (recorder_open(&recorder, item->path, &err) < 0) {
		report_note(app->report, "%s", err.msg.buf);
		return;
	}
	recorder_begin(&recorder, &run);
	recorder_stage(&recorder, STAGE_DEPLOY, state_after(outcome), NULL);
	recorder_end(&recorder, outcome);
}
