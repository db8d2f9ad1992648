#include "aws/ecs.h"

#include "aws/shape.h"
#include "base/cleanup.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define MAX_TASKS_A_CALL 100

#define OPERATION(name_)                                                                           \
	{                                                                                          \
		.service = AWS_ECS, .name = (name_)                                                \
	}

static const struct aws_operation describe_services = OPERATION("DescribeServices");
static const struct aws_operation describe_task_definition = OPERATION("DescribeTaskDefinition");
static const struct aws_operation describe_tasks = OPERATION("DescribeTasks");
static const struct aws_operation list_tasks = OPERATION("ListTasks");

/* Names */

const char *ecs_arn_name(const char *arn)
{
	const char *slash = strrchr(arn, '/');

	return slash ? slash + 1 : arn;
}

void ecs_arn_cluster(const char *arn, struct str *out)
{
	const char *cluster = strchr(arn, '/');
	const char *name = ecs_arn_name(arn);

	if (strncmp(arn, "arn:", 4) == 0 && cluster && cluster + 1 < name)
		str_add(out, cluster + 1, (size_t)(name - cluster - 2));
}

/* Services */

void ecs_service_release(struct ecs_service *service)
{
	str_release(&service->arn);
	str_release(&service->name);
	str_release(&service->cluster_arn);
	str_release(&service->status);
	str_release(&service->task_definition);
	for (size_t i = 0; i < service->deployment_count; i++) {
		free(service->deployments[i].id);
		free(service->deployments[i].status);
		free(service->deployments[i].task_definition);
		free(service->deployments[i].rollout_state);
		free(service->deployments[i].rollout_reason);
	}
	free(service->deployments);
	for (size_t i = 0; i < service->event_count; i++) {
		free(service->events[i].id);
		free(service->events[i].message);
	}
	free(service->events);
	*service = (struct ecs_service)ECS_SERVICE_INIT;
}

const struct ecs_deployment *ecs_service_primary(const struct ecs_service *service)
{
	for (size_t i = 0; i < service->deployment_count; i++) {
		if (strcmp(service->deployments[i].status, "PRIMARY") == 0)
			return &service->deployments[i];
	}
	return NULL;
}

static void read_deployment(const json_t *node, struct ecs_deployment *deployment)
{
	deployment->id = shape_dup(node, "id");
	deployment->status = shape_dup(node, "status");
	deployment->task_definition = shape_dup(node, "taskDefinition");
	deployment->rollout_state = shape_dup(node, "rolloutState");
	deployment->rollout_reason = shape_dup(node, "rolloutStateReason");
	deployment->desired = shape_count(node, "desiredCount");
	deployment->running = shape_count(node, "runningCount");
	deployment->pending = shape_count(node, "pendingCount");
	deployment->failed = shape_count(node, "failedTasks");
	deployment->created_ms = shape_time_ms(node, "createdAt");
	deployment->updated_ms = shape_time_ms(node, "updatedAt");
}

static void read_service(const json_t *node, struct ecs_service *service)
{
	const json_t *item;
	size_t i;

	shape_text(&service->arn, node, "serviceArn");
	shape_text(&service->name, node, "serviceName");
	shape_text(&service->cluster_arn, node, "clusterArn");
	shape_text(&service->status, node, "status");
	shape_text(&service->task_definition, node, "taskDefinition");
	service->desired = shape_count(node, "desiredCount");
	service->running = shape_count(node, "runningCount");
	service->pending = shape_count(node, "pendingCount");
	json_array_foreach(json_object_get(node, "deployments"), i, item)
		read_deployment(item, mem_grow(&service->deployments, &service->deployment_count,
					       sizeof(*service->deployments)));
	json_array_foreach(json_object_get(node, "events"), i, item)
	{
		struct ecs_event *event =
			mem_grow(&service->events, &service->event_count, sizeof(*event));

		event->id = shape_dup(item, "id");
		event->message = shape_dup(item, "message");
		event->time_ms = shape_time_ms(item, "createdAt");
	}
}

static int refuse_missing_service(const char *service, const json_t *answer, struct error *err)
{
	const json_t *failure = json_array_get(json_object_get(answer, "failures"), 0);
	const char *reason = json_text(failure, "reason");

	if (!reason)
		return aws_reply_lacks(&describe_services, "the service", err);
	error_set(err, ERROR_REMOTE, "ECS DescribeServices: service '%s': %s", service, reason);
	if (strcmp(reason, "MISSING") == 0)
		error_set_code(err, "ServiceNotFoundException");
	return -1;
}

int ecs_describe_service(struct aws_client *client, const char *cluster, const char *service,
			 struct ecs_service *ret, struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	json_auto_t *input = json_pack("{s:s*, s:[s]}", "cluster", cluster, "services", service);
	const json_t *node;

	if (!input)
		return shape_unsendable(&describe_services, err);
	if (shape_call(client, &describe_services, input, &reply, err) < 0)
		return -1;
	node = json_array_get(json_object_get(reply.json, "services"), 0);
	if (!json_text(node, "serviceArn"))
		return refuse_missing_service(service, reply.json, err);
	ecs_service_release(ret);
	read_service(node, ret);
	return 0;
}

/* Tasks */

static void take_arns(const json_t *answer, void *ctx)
{
	const json_t *arn;
	size_t i;

	json_array_foreach(json_object_get(answer, "taskArns"), i, arn)
	{
		if (json_is_string(arn))
			strv_add(ctx, json_string_value(arn));
	}
}

int ecs_list_tasks(struct aws_client *client, const struct ecs_task_filter *filter,
		   struct strv *ret_arns, struct error *err)
{
	CLEANUP(strv_release) struct strv arns = STRV_INIT;
	json_auto_t *input =
		json_pack("{s:s*, s:s*, s:s*, s:s*, s:s*}", "cluster", filter->cluster,
			  "serviceName", filter->service, "family", filter->family, "startedBy",
			  filter->started_by, "desiredStatus", filter->desired_status);
	struct shape_pages pages = { &list_tasks, input, "nextToken", take_arns, &arns };

	if (!input)
		return shape_unsendable(&list_tasks, err);
	if (shape_all_pages(client, &pages, err) < 0)
		return -1;
	strv_add_list(ret_arns, &arns);
	return 0;
}

void ecs_tasks_release(struct ecs_tasks *tasks)
{
	for (size_t i = 0; i < tasks->count; i++) {
		struct ecs_task *task = &tasks->items[i];

		for (size_t j = 0; j < task->container_count; j++) {
			free(task->containers[j].name);
			free(task->containers[j].image);
			free(task->containers[j].image_digest);
			free(task->containers[j].status);
			free(task->containers[j].reason);
		}
		free(task->containers);
		free(task->arn);
		free(task->task_definition);
		free(task->group);
		free(task->started_by);
		free(task->status);
		free(task->desired_status);
		free(task->stop_code);
		free(task->stopped_reason);
	}
	free(tasks->items);
	*tasks = (struct ecs_tasks)ECS_TASKS_INIT;
}

static void read_container(const json_t *node, struct ecs_container *container)
{
	const json_t *exit_code = json_object_get(node, "exitCode");

	container->name = shape_dup(node, "name");
	container->image = shape_dup(node, "image");
	container->image_digest = shape_dup(node, "imageDigest");
	container->status = shape_dup(node, "lastStatus");
	container->reason = shape_dup(node, "reason");
	container->has_exit_code = json_is_integer(exit_code);
	container->exit_code = (int)json_integer_value(exit_code);
}

static void read_task(const json_t *node, struct ecs_task *task)
{
	const json_t *item;
	size_t i;

	task->arn = shape_dup(node, "taskArn");
	task->task_definition = shape_dup(node, "taskDefinitionArn");
	task->group = shape_dup(node, "group");
	task->started_by = shape_dup(node, "startedBy");
	task->status = shape_dup(node, "lastStatus");
	task->desired_status = shape_dup(node, "desiredStatus");
	task->stop_code = shape_dup(node, "stopCode");
	task->stopped_reason = shape_dup(node, "stoppedReason");
	task->created_ms = shape_time_ms(node, "createdAt");
	task->started_ms = shape_time_ms(node, "startedAt");
	task->stopped_ms = shape_time_ms(node, "stoppedAt");
	json_array_foreach(json_object_get(node, "containers"), i, item)
		read_container(item, mem_grow(&task->containers, &task->container_count,
					      sizeof(*task->containers)));
}

/* Describes the tasks from `first` on, as many as one call takes. */
static int describe_some(struct aws_client *client, const char *cluster, const struct strv *arns,
			 size_t first, struct ecs_tasks *tasks, struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	json_auto_t *input = json_pack("{s:s*, s:[]}", "cluster", cluster, "tasks");
	json_t *list = json_object_get(input, "tasks");
	const json_t *node;
	size_t i;

	for (i = first; i < arns->count && i < first + MAX_TASKS_A_CALL; i++) {
		if (json_array_append_new(list, json_string(arns->v[i])))
			return shape_unsendable(&describe_tasks, err);
	}
	if (shape_call(client, &describe_tasks, input, &reply, err) < 0)
		return -1;
	json_array_foreach(json_object_get(reply.json, "tasks"), i, node)
		read_task(node, mem_grow(&tasks->items, &tasks->count, sizeof(*tasks->items)));
	return 0;
}

int ecs_describe_tasks(struct aws_client *client, const char *cluster, const struct strv *arns,
		       struct ecs_tasks *ret, struct error *err)
{
	CLEANUP(ecs_tasks_release) struct ecs_tasks found = ECS_TASKS_INIT;

	for (size_t i = 0; i < arns->count; i += MAX_TASKS_A_CALL) {
		if (describe_some(client, cluster, arns, i, &found, err) < 0)
			return -1;
	}
	ecs_tasks_release(ret);
	*ret = found;
	found = (struct ecs_tasks)ECS_TASKS_INIT;
	return 0;
}

/* Task definitions */

void ecs_task_definition_release(struct ecs_task_definition *definition)
{
	str_release(&definition->arn);
	str_release(&definition->family);
	str_release(&definition->task_role_arn);
	str_release(&definition->execution_role_arn);
	for (size_t i = 0; i < definition->container_count; i++) {
		free(definition->containers[i].name);
		free(definition->containers[i].image);
		free(definition->containers[i].log_group);
		free(definition->containers[i].log_region);
		free(definition->containers[i].log_prefix);
	}
	free(definition->containers);
	*definition = (struct ecs_task_definition)ECS_TASK_DEFINITION_INIT;
}

static void read_container_definition(const json_t *node,
				      struct ecs_container_definition *container)
{
	const json_t *log = json_object_get(node, "logConfiguration");
	const char *driver = json_text(log, "logDriver");
	const json_t *options =
		driver && strcmp(driver, "awslogs") == 0 ? json_object_get(log, "options") : NULL;

	container->name = shape_dup(node, "name");
	container->image = shape_dup(node, "image");
	container->log_group = shape_dup(options, "awslogs-group");
	container->log_region = shape_dup(options, "awslogs-region");
	container->log_prefix = shape_dup(options, "awslogs-stream-prefix");
	container->is_essential = !json_is_false(json_object_get(node, "essential"));
}

int ecs_describe_task_definition(struct aws_client *client, const char *id,
				 struct ecs_task_definition *ret, struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	json_auto_t *input = json_pack("{s:s}", "taskDefinition", id);
	const json_t *node, *item;
	size_t i;

	if (!input)
		return shape_unsendable(&describe_task_definition, err);
	if (shape_call(client, &describe_task_definition, input, &reply, err) < 0)
		return -1;
	node = json_object_get(reply.json, "taskDefinition");
	if (!json_text(node, "taskDefinitionArn"))
		return aws_reply_lacks(&describe_task_definition, "the task definition", err);
	ecs_task_definition_release(ret);
	shape_text(&ret->arn, node, "taskDefinitionArn");
	shape_text(&ret->family, node, "family");
	shape_text(&ret->task_role_arn, node, "taskRoleArn");
	shape_text(&ret->execution_role_arn, node, "executionRoleArn");
	json_array_foreach(json_object_get(node, "containerDefinitions"), i, item)
		read_container_definition(item, mem_grow(&ret->containers, &ret->container_count,
							 sizeof(*ret->containers)));
	return 0;
}
