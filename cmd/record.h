#ifndef CMD_RECORD_H
#define CMD_RECORD_H

#include "cmd/app.h"
#include "deploy/records.h"

/*
 * Runs a pipeline as app_run_pipeline() does, as a further run of a release: its record is
 * `item`'s, which is borrowed, and what it claims must still hold.
 */
int record_continue(struct app *app, const struct records_item *item, struct pipeline *pipeline,
		    struct error *err);

/*
 * Does a piece of work that `pipeline` describes (its stages are what is wanted) and keeps a record
 * of it: `work` gets the pipeline with a reporter that does.
 */
int record_work(struct app *app, struct pipeline *pipeline,
		int (*work)(void *ctx, const struct pipeline *pipeline, struct error *err),
		void *ctx, struct error *err);

/*
 * The records that the command line means: the file of --record or DEPLOYER_RECORD alone, else the
 * newest `max` (0: all) of the project in `environment` ("": those without one, NULL: in any).
 */
int record_list(struct app *app, const char *environment, size_t max, struct records *ret,
		struct error *err);

/* The environment of the command line, "" where none is given. */
const char *record_environment(const struct app *app);

/*
 * Writes into a record what became of its deployment, seen by somebody who watched it: success
 * where no error is set. Nothing where its own run still goes on.
 */
void record_settle(struct app *app, const struct records_item *item, const struct error *outcome);

#endif
