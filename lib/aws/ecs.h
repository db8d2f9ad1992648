#ifndef AWS_ECS_H
#define AWS_ECS_H

#include "aws/client.h"
#include "base/strv.h"

#include <stdint.h>

/*
 * ECS, API version 2014-11-13. Strings are "" and instants (wall-clock milliseconds) 0 where the
 * service sent none. A cluster that does not exist has the code "ClusterNotFoundException".
 */

/*
 * The cluster in the ARN of a service or task, "arn:...:service/CLUSTER/NAME": appended, nothing
 * where the ARN is of the former form without it, or none. And the last part of an ARN: the name of
 * a service, the id of a task, FAMILY:REVISION. Borrowed.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html
 */
void ecs_arn_cluster(const char *arn, struct str *out);
const char *ecs_arn_name(const char *arn);

/* A deployment of a service: PRIMARY the newest, ACTIVE those that it replaces. */
struct ecs_deployment {
	char *id;
	char *status;
	char *task_definition;
	char *rollout_state; /* IN_PROGRESS, COMPLETED, FAILED, "" without a circuit breaker */
	char *rollout_reason;
	unsigned desired;
	unsigned running;
	unsigned pending;
	unsigned failed;
	int64_t created_ms;
	int64_t updated_ms;
};

struct ecs_event {
	char *id;
	char *message;
	int64_t time_ms;
};

struct ecs_service {
	struct str arn;
	struct str name;
	struct str cluster_arn;
	struct str status; /* ACTIVE, DRAINING, INACTIVE */
	struct str task_definition;
	unsigned desired;
	unsigned running;
	unsigned pending;
	size_t deployment_count;
	struct ecs_deployment *deployments;
	size_t event_count;
	struct ecs_event *events; /* newest first, as the service has them */
};

#define ECS_SERVICE_INIT                                                                           \
	{                                                                                          \
		.arn = STR_INIT, .name = STR_INIT, .cluster_arn = STR_INIT, .status = STR_INIT,    \
		.task_definition = STR_INIT                                                        \
	}

void ecs_service_release(struct ecs_service *service);

/* The PRIMARY deployment, borrowed; NULL where it is not ECS that deploys the service. */
const struct ecs_deployment *ecs_service_primary(const struct ecs_service *service);

/*
 * A service by name or ARN. DescribeServices answers with success for one that does not exist and
 * names it among its failures: that is an error here, with the code "ServiceNotFoundException".
 */
int ecs_describe_service(struct aws_client *client, const char *cluster, const char *service,
			 struct ecs_service *ret, struct error *err);

/* Which tasks are wanted. Borrowed; NULL where it does not matter. */
struct ecs_task_filter {
	const char *cluster;
	const char *service;
	const char *family;
	const char *started_by;
	const char *desired_status; /* RUNNING (the service's default), STOPPED */
};

/* Adds the ARNs of the tasks, every page. */
int ecs_list_tasks(struct aws_client *client, const struct ecs_task_filter *filter,
		   struct strv *ret_arns, struct error *err);

struct ecs_container {
	char *name;
	char *image;
	char *image_digest;
	char *status;
	char *reason;
	bool has_exit_code;
	int exit_code;
};

struct ecs_task {
	char *arn;
	char *task_definition;
	char *group; /* "service:NAME", "family:NAME" */
	char *started_by;
	char *status;
	char *desired_status;
	char *stop_code;
	char *stopped_reason;
	int64_t created_ms;
	int64_t started_ms; /* when it reached RUNNING */
	int64_t stopped_ms;
	size_t container_count;
	struct ecs_container *containers;
};

struct ecs_tasks {
	size_t count;
	struct ecs_task *items;
};

#define ECS_TASKS_INIT                                                                             \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

void ecs_tasks_release(struct ecs_tasks *tasks);

/* Tasks by ARN, as many as there are; those that are gone are left out. */
int ecs_describe_tasks(struct aws_client *client, const char *cluster, const struct strv *arns,
		       struct ecs_tasks *ret, struct error *err);

/* A container as a task definition has it; the log_* are of its awslogs driver. */
struct ecs_container_definition {
	char *name;
	char *image;
	char *log_group;
	char *log_region;
	char *log_prefix; /* its stream is PREFIX/NAME/TASK-ID */
	bool is_essential;
};

struct ecs_task_definition {
	struct str arn;
	struct str family;
	struct str task_role_arn;
	struct str execution_role_arn;
	size_t container_count;
	struct ecs_container_definition *containers;
};

#define ECS_TASK_DEFINITION_INIT                                                                   \
	{                                                                                          \
		.arn = STR_INIT, .family = STR_INIT, .task_role_arn = STR_INIT,                    \
		.execution_role_arn = STR_INIT                                                     \
	}

void ecs_task_definition_release(struct ecs_task_definition *definition);

/* By ARN, "family:revision", or "family" for the newest. */
int ecs_describe_task_definition(struct aws_client *client, const char *id,
				 struct ecs_task_definition *ret, struct error *err);

#endif
