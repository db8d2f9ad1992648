#ifndef DEPLOY_RESUME_H
#define DEPLOY_RESUME_H

#include "deploy/record.h"

/*
 * Going on with a release whose run ended early: the stages that are left, those that cost nothing
 * included. What they build on is checked when they run (pipeline.record).
 *
 * ERROR_REFUSED where the record is of something else than a pipeline.
 */
int resume_stages(const struct record *record, bool stages[STAGE_COUNT], struct error *err);

/* Whether there is nothing left to go on with: every stage was done. */
bool resume_is_complete(const struct record *record);

#endif
