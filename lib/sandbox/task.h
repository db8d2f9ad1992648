#ifndef SANDBOX_TASK_H
#define SANDBOX_TASK_H

#include "sandbox/sandbox.h"

#include <jansson.h>

/*
 * ECS tasks, in the sandbox's state: Tasks, a list of documents with the members that DescribeTasks
 * shows, instants in milliseconds, and beside them what is yet to happen:
 *
 *	"RunsAt", "EndsAt": when it starts to run and when it stops by itself; none: never
 *	"End": how it stops then, as struct task_end
 *
 * and TaskDefinitions: {ARN: what DescribeTaskDefinition shows}. A stopped task is forgotten after
 * an hour (Amazon ECS API reference, DescribeTasks: "Currently, stopped tasks appear in the
 * returned results for at least one hour").
 */

/* How a task stops. Strings may be NULL; exit_code is of `container`, NULL where none had begun. */
struct task_end {
	const char *stop_code;	      /* TaskFailedToStart, EssentialContainerExited ... */
	const char *reason;	      /* stoppedReason */
	const char *container;	      /* the one it was about */
	const char *container_reason; /* of that container */
	const json_t *exit_code;
	const json_t *log; /* its last lines, a list of texts */
};

struct task_request {
	const char *cluster_arn;
	const json_t *definition;
	const char *launch_type; /* EC2, FARGATE */
	const char *group;	 /* "service:NAME", "family:NAME" */
	const char *started_by;
	const char *digest;  /* of its images; NULL: as the registry has it */
	int64_t runs_ms;     /* 0: it never runs */
	int64_t ends_ms;     /* 0: it is stopped by others */
	struct task_end end; /* with ends_ms */
};

/* Starts a task. Borrowed from the state; the request is copied. */
json_t *task_start(struct sandbox *sandbox, const struct task_request *request, int64_t at_ms);

/* Stops a task that runs or is about to. */
void task_stop(struct sandbox *sandbox, json_t *task, const struct task_end *end, int64_t at_ms);

/*
 * Lets happen what is due by `at_ms`, to the tasks that `started_by` started or, where it is NULL,
 * to all; and forgets those that stopped an hour before.
 */
void task_advance(struct sandbox *sandbox, const char *started_by, int64_t at_ms);

/* How many tasks that `started_by` started have this lastStatus. */
unsigned task_count(struct sandbox *sandbox, const char *started_by, const char *status);

bool task_has_status(const json_t *task, const char *status);

/* Behind the last '/'. */
const char *task_id(const char *arn);

/* Registers what a resource of type AWS::ECS::TaskDefinition describes; takes it out of use. */
void task_definition_register(struct sandbox *sandbox, const json_t *resource, int64_t at_ms);
void task_definition_deregister(struct sandbox *sandbox, const char *arn, int64_t at_ms);

/* By ARN, "family:revision" or "family" for the newest active one; NULL where there is none. */
json_t *task_definition_find(struct sandbox *sandbox, const char *name);

/* The container that ends the task with it: the first that is essential. Borrowed, never NULL. */
const char *task_definition_main(const json_t *definition);

#endif
