#ifndef STACK_ROLLOUT_CHECK_H
#define STACK_ROLLOUT_CHECK_H

#include "aws/client.h"
#include "aws/ecs.h"
#include "base/report.h"
#include "docker/registry.h"

/* What is checked, and what is known of the image that was deployed. Borrowed. */
struct rollout_check {
	struct aws_client *client;
	struct report *report;
	const char *stack_arn;
	const char *image;  /* "HOST/NAME:TAG" as task definitions name it; "" where unknown */
	const char *digest; /* of it, "" where unknown */
	const struct registry *registry; /* that has it; NULL where unknown */
};

/*
 * Whether ECS runs what CloudFormation says is deployed, for each service of a stack at rest and of
 * those nested in it: the PRIMARY deployment has the task definition that the stack has now, it is
 * complete, and every running task's image is that behind the tag.
 *
 * CloudFormation says UPDATE_COMPLETE also where ECS's circuit breaker has brought the former tasks
 * back (containers-roadmap#1205). ERROR_ROLLED_BACK then; ERROR_STUCK where the tasks crash, or run
 * another image; ERROR_OUTCOME where it cannot be seen, or takes too long. A stack without services
 * passes.
 */
int rollout_check(const struct rollout_check *check, struct error *err);

/* Of the task definitions' ARNs, the one of the same family; NULL where there is none. Pure. */
const char *rollout_check_expected(const struct strv *definitions, const char *definition);

/*
 * Of the task definitions of a stack at rest, the one that the service should start its tasks from
 * and does not, as ECS has brought the former one back; NULL where it does, or has one from
 * elsewhere. Pure.
 */
const char *rollout_check_missed(const struct strv *definitions, const struct ecs_service *service);

/* A service that ECS has rolled back behind CloudFormation's success. */
struct rolled_back_service {
	struct str name; /* the logical id, "Nested/Service"; "" where there is none */
	struct str arn;
	struct str reason; /* "ECS has rolled back: app:2 is deployed, but app:1 runs" */
};

#define ROLLED_BACK_SERVICE_INIT                                                                   \
	{                                                                                          \
		.name = STR_INIT, .arn = STR_INIT, .reason = STR_INIT                              \
	}

void rolled_back_service_release(struct rolled_back_service *service);

/* The first one of a stack at rest and of those nested in it. Looks once; fails as the calls do. */
int rollout_check_find_rolled_back(struct aws_client *client, const char *stack_arn,
				   struct rolled_back_service *ret, struct error *err);

#endif
