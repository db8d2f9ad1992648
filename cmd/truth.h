#ifndef CMD_TRUTH_H
#define CMD_TRUTH_H

#include "cmd/app.h"
#include "deploy/record.h"
#include "deploy/status.h"

/* What the working tree stands for, appended; nothing where that cannot be told. */
void truth_find_git(const struct config *config, struct str *ret);

/*
 * The name of the image repository, appended: from the image setting, from a record, or from
 * compose, which is a program to start; nothing where that cannot be told.
 */
void truth_find_repository(struct app *app, const struct config *config, struct str *ret);

/*
 * The truth line after a run that deployed (ui/truth.h), appended. What cannot be seen, it says; a
 * run is not less done for that.
 */
void truth_after_run(struct app *app, const struct pipeline *pipeline, const struct record *record,
		     struct str *out);

#endif
