#ifndef STACK_ROLLOUT_H
#define STACK_ROLLOUT_H

#include "aws/ecs.h"
#include "base/error.h"
#include "base/report.h"
#include "base/strv.h"
#include "stack/task_stop.h"

#include <stdint.h>

/* What can be said of a rollout while it runs. */
enum rollout_verdict {
	ROLLOUT_UNDER_WAY,
	ROLLOUT_STEADY,	 /* as many tasks of the new deployment run as are wanted */
	ROLLOUT_FAILING, /* it will not get there by itself: `reason` says why */
	ROLLOUT_UNSEEN,	 /* it may not be looked at */
};

/* So many distinct tasks that crashed prove that the next one will, too. */
#define ROLLOUT_EXITS 3

/*
 * Watching an ECS service replace its tasks, a step at a time: the caller owns the loop, the sleep
 * and the time, as with stack/follow.h.
 *
 * CloudFormation waits three hours for a service that never gets stable; the tasks tell in minutes.
 * What counts are the distinct stopped tasks of the PRIMARY deployment: its failedTasks start anew
 * whenever a task reaches RUNNING (API reference, "Deployment"), which a task that crashes after
 * its start does each time. It is failing when two tasks could not start; three ended with a status
 * that is not 0 and none lives for a minute, nor longer than three that crashed; three failed their
 * health checks; a task finds no place for five minutes, as capacity may still come; or ECS gave it
 * up itself (rolloutState FAILED).
 */
struct rollout {
	struct aws_client *client;
	struct report *report;
	char *name; /* the resource's, for people */
	char *cluster;
	char *service;	  /* ARN */
	int64_t since_ms; /* the service's clock: tasks of before are not this rollout's */
	struct str deployment;
	struct str task_definition; /* that the deployment starts */
	struct strv seen;	    /* stopped tasks that were looked at: those still listed */
	unsigned stops[TASK_STOP_KINDS];
	int64_t lives_ms[ROLLOUT_EXITS]; /* the longest of those that crashed, longest first */
	int64_t last_stop_ms;		 /* the service's clock */
	int64_t unplaced_since_ms;	 /* monotonic; 0: every task finds a place */
	bool has_warned;
	bool is_over;	 /* CloudFormation waits for it no longer: set by whoever steps it */
	struct str told; /* the counts as they were told last */
	enum rollout_verdict verdict;
	struct str last_stop; /* how the newest failed task ended */
	struct str reason;
};

/* All strings are copied. cluster "": the default one. */
void rollout_init(struct rollout *rollout, struct aws_client *client, struct report *report,
		  const char *name, const char *cluster, const char *service);
void rollout_release(struct rollout *rollout);

/*
 * Looks once; `now_ms` is monotonic. Fails as the calls do, and has then decided nothing. A verdict
 * of ROLLOUT_FAILING stays.
 */
int rollout_step(struct rollout *rollout, int64_t now_ms, struct error *err);

/* Begins anew: what happened before `since_ms`, by the service's clock, counts no more. */
void rollout_restart(struct rollout *rollout, int64_t since_ms);

#endif
