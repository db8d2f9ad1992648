#include "stack/evidence.h"

#include "base/cleanup.h"
#include "base/mask.h"
#include "base/mem.h"
#include "base/sanitize.h"
#include "stack/evidence_source.h"
#include "stack/log_line.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* How many lines of a log are shown. */
#define SHOWN_LINES 15

void evidence_release(struct evidence *evidence)
{
	str_release(&evidence->resource);
	str_release(&evidence->summary);
	strv_release(&evidence->facts);
	for (size_t i = 0; i < evidence->log_count; i++) {
		free(evidence->logs[i].source);
		free(evidence->logs[i].group);
		free(evidence->logs[i].stream);
		strv_release(&evidence->logs[i].lines);
	}
	free(evidence->logs);
	str_release(&evidence->next);
	*evidence = (struct evidence)EVIDENCE_INIT;
}

void evidence_add_fact(struct evidence *evidence, const char *fmt, ...)
{
	CLEANUP(str_release) struct str raw = STR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&raw, fmt, ap);
	va_end(ap);
	sanitize(&text, raw.buf, raw.len);
	if (!strv_has(&evidence->facts, text.buf))
		strv_add(&evidence->facts, text.buf);
}

void evidence_add_gap(struct evidence *evidence, const char *what, struct error *err)
{
	evidence_add_fact(evidence, "%s could not be read: %s", what, err->msg.buf);
	error_release(err);
}

void evidence_summarize(struct evidence *evidence, const char *text)
{
	str_reset(&evidence->summary);
	sanitize_text(&evidence->summary, text);
}

void evidence_point_to_log(struct evidence *evidence, const char *group, const char *stream)
{
	if (evidence->next.len || strchr(group, '\'') || strchr(stream, '\''))
		return;
	str_adds(&evidence->next, "aws logs get-log-events --log-group-name '");
	sanitize_text(&evidence->next, group);
	str_adds(&evidence->next, "' --log-stream-name '");
	sanitize_text(&evidence->next, stream);
	str_addc(&evidence->next, '\'');
}

static char *clean_copy(const char *text)
{
	struct str clean = STR_INIT;

	sanitize_text(&clean, text);
	return str_detach(&clean);
}

void evidence_add_log(struct evidence *evidence, const char *source, const char *group,
		      const char *stream, const struct logs_events *events)
{
	CLEANUP(strv_release) struct strv lines = STRV_INIT;
	struct evidence_log *log;
	size_t first;

	for (size_t i = 0; i < events->count; i++) {
		CLEANUP(str_release) struct str line = STR_INIT;

		if (log_line_clean(events->items[i].message, &line))
			strv_add(&lines, line.buf);
	}
	if (!lines.count)
		return;
	log = mem_grow(&evidence->logs, &evidence->log_count, sizeof(*log));
	log->source = clean_copy(source);
	log->group = clean_copy(group);
	log->stream = clean_copy(stream);
	log->lines = (struct strv)STRV_INIT;
	first = lines.count > SHOWN_LINES ? lines.count - SHOWN_LINES : 0;
	for (size_t i = first; i < lines.count; i++)
		strv_add(&log->lines, lines.v[i]);
	evidence_point_to_log(evidence, group, stream);
}

static bool is_service(const struct failure *failure)
{
	return strcmp(failure->type, "AWS::ECS::Service") == 0;
}

bool evidence_is_custom(const char *type)
{
	return strncmp(type, "Custom::", 8) == 0 ||
	       strcmp(type, "AWS::CloudFormation::CustomResource") == 0;
}

bool evidence_exists(const struct failure *failure)
{
	return (is_service(failure) && strncmp(failure->physical_id, "arn:", 4) == 0) ||
	       evidence_is_custom(failure->type);
}

void evidence_read(struct aws_client *client, const struct failure *failure, int64_t since_ms,
		   struct evidence *ret)
{
	const struct scene scene = { client, failure, since_ms };

	evidence_release(ret);
	if (!evidence_exists(failure))
		return;
	sanitize_text(&ret->resource, failure->name);
	if (is_service(failure))
		evidence_read_service(&scene, ret);
	else
		evidence_read_custom(&scene, ret);
}

static void hide_in_list(struct strv *list, const char *value)
{
	for (size_t i = 0; i < list->count; i++)
		(void)mask_text(&list->v[i], value);
}

void evidence_hide(struct evidence *evidence, const struct strv *values)
{
	for (size_t i = 0; values && i < values->count; i++) {
		(void)mask_str(&evidence->summary, values->v[i]);
		hide_in_list(&evidence->facts, values->v[i]);
		for (size_t j = 0; j < evidence->log_count; j++)
			hide_in_list(&evidence->logs[j].lines, values->v[i]);
	}
}

void evidence_tell(const struct evidence *evidence, struct report *report)
{
	if (!evidence->facts.count && !evidence->log_count)
		return;
	report_warning(report, "why %s fails:", evidence->resource.buf);
	for (size_t i = 0; i < evidence->facts.count; i++)
		report_note(report, "  %s", evidence->facts.v[i]);
	for (size_t i = 0; i < evidence->log_count; i++) {
		const struct evidence_log *log = &evidence->logs[i];

		for (size_t j = 0; j < log->lines.count; j++)
			report_output(report, log->source, log->lines.v[j]);
	}
	if (evidence->next.len)
		report_note(report, "  more: %s", evidence->next.buf);
}
