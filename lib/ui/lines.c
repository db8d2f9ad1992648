#include "ui/lines.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/json.h"

#include <inttypes.h>
#include <stdlib.h>

struct lines {
	struct report report;
	FILE *out;
};

static const char *const names[] = {
	[REPORT_STAGE_BEGIN] = "stage_begin",
	[REPORT_STAGE_END] = "stage_end",
	[REPORT_NOTE] = "note",
	[REPORT_WARNING] = "warning",
	[REPORT_OUTPUT] = "output",
	[REPORT_PROGRESS] = "progress",
	[REPORT_EVENT] = "resource",
	[REPORT_RESULT] = "result",
	[REPORT_STAGE_SKIP] = "stage_skip",
	[REPORT_FACT] = "fact",
	[REPORT_STATE] = "state",
	[REPORT_QUESTION] = "question",
	[REPORT_INTERRUPT] = "interrupt",
};

static void member(struct str *line, const char *name, const char *value)
{
	if (!value)
		return;
	str_addf(line, ", \"%s\": ", name);
	json_quote(line, value);
}

static void lines_emit(struct report *report, const struct report_event *event)
{
	const struct lines *lines = (const struct lines *)report;
	CLEANUP(str_release) struct str line = STR_INIT;

	str_addf(&line, "{\"event\": \"%s\"", names[event->kind]);
	member(&line, "stage", event->stage);
	member(&line, "source", event->source);
	member(&line, "type", event->type);
	member(&line, "status", event->status);
	member(&line, "text", event->text);
	if (event->kind == REPORT_STAGE_END)
		str_addf(&line, ", \"ok\": %s", event->ok ? "true" : "false");
	if (event->kind == REPORT_STAGE_END || event->kind == REPORT_EVENT)
		str_addf(&line, ", \"elapsed_ms\": %" PRId64, event->elapsed_ms);
	if (event->usual_ms)
		str_addf(&line, ", \"usual_ms\": %" PRId64, event->usual_ms);
	if (event->kind == REPORT_PROGRESS || (event->kind == REPORT_EVENT && event->total))
		str_addf(&line, ", \"done\": %" PRIu64 ", \"total\": %" PRIu64, event->done,
			 event->total);
	(void)fprintf(lines->out, "%s}\n", line.buf);
	(void)fflush(lines->out);
}

struct report *lines_new(FILE *out)
{
	struct lines *lines = mem_zalloc(sizeof(*lines));

	lines->report.emit = lines_emit;
	lines->out = out;
	return &lines->report;
}

void lines_free(struct report *report)
{
	free(report);
}
