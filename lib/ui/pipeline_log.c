#include "ui/pipeline_log.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sanitize.h"
#include "base/str.h"
#include "data/yaml_locate.h"
#include "sys/file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TEMPLATE (1UL << 20)

struct pipeline_log {
	struct report report;
	struct report *plain;
	FILE *out;
	struct clock *clock;
	struct pipeline_log_options options;
	char *template;
};

/* toolkit's escapeData(): https://github.com/actions/toolkit, packages/core/src/command.ts */
static void add_data(struct str *out, const char *text, const char *also)
{
	CLEANUP(str_release) struct str clean = STR_INIT;

	sanitize_text(&clean, text);
	for (const char *p = clean.buf; *p; p++) {
		if (*p == '%' || strchr(also, *p))
			str_addf(out, "%%%02X", (unsigned)(unsigned char)*p);
		else
			str_addc(out, *p);
	}
}

/* The file as the service knows it: below the workspace. */
static const char *below(const char *workspace, const char *file)
{
	size_t len = workspace ? strlen(workspace) : 0;

	if (len && strncmp(file, workspace, len) == 0 && file[len] == '/')
		return file + len + 1;
	return file;
}

/* "::error file=stack.yml,line=12::text" */
static void annotate(const struct pipeline_log *log, const char *command, const char *file,
		     unsigned line, const char *text)
{
	CLEANUP(str_release) struct str out = STR_INIT;

	str_addf(&out, "::%s", command);
	if (file) {
		str_adds(&out, " file=");
		add_data(&out, below(log->options.workspace, file), ":,");
		if (line)
			str_addf(&out, ",line=%u", line);
	}
	str_adds(&out, "::");
	add_data(&out, text, "");
	(void)fprintf(log->out, "%s\n", out.buf);
}

static bool find_resource(const struct pipeline_log *log, const char *name, unsigned *ret_line)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP_FREE char *path = mem_printf("Resources.%s", name);
	struct place place;

	if (!log->template || strpbrk(name, "./") ||
	    file_read(log->template, MAX_TEMPLATE, &text, &err) < 0 ||
	    !yaml_locate(text.buf, text.len, path, &place))
		return false;
	*ret_line = place.line;
	return true;
}

/* What failed is marked where the template says what it should be. */
static void annotate_resource(const struct pipeline_log *log, const struct report_event *event)
{
	CLEANUP_FREE char *text =
		mem_printf("%s %s%s%s", event->source, event->status,
			   event->text && *event->text ? ": " : "", event->text ? event->text : "");
	unsigned line;

	if (find_resource(log, event->source, &line))
		annotate(log, "error", log->template, line, text);
}

static void begin_group(const struct pipeline_log *log, const char *stage)
{
	int64_t now_s = log->clock->wall_ms(log->clock) / 1000;

	if (log->options.ci == CI_GITHUB)
		(void)fprintf(log->out, "::group::%s\n", stage);
	else if (log->options.ci == CI_GITLAB)
		(void)fprintf(log->out, "\033[0Ksection_start:%" PRId64 ":%s\r\033[0K\n", now_s,
			      stage);
}

static void end_group(const struct pipeline_log *log, const char *stage)
{
	int64_t now_s = log->clock->wall_ms(log->clock) / 1000;

	if (log->options.ci == CI_GITHUB)
		(void)fprintf(log->out, "::endgroup::\n");
	else if (log->options.ci == CI_GITLAB)
		(void)fprintf(log->out, "\033[0Ksection_end:%" PRId64 ":%s\r\033[0K\n", now_s,
			      stage);
}

/* Services look for these within a line, too: GitHub's older form, and Azure's. */
static const char *take_apart(const char *text, struct str *ret)
{
	static const char *const marks[] = { "##[", "##vso[" };

	if (!text)
		return NULL;
	str_adds(ret, text);
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		for (char *p = ret->buf; (p = strstr(p, marks[i])); p++)
			*p = ' ';
	}
	return ret->buf;
}

/* "::command::" is one where a line begins with it: a source would stand before it. */
static void blunt_begin(const struct report_event *event, struct str *text)
{
	char *begin = text->buf + strspn(text->buf, " \t");

	if (!event->source && strncmp(begin, "::", 2) == 0)
		*begin = ' ';
}

static void pass_on(const struct pipeline_log *log, const struct report_event *event)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP(str_release) struct str source = STR_INIT;
	CLEANUP(str_release) struct str status = STR_INIT;
	struct report_event harmless = *event;

	harmless.text = take_apart(event->text, &text);
	if (harmless.text)
		blunt_begin(event, &text);
	harmless.source = take_apart(event->source, &source);
	harmless.status = take_apart(event->status, &status);
	log->plain->emit(log->plain, &harmless);
}

static void github_emit(const struct pipeline_log *log, const struct report_event *event)
{
	if (event->kind == REPORT_WARNING) {
		annotate(log, "warning", event->file, event->line, event->text);
		return;
	}
	pass_on(log, event);
	if (event->kind == REPORT_RESULT && event->file)
		annotate(log, "notice", event->file, event->line, event->text);
	if (event->kind == REPORT_EVENT && strstr(event->status, "FAILED"))
		annotate_resource(log, event);
}

static void log_emit(struct report *report, const struct report_event *event)
{
	const struct pipeline_log *log = (const struct pipeline_log *)report;

	if (event->kind == REPORT_STAGE_BEGIN)
		begin_group(log, event->stage);
	if (event->kind == REPORT_STAGE_END)
		end_group(log, event->stage);
	if (log->options.ci == CI_GITHUB)
		github_emit(log, event);
	else
		pass_on(log, event);
	(void)fflush(log->out);
}

struct report *pipeline_log_new(FILE *out, struct clock *clock,
				const struct pipeline_log_options *options)
{
	struct pipeline_log *log = mem_zalloc(sizeof(*log));

	log->report.emit = log_emit;
	log->plain = plain_new(out, clock, &options->plain);
	log->out = out;
	log->clock = clock;
	log->options = *options;
	return &log->report;
}

void pipeline_log_free(struct report *report)
{
	struct pipeline_log *log = (struct pipeline_log *)report;

	plain_free(log->plain);
	free(log->template);
	free(log);
}

void pipeline_log_set_template(struct report *report, const char *path)
{
	struct pipeline_log *log = (struct pipeline_log *)report;

	free(log->template);
	log->template = mem_strdup(path);
}

bool pipeline_log_error(enum ci ci, const struct error *err, struct str *out)
{
	if (ci != CI_GITHUB)
		return false;
	str_adds(out, "::error title=deployer::");
	add_data(out, err->msg.buf, "");
	if (err->fix.len) {
		str_adds(out, "%0A-> ");
		add_data(out, err->fix.buf, "");
	}
	return true;
}

/* A value of several lines is masked line by line, as the log has it. */
void pipeline_log_mask(enum ci ci, const char *value, struct str *out)
{
	while (ci == CI_GITHUB && *value) {
		size_t len = strcspn(value, "\r\n");

		if (len) {
			str_adds(out, "::add-mask::");
			for (size_t i = 0; i < len; i++)
				str_addf(out, value[i] == '%' ? "%%25" : "%c", value[i]);
			str_addc(out, '\n');
		}
		value += len;
		value += strspn(value, "\r\n");
	}
}
