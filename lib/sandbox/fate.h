#ifndef SANDBOX_FATE_H
#define SANDBOX_FATE_H

#include "sandbox/forecast.h"
#include "sandbox/sandbox.h"

#include <jansson.h>

/*
 * How the tasks of a service fail: an entry of the scenario's services, and what that means for the
 * circuit breaker and for the stack that waits. Sources: those of sandbox/rollout.h.
 */

/* Between the beginning of a deployment and its first tasks: AWS's seconds. */
#define FATE_LAUNCH_AFTER_S 5

/* A way to fail: the scenario's outcome, what it looks like on Fargate and on EC2. */
struct fate_kind {
	const char *outcome;
	unsigned life_s;
	bool runs;
	bool is_placed;
	int exit_code; /* -1: none */
	const char *stop_code;
	const char *fargate_reason;
	const char *reason;
	const char *container_reason;
};

/* NULL: the tasks are well. */
const struct fate_kind *fate_kind_of(const json_t *fate);

/* AWS's seconds that a task lives; between the failure of attempt `count` (from 0) and the next. */
unsigned fate_life(const json_t *fate);
unsigned fate_restart_after(const json_t *fate, unsigned count);

/* Whether a failed task counts for the breaker: one that ran long enough was started after all. */
bool fate_is_counted(const json_t *fate);

/*
 * Whether the service has a circuit breaker ("enable"), and one that rolls back ("rollback"): the
 * scenario's word goes before the template's. How many failed tasks trip it.
 */
bool fate_has_breaker(const json_t *service, const json_t *fate, const char *member);
unsigned fate_threshold(const json_t *service);

/*
 * Goes through the attempts as the stages of sandbox/rollout.c will: until the service heals, the
 * breaker trips, or CloudFormation's patience is over.
 */
void fate_foresee(const json_t *service, const json_t *fate, struct forecast *ret);

/* A number and a boolean of a document; templates may have both as text. */
unsigned fate_number(const json_t *object, const char *key, unsigned otherwise);
bool fate_is_true(const json_t *value);

#endif
