#include "deploy/record.h"

#include "base/cleanup.h"
#include "base/random.h"
#include "base/slice.h"
#include "data/json.h"

#include <inttypes.h>
#include <string.h>

static const char *const state_names[] = {
	[RECORD_PENDING] = "pending", [RECORD_RUNNING] = "running", [RECORD_DONE] = "done",
	[RECORD_SKIPPED] = "skipped", [RECORD_FAILED] = "failed",   [RECORD_UNKNOWN] = "unknown",
};

#define STATE_COUNT (sizeof(state_names) / sizeof(state_names[0]))

const char *record_state_name(enum record_state state)
{
	return state_names[state];
}

void record_release(struct record *record)
{
	str_release(&record->id);
	str_release(&record->command);
	str_release(&record->project);
	str_release(&record->environment);
	str_release(&record->dir);
	str_release(&record->who);
	str_release(&record->error);
	str_release(&record->fix);
	for (int i = 0; i < FACT_COUNT; i++)
		str_release(&record->facts[i].value);
	for (int i = 0; i < STAGE_COUNT; i++)
		str_release(&record->stages[i].text);
}

void record_make_id(int64_t wall_ms, struct str *out)
{
	clock_format_compact(wall_ms, out);
	/* Two runs in one second are in their order too. */
	str_cut(out, out->len - 1);
	str_addf(out, ".%03dZ-", (int)(wall_ms % 1000));
	random_hex(out, 4);
}

const char *record_fact(const struct record *record, enum fact fact)
{
	return record->facts[fact].value.buf;
}

bool record_is_new(const struct record *record, enum fact fact)
{
	return record->facts[fact].value.len && record->facts[fact].run == record->runs;
}

bool record_has_done(const struct record *record, enum stage stage)
{
	return record->stages[stage].state == RECORD_DONE ||
	       record->stages[stage].state == RECORD_SKIPPED;
}

/* ---- reading ---- */

static void take_text(struct str *ret, const json_t *line, const char *key)
{
	const char *text = json_text(line, key);

	str_reset(ret);
	str_adds(ret, text ? text : "");
}

static void take_stages(struct record *record, const json_t *names)
{
	const json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
	{
		enum stage stage;

		if (json_is_string(name) && stage_parse(json_string_value(name), &stage))
			record->stages[stage].is_wanted = true;
	}
}

static int apply_run(struct record *record, const json_t *line, int64_t at_ms, struct error *err)
{
	json_int_t format = json_integer_value(json_object_get(line, "format"));

	if (format < 1)
		return error_set(err, ERROR_CONFIG, "a run without a format");
	if (format > RECORD_FORMAT) {
		error_set(err, ERROR_CONFIG, "written in format %" JSON_INTEGER_FORMAT, format);
		return error_fix(err, "read it with the newer deployer that wrote it");
	}
	if (record->runs++ == 0) {
		take_text(&record->id, line, "id");
		record->started_ms = at_ms;
	}
	take_text(&record->command, line, "command");
	take_text(&record->project, line, "project");
	take_text(&record->environment, line, "environment");
	take_text(&record->dir, line, "dir");
	take_text(&record->who, line, "who");
	record->pid = json_integer_value(json_object_get(line, "pid"));
	take_stages(record, json_object_get(line, "stages"));
	str_reset(&record->error);
	str_reset(&record->fix);
	record->ended_ms = 0;
	record->exit_status = -1;
	return 0;
}

static void apply_stage(struct record *record, const json_t *line, int64_t at_ms)
{
	const char *name = json_text(line, "stage");
	const char *state = json_text(line, "state");
	struct record_stage *row;
	enum stage stage;
	size_t i = 0;

	if (!name || !state || !stage_parse(name, &stage))
		return;
	while (i < STATE_COUNT && strcmp(state_names[i], state) != 0)
		i++;
	if (i == STATE_COUNT)
		return;
	row = &record->stages[stage];
	row->state = (enum record_state)i;
	row->ended_ms = i == RECORD_RUNNING ? 0 : at_ms;
	if (i == RECORD_RUNNING || i == RECORD_SKIPPED)
		row->started_ms = at_ms;
	take_text(&row->text, line, "text");
}

static void apply_fact(struct record *record, const json_t *line)
{
	const char *name = json_text(line, "name");

	for (int i = 0; name && i < FACT_COUNT; i++) {
		if (strcmp(fact_name((enum fact)i), name) != 0)
			continue;
		take_text(&record->facts[i].value, line, "value");
		record->facts[i].run = record->runs;
	}
}

static void apply_end(struct record *record, const json_t *line, int64_t at_ms)
{
	json_int_t status = json_integer_value(json_object_get(line, "status"));

	record->exit_status = status >= 0 && status <= 255 ? (int)status : 1;
	record->ended_ms = at_ms;
	take_text(&record->error, line, "message");
	take_text(&record->fix, line, "fix");
}

int record_apply(struct record *record, const char *line, size_t len, struct error *err)
{
	json_auto_t *root = json_read(line, len, err);
	const char *type = json_text(root, "type");
	int64_t at_ms = json_integer_value(json_object_get(root, "at"));

	if (!root)
		return -1;
	if (!type)
		return error_set(err, ERROR_CONFIG, "it has no type");
	if (strcmp(type, "run") == 0)
		return apply_run(record, root, at_ms, err);
	if (record->runs == 0)
		return error_set(err, ERROR_CONFIG, "no run has begun");
	if (strcmp(type, "stage") == 0)
		apply_stage(record, root, at_ms);
	if (strcmp(type, "fact") == 0)
		apply_fact(record, root);
	if (strcmp(type, "end") == 0)
		apply_end(record, root, at_ms);
	return 0;
}

/* What stands after the last line end was being written when its writer was killed. */
static size_t whole_lines(const char *text, size_t len)
{
	while (len && text[len - 1] != '\n')
		len--;
	return len;
}

int record_read(const char *text, size_t len, struct record *ret, struct error *err)
{
	CLEANUP(record_release) struct record record = RECORD_INIT;
	struct slice rest = { text, whole_lines(text, len) };

	for (unsigned number = 1; rest.n; number++) {
		struct slice line = slice_next_line(&rest);

		if (record_apply(&record, line.p, line.n, err) < 0)
			return error_wrap(err, "line %u of the record", number);
	}
	if (record.runs == 0)
		return error_set(err, ERROR_CONFIG, "no run has begun in the record");
	*ret = record;
	record = (struct record)RECORD_INIT;
	return 0;
}

/* ---- writing ---- */

static void add_member(struct str *out, const char *name, const char *value)
{
	str_addf(out, ", \"%s\": ", name);
	json_quote(out, value);
}

static void begin_line(struct str *out, const char *type, int64_t at_ms)
{
	str_addf(out, "{\"type\": \"%s\", \"at\": %" PRId64, type, at_ms);
}

static void add_wanted(const struct record *record, struct str *out)
{
	const char *comma = "";

	str_adds(out, ", \"stages\": [");
	for (int i = 0; i < STAGE_COUNT; i++) {
		if (!record->stages[i].is_wanted)
			continue;
		str_addf(out, "%s\"%s\"", comma, stage_name((enum stage)i));
		comma = ", ";
	}
	str_addc(out, ']');
}

void record_line_run(struct str *out, int64_t at_ms, const struct record *record)
{
	begin_line(out, "run", at_ms);
	str_addf(out, ", \"format\": %d", RECORD_FORMAT);
	add_member(out, "id", record->id.buf);
	add_member(out, "command", record->command.buf);
	add_member(out, "project", record->project.buf);
	add_member(out, "environment", record->environment.buf);
	add_member(out, "dir", record->dir.buf);
	add_member(out, "who", record->who.buf);
	str_addf(out, ", \"pid\": %" PRId64, record->pid);
	add_wanted(record, out);
	str_adds(out, "}\n");
}

void record_line_stage(struct str *out, int64_t at_ms, enum stage stage, enum record_state state,
		       const char *text)
{
	begin_line(out, "stage", at_ms);
	add_member(out, "stage", stage_name(stage));
	add_member(out, "state", state_names[state]);
	if (text && *text)
		add_member(out, "text", text);
	str_adds(out, "}\n");
}

void record_line_fact(struct str *out, int64_t at_ms, const char *name, const char *value)
{
	begin_line(out, "fact", at_ms);
	add_member(out, "name", name);
	add_member(out, "value", value);
	str_adds(out, "}\n");
}

void record_line_end(struct str *out, int64_t at_ms, const struct error *err)
{
	begin_line(out, "end", at_ms);
	str_addf(out, ", \"status\": %d", error_exit_status(err));
	if (err->kind != ERROR_NONE) {
		add_member(out, "message", err->msg.buf);
		add_member(out, "fix", err->fix.buf);
	}
	str_adds(out, "}\n");
}

static void add_instant(struct str *out, const char *name, int64_t at_ms)
{
	if (!at_ms)
		return;
	str_addf(out, ", \"%s\": \"", name);
	clock_format_rfc3339(at_ms, out);
	str_addc(out, '"');
}

static void add_facts(const struct record *record, struct str *out)
{
	for (int i = 0; i < FACT_COUNT; i++) {
		if (record->facts[i].value.len)
			add_member(out, fact_name((enum fact)i), record->facts[i].value.buf);
	}
}

static void add_stage(const struct record_stage *row, enum stage stage, struct str *out)
{
	str_addf(out, "{\"stage\": \"%s\", \"state\": \"%s\"", stage_name(stage),
		 state_names[row->state]);
	add_instant(out, "started", row->started_ms);
	add_instant(out, "ended", row->ended_ms);
	if (row->text.len)
		add_member(out, "text", row->text.buf);
	str_addc(out, '}');
}

static void add_stages(const struct record *record, struct str *out)
{
	const char *comma = "";

	str_adds(out, ", \"stages\": [");
	for (int i = 0; i < STAGE_COUNT; i++) {
		const struct record_stage *row = &record->stages[i];

		if (!row->is_wanted && row->state == RECORD_PENDING)
			continue;
		str_adds(out, comma);
		add_stage(row, (enum stage)i, out);
		comma = ", ";
	}
	str_addc(out, ']');
}

void record_write_json(const struct record *record, struct str *out)
{
	str_adds(out, "{\"id\": ");
	json_quote(out, record->id.buf);
	add_member(out, "command", record->command.buf);
	add_member(out, "project", record->project.buf);
	add_member(out, "environment", record->environment.buf);
	add_member(out, "who", record->who.buf);
	str_addf(out, ", \"runs\": %u", record->runs);
	add_instant(out, "started", record->started_ms);
	add_instant(out, "ended", record->ended_ms);
	if (record->exit_status >= 0)
		str_addf(out, ", \"exit_status\": %d", record->exit_status);
	else
		str_adds(out, ", \"exit_status\": null");
	if (record->error.len) {
		add_member(out, "error", record->error.buf);
		add_member(out, "fix", record->fix.buf);
	}
	add_facts(record, out);
	add_stages(record, out);
	str_addc(out, '}');
}
