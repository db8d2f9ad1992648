#ifndef DEPLOY_RECORDER_H
#define DEPLOY_RECORDER_H

#include "base/clock.h"
#include "base/error.h"
#include "base/report.h"
#include "deploy/record.h"

/*
 * Keeps a record (deploy/record.h) while a run works: a reporter that stands before another one,
 * to which it hands everything on.
 *
 * The file is locked as long as the run lives, so that two never write one record and a reader can
 * tell a run that goes on from one that was killed. Each line is on disk before the work goes on.
 * A line that cannot be written is worth one warning, not a failed release: the record then stops
 * where it is.
 */
struct recorder {
	struct report report;
	struct report *next;
	struct clock *clock;
	char *path;
	int fd; /* -1: nothing is kept any more */
	struct record record;
};

/* One that keeps a record in memory alone; clock and next are borrowed for its life. */
void recorder_init(struct recorder *recorder, struct clock *clock, struct report *next);
void recorder_release(struct recorder *recorder);

/*
 * Opens the record at `path`, a new one where there is none, and reads what it says so far; a torn
 * last line is taken off. ERROR_REFUSED where another run writes it; ERROR_CONFIG where it is no
 * record.
 */
int recorder_open(struct recorder *recorder, const char *path, struct error *err);

/*
 * Begins a run: `run` says its command, project, environment, folder and who, and has its stages
 * marked as wanted. Its id counts where the record has none yet.
 */
void recorder_begin(struct recorder *recorder, const struct record *run);

/* What became of a stage, where no event says it. */
void recorder_stage(struct recorder *recorder, enum stage stage, enum record_state state,
		    const char *text);

/* Ends the run, with success where no error is set. */
void recorder_end(struct recorder *recorder, const struct error *err);

#endif
