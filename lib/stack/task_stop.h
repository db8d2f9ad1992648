#ifndef STACK_TASK_STOP_H
#define STACK_TASK_STOP_H

#include "aws/ecs.h"

/*
 * What it means that a task of a service has stopped. Pure.
 *
 * Source: ECS developer guide, "Stopped tasks error codes" and "Viewing stopped task errors"; tasks
 * of before there were stop codes are told by their reason.
 */
enum task_stop {
	TASK_STOP_EXPECTED,  /* scaling, a person, an instance that goes: nobody's fault */
	TASK_STOP_START,     /* it never ran: image, secrets, network, resources */
	TASK_STOP_EXIT,	     /* an essential container ended, with a status that is not 0 */
	TASK_STOP_UNHEALTHY, /* its health checks failed */
	TASK_STOP_KINDS,
};

enum task_stop task_stop_kind(const struct ecs_task *task);

/* "Essential container in task exited; container 'app' exited with status 1: OutOfMemoryError". */
void task_stop_describe(const struct ecs_task *task, struct str *out);

#endif
