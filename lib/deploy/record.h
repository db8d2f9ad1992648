#ifndef DEPLOY_RECORD_H
#define DEPLOY_RECORD_H

#include "base/error.h"
#include "base/report.h"
#include "base/str.h"
#include "deploy/pipeline.h"
#include "stack/fact.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A release record: what a release has come to, over all the runs that worked on it.
 *
 * The file is a list of JSON documents, one a line, that only ever grows (deploy/recorder.h), so
 * that it can be read whatever moment its writer was killed at: a last line without its line end
 * was never written. Each has "type" and "at" (wall-clock milliseconds):
 *
 *	{"type": "run", "format": 1, "id", "command", "project", "environment", "dir", "who", "pid",
 *	 "stages": ["login", ...]}
 *	{"type": "stage", "stage": "test", "state": "running", "text"}
 *	{"type": "fact", "name": "digest", "value": "sha256:..."}
 *	{"type": "end", "status": 0, "message", "fix"}
 *
 * A record begins with a run. Types, members, stages and facts of later versions are passed over.
 * There are no secrets in it: tokens only make a repeated call the same one.
 */
#define RECORD_FORMAT	 1
#define RECORD_MAX_BYTES (1UL << 20)

enum record_state {
	RECORD_PENDING,
	RECORD_RUNNING, /* or killed in it */
	RECORD_DONE,
	RECORD_SKIPPED, /* nothing was left to do */
	RECORD_FAILED,
	RECORD_UNKNOWN, /* out of sight: may still run */
};

const char *record_state_name(enum record_state state);

/* Instants are wall-clock milliseconds, 0 where there is none yet. */
struct record_stage {
	bool is_wanted;
	enum record_state state;
	int64_t started_ms;
	int64_t ended_ms;
	struct str text; /* what came of it */
};

/* What a file says. Strings are "" where it says nothing; `error` and `fix` are the last run's. */
struct record {
	struct str id;
	struct str command;
	struct str project;
	struct str environment;
	struct str dir;
	struct str who;
	struct str error;
	struct str fix;
	struct {
		struct str value;
		unsigned run; /* that found it, from 1 */
	} facts[FACT_COUNT];
	struct record_stage stages[STAGE_COUNT];
	unsigned runs; /* that worked on it */
	int64_t pid;   /* of the last */
	int64_t started_ms;
	int64_t ended_ms;
	int exit_status; /* -1 where the last run did not come to its end, or not yet */
};

/* clang-format off */
#define RECORD_INIT                                                                                \
	{                                                                                          \
		.id = STR_INIT, .command = STR_INIT, .project = STR_INIT, .environment = STR_INIT, \
		.dir = STR_INIT, .who = STR_INIT, .error = STR_INIT, .fix = STR_INIT,              \
		.facts = { [0 ... FACT_COUNT - 1] = { .value = STR_INIT } },                \
		.stages = { [0 ... STAGE_COUNT - 1] = { .text = STR_INIT } },                      \
		.exit_status = -1,                                                                 \
	}
/* clang-format on */

void record_release(struct record *record);

/* A new id, appended: "20260102T030405.678Z-0a1b2c3d", so that ids sort by time. */
void record_make_id(int64_t wall_ms, struct str *out);

/* A fact, "" where it is not known, borrowed; and whether the last run found it. */
const char *record_fact(const struct record *record, enum fact fact);
bool record_is_new(const struct record *record, enum fact fact);

/* Whether a stage need not run again. */
bool record_has_done(const struct record *record, enum stage stage);

/* Takes one line in. ERROR_CONFIG where it is none. */
int record_apply(struct record *record, const char *line, size_t len, struct error *err);

/*
 * Reads a whole file's text into a fresh record. ERROR_CONFIG with the line where it is no record,
 * and where it was written in a later format.
 */
int record_read(const char *text, size_t len, struct record *ret, struct error *err);

/* Appends the record as one JSON document: for people's programs, not to be read again. */
void record_write_json(const struct record *record, struct str *out);

/* The lines of a record, appended with their line end. */
void record_line_run(struct str *out, int64_t at_ms, const struct record *record);
void record_line_stage(struct str *out, int64_t at_ms, enum stage stage, enum record_state state,
		       const char *text);
void record_line_fact(struct str *out, int64_t at_ms, const char *name, const char *value);
void record_line_end(struct str *out, int64_t at_ms, const struct error *err);

#endif
