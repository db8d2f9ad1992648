#include "ui/plain.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sanitize.h"
#include "base/str.h"
#include "base/strv.h"

#include <inttypes.h>
#include <stdlib.h>

/* Progress is told at most this often, and not of what is done before. */
#define PROGRESS_EVERY_MS 5000

struct plain {
	struct report report;
	FILE *out;
	struct clock *clock;
	struct plain_options options;
	struct strv results;
	unsigned stages;
	int64_t progress_told_ms;
};

/* SGR sequences; "" where colours are off. */
enum color { PLAIN, BOLD, RED, GREEN, YELLOW, DIM };

static const char *color(const struct plain *p, enum color c)
{
	static const char *const codes[] = { "\033[0m",	 "\033[1m",  "\033[31m",
					     "\033[32m", "\033[33m", "\033[2m" };

	return p->options.color ? codes[c] : "";
}

/* Appends a string from outside, "" where there is none. */
static void add(struct str *line, const char *text)
{
	if (text)
		sanitize_text(line, text);
}

static void print(struct plain *p, const struct str *line)
{
	if (p->options.data)
		(void)fflush(p->options.data);
	(void)fprintf(p->out, "%s\n", line->buf);
	(void)fflush(p->out);
}

static void stage_begin(struct plain *p, const struct report_event *event, struct str *line)
{
	p->progress_told_ms = p->clock->monotonic_ms(p->clock);
	str_addf(line, "%s==> %s%s", color(p, BOLD), event->stage, color(p, PLAIN));
}

static void stage_end(struct plain *p, const struct report_event *event, struct str *line)
{
	const char *end = event->ok ? "ok" : event->status ? event->status : "FAILED";

	p->stages++;
	str_addf(line, "%s%s%s %s (", color(p, event->ok ? GREEN : RED), end, color(p, PLAIN),
		 event->stage);
	clock_format_duration(event->elapsed_ms, line);
	str_addc(line, ')');
	if (event->text) {
		str_adds(line, ": ");
		add(line, event->text);
	}
}

static void stack_event(struct plain *p, const struct report_event *event, struct str *line)
{
	CLEANUP(str_release) struct str age = STR_INIT;

	clock_format_duration(event->elapsed_ms, &age);
	str_addf(line, "    %s%6s%s  ", color(p, DIM), age.buf, color(p, PLAIN));
	if (event->total)
		str_addf(line, "%" PRIu64 "/%" PRIu64 "  ", event->done, event->total);
	add(line, event->status);
	str_adds(line, "  ");
	add(line, event->source);
	str_adds(line, " (");
	add(line, event->type);
	str_addc(line, ')');
	if (event->usual_ms) {
		str_adds(line, ", usually ");
		clock_format_duration(event->usual_ms, line);
	}
	if (event->text && *event->text) {
		str_adds(line, ": ");
		add(line, event->text);
	}
}

/* What only waits, or is there already, has no bytes: of interest to who wants to know it all. */
static bool progress(struct plain *p, const struct report_event *event, struct str *line)
{
	int64_t now = p->clock->monotonic_ms(p->clock);
	bool has_bytes = event->done || event->total;

	if (!p->options.verbose && (!has_bytes || now - p->progress_told_ms < PROGRESS_EVERY_MS))
		return false;
	p->progress_told_ms = now;
	str_adds(line, "    ");
	add(line, event->source);
	str_addc(line, ':');
	if (event->status) {
		str_addc(line, ' ');
		add(line, event->status);
	}
	if (event->total)
		str_addf(line, " %.1f of %.1f MB", (double)event->done / 1e6,
			 (double)event->total / 1e6);
	else if (has_bytes)
		str_addf(line, " %.1f MB", (double)event->done / 1e6);
	return true;
}

static void result(struct plain *p, const struct report_event *event, struct str *line)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	add(&text, event->text);
	strv_add(&p->results, text.buf);
	str_addf(line, "    %s%s%s", color(p, BOLD), text.buf, color(p, PLAIN));
}

static void output(struct plain *p, const struct report_event *event, struct str *line)
{
	str_addf(line, "    %s", color(p, DIM));
	add(line, event->source);
	str_addf(line, " |%s ", color(p, PLAIN));
	add(line, event->text);
}

static void state(const struct report_event *event, struct str *line)
{
	str_adds(line, "    ");
	if (event->source) {
		add(line, event->source);
		str_adds(line, ": ");
	}
	add(line, event->text);
}

/* Makes the line of an event; false where none is printed. */
static bool format(struct plain *p, const struct report_event *event, struct str *line)
{
	switch (event->kind) {
	case REPORT_STAGE_BEGIN:
		stage_begin(p, event, line);
		return true;
	case REPORT_STAGE_END:
		stage_end(p, event, line);
		return true;
	case REPORT_NOTE:
		str_adds(line, "    ");
		add(line, event->text);
		return true;
	case REPORT_WARNING:
		str_addf(line, "%swarning:%s ", color(p, YELLOW), color(p, PLAIN));
		add(line, event->text);
		return true;
	case REPORT_OUTPUT:
		output(p, event, line);
		return true;
	case REPORT_PROGRESS:
		return progress(p, event, line);
	case REPORT_EVENT:
		stack_event(p, event, line);
		return true;
	case REPORT_RESULT:
		result(p, event, line);
		return true;
	case REPORT_STAGE_SKIP:
	case REPORT_FACT:
		return false;
	case REPORT_STATE:
		state(event, line);
		return true;
	case REPORT_QUESTION:
	case REPORT_INTERRUPT:
		break;
	}
	return false;
}

static void plain_emit(struct report *report, const struct report_event *event)
{
	struct plain *p = (struct plain *)report;
	CLEANUP(str_release) struct str line = STR_INIT;

	if (p->options.quiet && event->kind != REPORT_WARNING)
		return;
	if (format(p, event, &line))
		print(p, &line);
}

struct report *plain_new(FILE *out, struct clock *clock, const struct plain_options *options)
{
	struct plain *p = mem_zalloc(sizeof(*p));

	p->report.emit = plain_emit;
	p->out = out;
	p->clock = clock;
	p->options = *options;
	return &p->report;
}

void plain_set_out(struct report *report, FILE *out)
{
	struct plain *p = (struct plain *)report;

	p->out = out;
}

void plain_free(struct report *report)
{
	struct plain *p = (struct plain *)report;
	bool repeats = p && p->stages > 1 && !p->options.is_short;

	if (!p)
		return;
	if (repeats && p->results.count)
		(void)fprintf(p->out, "\n");
	for (size_t i = 0; repeats && i < p->results.count; i++)
		(void)fprintf(p->out, "%s\n", p->results.v[i]);
	strv_release(&p->results);
	free(p);
}
