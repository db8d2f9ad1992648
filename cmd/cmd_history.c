#include "base/cleanup.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/record.h"
#include "repo/history.h"
#include "ui/history.h"

struct history_args {
	unsigned max;
};

static const struct opt opts[] = {
	OPT(struct history_args, max, 'n', "max", "NUMBER", "list so many runs (20)"),
	OPT_END,
};

/*
 * What git says to the versions, in one look at the repository; nothing where there is none. Owned
 * by the caller, one a record.
 */
static struct history_commit *describe_versions(const struct config *config,
						const struct records *records)
{
	struct history_commit *commits = mem_zalloc((records->count + 1) * sizeof(*commits));
	CLEANUP(error_release) struct error unknown = ERROR_INIT;
	CLEANUP(strv_release) struct strv versions = STRV_INIT;

	for (size_t i = 0; i < records->count; i++) {
		commits[i] = (struct history_commit)HISTORY_COMMIT_INIT;
		strv_add(&versions, record_fact(&records->items[i].record, FACT_VERSION));
	}
	(void)history_describe(config->dir, &versions, commits, &unknown);
	return commits;
}

/* The record's own subject, else what git says to the version that it names. */
static void print_text(const struct app *app, const struct config *config,
		       const struct records *records)
{
	CLEANUP_FREE struct history_commit *commits = describe_versions(config, records);
	CLEANUP(str_release) struct str out = STR_INIT;

	if (records->count)
		history_heading(&out);
	for (size_t i = 0; i < records->count; i++) {
		const char *own = record_fact(&records->items[i].record, FACT_SUBJECT);

		history_line(&records->items[i], *own ? own : commits[i].subject.buf, &out);
		history_commit_release(&commits[i]);
	}
	(void)fputs(out.buf, app->out);
}

static void print_json(const struct app *app, const struct records *records)
{
	CLEANUP(str_release) struct str out = STR_INIT;

	for (size_t i = 0; i < records->count; i++) {
		record_write_json(&records->items[i].record, &out);
		str_addc(&out, '\n');
	}
	(void)fputs(out.buf, app->out);
}

static int history_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct history_args *args = args_;
	CLEANUP(records_release) struct records records = RECORDS_INIT;
	const struct config *config;

	(void)operands;
	if (app_config(app, &config, err) < 0 ||
	    record_list(app, app->global.environment, args->max ? args->max : 20, &records, err) <
		    0)
		return -1;
	if (app_wants_json(app))
		print_json(app, &records);
	else
		print_text(app, config, &records);
	if (!records.count)
		report_note(app->report, "no run is recorded here");
	return 0;
}

const struct cmd cmd_history = {
	.name = "history",
	.group = "Pipeline",
	.summary = "list what went where, when and by whom",
	.details = "Lists the runs that this machine has records of for this project, the newest "
		   "first, with the subject of the commit that each released; with --env, those of "
		   "one environment. As JSON, one document a run.",
	.operands = "",
	.opts = opts,
	.args_size = sizeof(struct history_args),
	.run = history_run,
};
