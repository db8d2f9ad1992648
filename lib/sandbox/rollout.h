#ifndef SANDBOX_ROLLOUT_H
#define SANDBOX_ROLLOUT_H

#include "sandbox/forecast.h"
#include "sandbox/sandbox.h"

#include <jansson.h>

/*
 * ECS services and their deployments over time, in the sandbox's state:
 *
 *	Services: {ARN: {the members that DescribeServices shows, instants in milliseconds,
 *		"events": oldest first, "deployments": newest first}}
 *
 * A deployment goes through launch (tasks are started), run (they are RUNNING), drain (those of the
 * deployments before it stop) and steady; or from run to fail (they stopped), and again to launch.
 * What it does next stands in its "Next" and "NextAt", how its tasks fail in "Fate", a copy of the
 * scenario's entry. A task definition that once met its fate keeps it: what is rolled back to is
 * well.
 *
 * Sources: Amazon ECS developer guide, "How the Amazon ECS deployment circuit breaker detects
 * failures" (threshold: half the desired count, at least 3, at most 200), "Service event messages",
 * "Stopped tasks error codes", "Service throttle logic" (tasks that never run are started ever
 * later, up to 15 minutes apart); API reference, Deployment (failedTasks counts consecutive
 * failures). A task that runs for a minute or more counts as started, and sets failedTasks back
 * (containers-roadmap #1206).
 */

/* A step on a resource of type AWS::ECS::Service begins. Borrowed. */
struct rollout_request {
	const char *stack;
	const char *logical_id;
	const char *action;	/* CREATE, UPDATE, ROLLBACK */
	const json_t *resource; /* as it shall be */
};

void rollout_begin(struct sandbox *sandbox, const struct rollout_request *request, int64_t at_ms,
		   struct forecast *ret);

/* The service is deleted, its tasks stop. */
void rollout_remove(struct sandbox *sandbox, const char *service_arn, int64_t at_ms);

/* Brings every service and task to where it is at `now_ms`. */
void rollout_advance_all(struct sandbox *sandbox, int64_t now_ms);

/* The PRIMARY deployment of a service. Borrowed. */
json_t *rollout_primary(const json_t *service);

#endif
