#include "ui/history.h"

#include "base/cleanup.h"
#include "base/sanitize.h"

#include <string.h>

#define LINE_FORMAT "%-17s %-8s %-10s %-9s %-12s %7s  "

static void describe_end(const struct records_item *item, struct str *out)
{
	if (item->is_running)
		str_adds(out, "running");
	else if (item->record.exit_status < 0)
		str_adds(out, "ended early");
	else if (item->record.exit_status == 0)
		str_adds(out, "ok");
	else if (item->record.exit_status == 10)
		str_adds(out, "rolled back");
	else if (item->record.exit_status == 12)
		str_adds(out, "unknown");
	else
		str_addf(out, "failed (%d)", item->record.exit_status);
}

static void describe_time(const struct record *record, struct str *out)
{
	if (record->ended_ms > record->started_ms)
		clock_format_duration(record->ended_ms - record->started_ms, out);
	else
		str_addc(out, '-');
}

static void describe_start(const struct record *record, struct str *out)
{
	CLEANUP(str_release) struct str instant = STR_INIT;

	clock_format_rfc3339(record->started_ms, &instant);
	/* "2026-01-02 03:04Z" */
	str_add(out, instant.buf, strcspn(instant.buf, "T"));
	if (instant.len > 16)
		str_addf(out, " %.5sZ", instant.buf + 11);
}

void history_heading(struct str *out)
{
	str_addf(out, LINE_FORMAT "%s\n", "WHEN", "WHERE", "WHAT", "COMMAND", "END", "TOOK",
		 "BY, SUBJECT");
}

static void add_safe(struct str *out, const char *text)
{
	sanitize_text(out, *text ? text : "-");
}

void history_line(const struct records_item *item, const char *subject, struct str *out)
{
	const struct record *record = &item->record;
	CLEANUP(str_release) struct str start = STR_INIT;
	CLEANUP(str_release) struct str where = STR_INIT;
	CLEANUP(str_release) struct str what = STR_INIT;
	CLEANUP(str_release) struct str command = STR_INIT;
	CLEANUP(str_release) struct str end = STR_INIT;
	CLEANUP(str_release) struct str took = STR_INIT;

	describe_start(record, &start);
	add_safe(&where, record->environment.buf);
	add_safe(&what, record_fact(record, FACT_VERSION));
	add_safe(&command, record->command.buf);
	describe_end(item, &end);
	describe_time(record, &took);
	str_addf(out, LINE_FORMAT, start.buf, where.buf, what.buf, command.buf, end.buf, took.buf);
	sanitize_text(out, record->who.buf);
	if (*subject) {
		str_adds(out, "  ");
		sanitize_text(out, subject);
	}
	str_addc(out, '\n');
}

/* ---- one run ---- */

/* The facts that a person asks for, in the order of the release. */
static const struct shown_fact {
	enum fact fact;
	const char *name;
} shown_facts[] = {
	{ FACT_COMMIT, "commit" },	   { FACT_AUTHOR, "author" },
	{ FACT_CALLER, "caller" },	   { FACT_REGION, "region" },
	{ FACT_REPOSITORY, "repository" }, { FACT_DIGEST, "digest" },
	{ FACT_SOURCE, "promoted" },	   { FACT_BUMPED, "parameter" },
	{ FACT_REPLACED, "replaced" },	   { FACT_STACK_ARN, "stack" },
	{ FACT_CHANGE_SET, "change set" }, { FACT_TOKEN, "token" },
	{ FACT_STATUS, "status" },
};

#define SHOWN_COUNT (sizeof(shown_facts) / sizeof(shown_facts[0]))

static bool is_shown(const struct record_stage *row)
{
	return row->is_wanted || row->state != RECORD_PENDING;
}

static void describe_stage_time(const struct record_stage *row, struct str *out)
{
	if (row->state != RECORD_SKIPPED && row->ended_ms >= row->started_ms && row->started_ms)
		clock_format_duration(row->ended_ms - row->started_ms, out);
	else
		str_addc(out, '-');
}

/* A stage that nobody works on any more was not left running. */
static const char *state_of(const struct records_item *item, const struct record_stage *row)
{
	if (row->state == RECORD_RUNNING && !item->is_running)
		return "ended early";
	return record_state_name(row->state);
}

/* "release of 5fdbe62 to dev" */
static void describe_subject(const struct record *record, struct str *out)
{
	str_adds(out, record->command.buf);
	if (*record_fact(record, FACT_VERSION))
		str_addf(out, " of %s", record_fact(record, FACT_VERSION));
	if (record->environment.len)
		str_addf(out, " to %s", record->environment.buf);
}

static void report_head(const struct records_item *item, struct str *out)
{
	const struct record *record = &item->record;
	CLEANUP(str_release) struct str subject = STR_INIT;

	describe_subject(record, &subject);
	sanitize_text(out, subject.buf);
	if (*record_fact(record, FACT_SUBJECT)) {
		str_adds(out, ": ");
		sanitize_text(out, record_fact(record, FACT_SUBJECT));
	}
	str_adds(out, "\nrun        ");
	sanitize_text(out, record->id.buf);
	str_adds(out, "\nby         ");
	sanitize_text(out, record->who.buf);
	str_adds(out, "\nbegun      ");
	clock_format_rfc3339(record->started_ms, out);
	str_adds(out, "\nend        ");
	describe_end(item, out);
	if (record->ended_ms) {
		str_adds(out, " after ");
		describe_time(record, out);
	}
	str_addc(out, '\n');
}

static void report_stage(const struct records_item *item, enum stage stage, struct str *out)
{
	const struct record_stage *row = &item->record.stages[stage];
	CLEANUP(str_release) struct str took = STR_INIT;

	describe_stage_time(row, &took);
	str_addf(out, "  %-8s %-11s %7s", stage_name(stage), state_of(item, row), took.buf);
	if (row->text.len) {
		str_adds(out, "  ");
		sanitize_text(out, row->text.buf);
	}
	str_addc(out, '\n');
}

void history_report(const struct records_item *item, struct str *out)
{
	const struct record *record = &item->record;

	report_head(item, out);
	for (size_t i = 0; i < SHOWN_COUNT; i++) {
		const char *value = record_fact(record, shown_facts[i].fact);

		if (!*value)
			continue;
		str_addf(out, "%-10s ", shown_facts[i].name);
		sanitize_text(out, value);
		str_addc(out, '\n');
	}
	for (int i = 0; i < STAGE_COUNT; i++) {
		if (is_shown(&record->stages[i]))
			report_stage(item, (enum stage)i, out);
	}
	if (record->error.len) {
		str_adds(out, "error      ");
		sanitize_text(out, record->error.buf);
		str_adds(out, record->fix.len ? "\n  -> " : "");
		sanitize_text(out, record->fix.buf);
		str_addc(out, '\n');
	}
}

/* ---- Markdown ---- */

/* Backslashes before ASCII punctuation that means something (CommonMark 0.30, section 2.4). */
static void add_escaped(struct str *out, const char *text)
{
	CLEANUP(str_release) struct str safe = STR_INIT;

	sanitize_text(&safe, text);
	for (const char *p = safe.buf; *p; p++) {
		if (strchr("\\`*_{}[]<>()#+!|~@&", *p))
			str_addc(out, '\\');
		str_addc(out, *p);
	}
}

static void markdown_stage(const struct records_item *item, enum stage stage, struct str *out)
{
	const struct record_stage *row = &item->record.stages[stage];

	str_addf(out, "| %s | %s | ", stage_name(stage), state_of(item, row));
	describe_stage_time(row, out);
	str_adds(out, " | ");
	add_escaped(out, row->text.buf);
	str_adds(out, " |\n");
}

static void markdown_error(const struct record *record, struct str *out)
{
	if (!record->error.len)
		return;
	str_adds(out, "\n> ");
	add_escaped(out, record->error.buf);
	if (record->fix.len) {
		str_adds(out, "\n>\n> ");
		add_escaped(out, record->fix.buf);
	}
	str_addc(out, '\n');
}

void history_markdown(const struct records_item *item, struct str *out)
{
	const struct record *record = &item->record;
	CLEANUP(str_release) struct str subject = STR_INIT;

	describe_subject(record, &subject);
	str_adds(out, "### ");
	add_escaped(out, subject.buf);
	str_adds(out, ": ");
	describe_end(item, out);
	if (*record_fact(record, FACT_SUBJECT)) {
		str_adds(out, "\n\n");
		add_escaped(out, record_fact(record, FACT_SUBJECT));
	}
	str_adds(out, "\n\n| stage | end | took | |\n|---|---|---:|---|\n");
	for (int i = 0; i < STAGE_COUNT; i++) {
		if (is_shown(&record->stages[i]))
			markdown_stage(item, (enum stage)i, out);
	}
	markdown_error(record, out);
	str_addf(out, "\n<details><summary>run %s</summary>\n\n- by ", record->id.buf);
	add_escaped(out, record->who.buf);
	str_addc(out, '\n');
	for (size_t i = 0; i < SHOWN_COUNT; i++) {
		if (!*record_fact(record, shown_facts[i].fact))
			continue;
		str_addf(out, "- %s ", shown_facts[i].name);
		add_escaped(out, record_fact(record, shown_facts[i].fact));
		str_addc(out, '\n');
	}
	str_adds(out, "\n</details>\n");
}
