#include "base/cleanup.h"
#include "cmd/commands.h"
#include "cmd/record.h"
#include "ui/history.h"

struct report_args {
	bool markdown;
};

static const struct opt opts[] = {
	OPT(struct report_args, markdown, 'm', "markdown", NULL,
	    "write Markdown, for the summary of a CI job"),
	OPT_END,
};

static int report_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct report_args *args = args_;
	CLEANUP(records_release) struct records records = RECORDS_INIT;
	CLEANUP(str_release) struct str out = STR_INIT;
	const struct records_item *item;

	if (record_list(app, app->global.environment, operands[0] ? 0 : 1, &records, err) < 0)
		return -1;
	item = records_find(&records, operands[0], err);
	if (!item)
		return -1;
	if (app_wants_json(app)) {
		record_write_json(&item->record, &out);
		str_addc(&out, '\n');
	} else if (args->markdown) {
		history_markdown(item, &out);
	} else {
		history_report(item, &out);
	}
	(void)fputs(out.buf, app->out);
	return 0;
}

const struct cmd cmd_report = {
	.name = "report",
	.group = "Pipeline",
	.summary = "print all that is known about one run",
	.details = "RUN is the id of a run in 'deployer history', or how it begins; the newest run "
		   "where none is named, the one of --record where that is given. Prints stages "
		   "with their time, digest, change set, what it replaced and how it ended.",
	.operands = "[RUN]",
	.max_operands = 1,
	.opts = opts,
	.args_size = sizeof(struct report_args),
	.run = report_run,
};
