#ifndef STACK_STATUS_H
#define STACK_STATUS_H

#include "base/error.h"

#include <stdbool.h>

/*
 * What each of CloudFormation's stack statuses means (API reference, "StackStatus"): before a
 * deployment starts, and when it is reached while one is followed.
 */
enum stack_start {
	START_CREATE,  /* there is no stack yet: change set type CREATE */
	START_UPDATE,  /* can be updated */
	START_BUSY,    /* another operation runs */
	START_CHOICE,  /* rollback was off and something failed: a person chooses the way out */
	START_STUCK,   /* cannot be updated any more, or not before it is repaired */
	START_UNKNOWN, /* a status of the future that is no *_IN_PROGRESS: hands off */
};

enum stack_verdict {
	VERDICT_RUNNING,     /* not over */
	VERDICT_DONE,	     /* the new version is live */
	VERDICT_ROLLED_BACK, /* the old version is live */
	VERDICT_STUCK,	     /* needs a person */
	VERDICT_FOREIGN,     /* the end of an operation that is none of ours */
};

/* "" is the status of a stack that does not exist. */
enum stack_start stack_status_start(const char *status);
enum stack_verdict stack_status_verdict(const char *status);

/* For people: why a deployment cannot start here, and what to do; "" where it can. */
const char *stack_status_fix(const char *status);

/*
 * Turns the status in which an operation ended into success or the error that it is:
 * ERROR_ROLLED_BACK, ERROR_STUCK, or ERROR_OUTCOME where no deployment ends in it. `cause` may be
 * "".
 */
int stack_judge(const char *status, const char *cause, struct error *err);

/* Whether a resource's or stack's status ends in "_FAILED". */
bool status_is_failed(const char *status);

#endif
