#include "base/cleanup.h"
#include "data/json.h"
#include "deploy/inputs.h"
#include "deploy/record.h"
#include "deploy/run.h"
#include "deploy/state.h"
#include "sys/file.h"

#include <string.h>

/* The folder's record of the last image that was tested and published from it. */
#define TESTED_NAME	 "tested.json"
#define TESTED_MAX_BYTES (64UL << 10)

/* Base images move under their names: what was tested on them counts for a day. */
#define TESTED_MAX_AGE_MS ((int64_t)24 * 60 * 60 * 1000)

static bool is_commit(const struct version *version)
{
	const struct revision *revision = &version->revision;

	if (revision->id.len == 0 || revision->is_dirty)
		return false;
	return !version->is_given || strcmp(version->tag.buf, revision->id.buf) == 0 ||
	       strcmp(version->tag.buf, revision->short_id.buf) == 0;
}

/* The stage belongs to this run, or to the release that it goes on with, which left it out. */
static bool is_of_release(const struct pipeline *pipeline, enum stage stage)
{
	return pipeline->stages[stage] ||
	       (pipeline->record && pipeline->record->stages[stage].state == RECORD_SKIPPED);
}

/* Stages that were asked for one by one run; so does what no commit stands for. */
static bool is_comparable(const struct run *run)
{
	const struct pipeline *pipeline = run->pipeline;

	return is_of_release(pipeline, STAGE_TEST) && is_of_release(pipeline, STAGE_RELEASE) &&
	       pipeline->stages[STAGE_PUBLISH] && is_commit(&run->version) &&
	       strcmp(config_text(pipeline->config, CONFIG_PUBLISH_REUSE), "true") == 0;
}

/* Appends nothing where the inputs cannot be told: then the stages run. */
static int name_inputs(const struct run *run, struct str *ret_name, struct error *err)
{
	const struct inputs inputs = {
		.config = run->pipeline->config,
		.compose = &run->compose,
		.services = &run->services,
		.env = run->pipeline->env,
		.tag = run->version.tag.buf,
	};

	if (inputs_name(&inputs, ret_name, err) == 0)
		return 0;
	if (err->kind == ERROR_SIGNAL)
		return -1;
	error_release(err);
	return 0;
}

static char *record_path(const struct run *run)
{
	return state_project_path(run->pipeline->env, run->pipeline->config->dir, TESTED_NAME);
}

/* The record as far as it is of these inputs and not too old; NULL where there is none such. */
static json_t *read_record(const struct run *run)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP_FREE char *path = record_path(run);
	int64_t now_ms = run->pipeline->clock->wall_ms(run->pipeline->clock);
	json_auto_t *record = NULL;
	const char *inputs, *repository;
	int64_t at_ms;

	if (file_read(path, TESTED_MAX_BYTES, &text, &ignored) < 0)
		return NULL;
	record = json_read(text.buf, text.len, &ignored);
	inputs = json_text(record, "inputs");
	repository = json_text(record, "repository");
	at_ms = json_integer_value(json_object_get(record, "at"));
	if (!inputs || strcmp(inputs, run->inputs.buf) != 0 || !repository ||
	    strcmp(repository, run->repository.uri.buf) != 0)
		return NULL;
	if (at_ms > now_ms || now_ms - at_ms > TESTED_MAX_AGE_MS)
		return NULL;
	return json_text(record, "tag") && json_text(record, "digest") ? json_incref(record) : NULL;
}

/* Only what the registry still has under the tag that was tested is taken for it. */
static int find_tested(struct run *run, struct error *err)
{
	json_auto_t *record = read_record(run);
	CLEANUP(str_release) struct str digest = STR_INIT;
	struct registry registry = run_registry(run);
	const char *tag = json_text(record, "tag");

	if (!record)
		return 0;
	if (registry_digest(&registry, run->repository_name.buf, tag, &digest, err) < 0) {
		if (err->kind == ERROR_SIGNAL)
			return -1;
		error_release(err);
		return 0;
	}
	if (strcmp(digest.buf, json_text(record, "digest")) != 0)
		return 0;
	str_adds(&run->tested_tag, tag);
	str_adds(&run->tested_digest, digest.buf);
	return 0;
}

int run_find_tested(struct run *run, struct error *err)
{
	const struct pipeline *pipeline = run->pipeline;

	if (!is_comparable(run))
		return 0;
	if (name_inputs(run, &run->inputs, err) < 0)
		return -1;
	if (run->inputs.len == 0 || run->is_published || pipeline->force || pipeline->rebuild)
		return 0;
	return find_tested(run, err);
}

static int write_record(const struct run *run, struct error *err)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP_FREE char *path = record_path(run);
	CLEANUP_FREE char *dir = file_dirname(path);
	json_auto_t *record = json_pack(
		"{s:s, s:s, s:s, s:s, s:I}", "inputs", run->inputs.buf, "repository",
		run->repository.uri.buf, "tag", run->version.tag.buf, "digest", run->digest.buf,
		"at", (json_int_t)run->pipeline->clock->wall_ms(run->pipeline->clock));

	json_write(record, &text);
	str_addc(&text, '\n');
	if (file_make_dirs(dir, err) < 0)
		return -1;
	return file_write_atomic(path, text.buf, text.len, 0600, err);
}

/* Files that changed while the tests ran were perhaps not those that were tested. */
void run_remember_tested(struct run *run)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str now = STR_INIT;

	if (run->inputs.len == 0 || !run->is_built || run->tested_tag.len)
		return;
	if (name_inputs(run, &now, &err) < 0 || strcmp(now.buf, run->inputs.buf) != 0)
		return;
	if (write_record(run, &err) < 0)
		report_warning(run->pipeline->report,
			       "what was tested is not remembered, and will be tested again: %s",
			       err.msg.buf);
}
