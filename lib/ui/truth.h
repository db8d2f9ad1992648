#ifndef UI_TRUTH_H
#define UI_TRUTH_H

#include "base/str.h"
#include "deploy/status.h"

/*
 * The truth about an environment as one line, appended without a line end: the version, then each
 * place that knows one, "ok" where it means the same, and what it says instead where it does not.
 *
 *	5fdbe62  git ok  ECR ok  dev.cfg ok  stack ok  2/2 tasks
 *	4fec874  git 5fdbe62  ECR ok  prod.cfg 5fdbe62  stack UPDATE_IN_PROGRESS  1/2 tasks
 */
void truth_line(const struct status *status, struct str *out);

/* The same as a JSON document, without a line end. */
void truth_json(const struct status *status, struct str *out);

#endif
