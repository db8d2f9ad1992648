#include "base/report.h"

#include "base/cleanup.h"
#include "base/str.h"

static void emit_text(struct report *report, enum report_kind kind, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

static void emit_text(struct report *report, enum report_kind kind, const char *fmt, va_list ap)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	struct report_event event = { .kind = kind };

	str_vaddf(&text, fmt, ap);
	event.text = text.buf;
	report->emit(report, &event);
}

void report_note(struct report *report, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit_text(report, REPORT_NOTE, fmt, ap);
	va_end(ap);
}

void report_warning(struct report *report, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit_text(report, REPORT_WARNING, fmt, ap);
	va_end(ap);
}

void report_result(struct report *report, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit_text(report, REPORT_RESULT, fmt, ap);
	va_end(ap);
}

void report_result_at(struct report *report, const char *file, unsigned line, const char *fmt, ...)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	struct report_event event = { .kind = REPORT_RESULT, .file = file, .line = line };
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	event.text = text.buf;
	report->emit(report, &event);
}

void report_output(struct report *report, const char *source, const char *line)
{
	struct report_event event = { .kind = REPORT_OUTPUT, .source = source, .text = line };

	report->emit(report, &event);
}

void report_fact(struct report *report, const char *name, const char *value)
{
	struct report_event event = { .kind = REPORT_FACT, .source = name, .text = value };

	report->emit(report, &event);
}

void report_progress(struct report *report, const char *source, uint64_t done, uint64_t total)
{
	struct report_event event = {
		.kind = REPORT_PROGRESS, .source = source, .done = done, .total = total
	};

	report->emit(report, &event);
}

static void emit_nothing(struct report *report, const struct report_event *event)
{
	(void)report;
	(void)event;
}

struct report report_none = { .emit = emit_nothing };

void report_state(struct report *report, const char *source, const char *text)
{
	const struct report_event event = {
		.kind = REPORT_STATE,
		.source = source,
		.text = text,
	};

	report->emit(report, &event);
}

void report_question(struct report *report)
{
	const struct report_event event = { .kind = REPORT_QUESTION };

	report->emit(report, &event);
}
