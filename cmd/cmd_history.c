#include "base/cleanup.h"
#include "cmd/commands.h"
#include "cmd/record.h"
#include "repo/revision.h"
#include "ui/history.h"

struct history_args {
	unsigned max;
};

static const struct opt opts[] = {
	OPT(struct history_args, max, 'n', "max", "NUMBER", "list so many runs (20)"),
	OPT_END,
};

/* The record's own subject, else what git says to the version that it names; "" where it is none.
 */
static void find_subject(const struct config *config, const struct record *record, struct str *ret)
{
	CLEANUP(error_release) struct error unknown = ERROR_INIT;
	const char *version = record_fact(record, RECORD_VERSION);

	str_adds(ret, record_fact(record, RECORD_SUBJECT));
	if (!ret->len && *version)
		(void)revision_subject(config->dir, version, ret, &unknown);
}

static void print_text(const struct app *app, const struct config *config,
		       const struct records *records)
{
	CLEANUP(str_release) struct str out = STR_INIT;

	if (records->count)
		history_heading(&out);
	for (size_t i = 0; i < records->count; i++) {
		CLEANUP(str_release) struct str subject = STR_INIT;

		find_subject(config, &records->items[i].record, &subject);
		history_line(&records->items[i], subject.buf, &out);
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
		   "first, with\n"
		   "the subject of the commit that each released; with --env, those of one "
		   "environment. As\n"
		   "JSON, one document a run.",
	.operands = "",
	.opts = opts,
	.args_size = sizeof(struct history_args),
	.run = history_run,
};
