/* Stopped tasks: how they ended, and what their containers said last. */
#include "base/cleanup.h"
#include "base/mem.h"
#include "stack/ecs.h"
#include "stack/evidence_source.h"
#include "stack/task_stop.h"

#include <string.h>

/* How many lines of a container's log are asked for, of its tasks and of its service's events
 * shown.
 */
#define LOG_LINES  50
#define MAX_TASKS  3
#define MAX_EVENTS 2

static const struct ecs_container_definition *find_definition(
	const struct ecs_task_definition *definition, const char *name)
{
	for (size_t i = 0; i < definition->container_count; i++) {
		if (strcmp(definition->containers[i].name, name) == 0)
			return &definition->containers[i];
	}
	return NULL;
}

static bool is_elsewhere(struct aws_client *client, const char *region)
{
	const char *here = aws_client_region(client);

	return *region && here && strcmp(region, here) != 0;
}

/* Stream "PREFIX/CONTAINER/TASK-ID" of the awslogs driver's group (ECS developer guide, "awslogs").
 */
static void add_container_log(struct evidence *evidence, struct aws_client *client,
			      const struct ecs_container_definition *container,
			      const char *task_arn)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(logs_events_release) struct logs_events events = LOGS_EVENTS_INIT;
	CLEANUP_FREE char *stream = mem_printf("%s/%s/%s", container->log_prefix, container->name,
					       ecs_arn_name(task_arn));

	if (!*container->log_group || !*container->log_prefix) {
		evidence_add_fact(evidence, "container '%s' has no log in CloudWatch",
				  container->name);
		return;
	}
	if (is_elsewhere(client, container->log_region)) {
		evidence_add_fact(evidence, "the log of container '%s' is in region %s: group %s",
				  container->name, container->log_region, container->log_group);
		return;
	}
	if (logs_tail(client, container->log_group, stream, LOG_LINES, &events, &err) == 0) {
		evidence_add_log(evidence, container->name, container->log_group, stream, &events);
		if (!events.count)
			evidence_add_fact(evidence, "container '%s' logged nothing",
					  container->name);
	} else if (error_has_code(&err, "ResourceNotFoundException")) {
		evidence_add_fact(evidence, "container '%s' logged nothing", container->name);
	} else {
		evidence_add_gap(evidence, "the container's log", &err);
	}
}

/* Of the containers that failed; of all where none has. */
static void add_logs(struct evidence *evidence, struct aws_client *client,
		     const struct ecs_task *task)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(ecs_task_definition_release)
	struct ecs_task_definition definition = ECS_TASK_DEFINITION_INIT;
	bool any_failed = false;

	if (ecs_describe_task_definition(client, task->task_definition, &definition, &err) < 0) {
		evidence_add_gap(evidence, "the task definition", &err);
		return;
	}
	for (size_t i = 0; i < task->container_count; i++)
		any_failed = any_failed || task->containers[i].exit_code != 0;
	for (size_t i = 0; i < task->container_count; i++) {
		const struct ecs_container_definition *found =
			find_definition(&definition, task->containers[i].name);

		if (found && (!any_failed || task->containers[i].exit_code != 0))
			add_container_log(evidence, client, found, task->arn);
	}
}

/* Only what is plain in a shell is put into a command. */
static bool is_plain(const char *text)
{
	return *text && text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "0123456789-_:/.")] == '\0';
}

static void point_to_task(struct evidence *evidence, const char *cluster, const char *task_arn)
{
	if (!evidence->next.len && is_plain(cluster) && is_plain(task_arn))
		str_addf(&evidence->next, "aws ecs describe-tasks --cluster %s --tasks %s", cluster,
			 task_arn);
}

static void add_task_fact(struct evidence *evidence, const struct ecs_task *task)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	task_stop_describe(task, &text);
	evidence_add_fact(evidence, "task %s: %s", ecs_arn_name(task->arn), text.buf);
}

void evidence_add_task(struct evidence *evidence, struct aws_client *client, const char *cluster,
		       const struct ecs_task *task)
{
	add_task_fact(evidence, task);
	if (task_stop_kind(task) != TASK_STOP_START)
		add_logs(evidence, client, task);
	point_to_task(evidence, cluster, task->arn);
}

static bool is_failed(const struct scene *scene, const struct ecs_task *task)
{
	return task_stop_kind(task) != TASK_STOP_EXPECTED && strcmp(task->status, "STOPPED") == 0 &&
	       task->stopped_ms >= scene->since_ms;
}

/* The newest failed task that stopped before `before_ms`; NULL after the last. */
static const struct ecs_task *next_failed(const struct scene *scene, const struct ecs_tasks *tasks,
					  int64_t before_ms)
{
	const struct ecs_task *newest = NULL;

	for (size_t i = 0; i < tasks->count; i++) {
		const struct ecs_task *task = &tasks->items[i];

		if (is_failed(scene, task) && task->stopped_ms < before_ms &&
		    (!newest || task->stopped_ms > newest->stopped_ms))
			newest = task;
	}
	return newest;
}

static void add_tasks(const struct scene *scene, const char *cluster, const struct ecs_tasks *tasks,
		      struct evidence *ret)
{
	CLEANUP(str_release) struct str summary = STR_INIT;
	const struct ecs_task *newest = next_failed(scene, tasks, INT64_MAX);
	const struct ecs_task *task = newest;
	size_t count = 0;

	if (!newest) {
		evidence_add_fact(ret,
				  "no task that failed is listed: ECS forgets them in an hour");
		return;
	}
	for (size_t i = 0; i < tasks->count; i++)
		count += is_failed(scene, &tasks->items[i]);
	if (count > 1)
		str_addf(&summary, "%zu tasks failed, the last: ", count);
	task_stop_describe(newest, &summary);
	evidence_summarize(ret, summary.buf);
	evidence_add_task(ret, scene->client, cluster, newest);
	for (unsigned i = 1; i < MAX_TASKS && task; i++) {
		task = next_failed(scene, tasks, task->stopped_ms);
		if (task)
			add_task_fact(ret, task);
	}
}

/* What the service says of its failures (copilot, stream/ecs.go). */
static bool tells_of_failure(const char *message)
{
	static const char *const words[] = { "fail",   "unhealthy", "error", "throttl",
					     "unable", "missing",   "alarm", "rolling back" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasestr(message, words[i]))
			return true;
	}
	return false;
}

static void add_events(const struct scene *scene, const char *cluster, struct evidence *ret)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(ecs_service_release) struct ecs_service service = ECS_SERVICE_INIT;
	unsigned shown = 0;

	if (ecs_describe_service(scene->client, cluster, scene->failure->physical_id, &service,
				 &err) < 0) {
		evidence_add_gap(ret, "the service", &err);
		return;
	}
	for (size_t i = 0; i < service.event_count && shown < MAX_EVENTS; i++) {
		const struct ecs_event *event = &service.events[i];

		if (event->time_ms < scene->since_ms || !tells_of_failure(event->message))
			continue;
		shown++;
		evidence_add_fact(ret, "service: %s", event->message);
		if (!ret->summary.len)
			evidence_summarize(ret, event->message);
	}
}

void evidence_read_service(const struct scene *scene, struct evidence *ret)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str cluster = STR_INIT;
	CLEANUP(strv_release) struct strv arns = STRV_INIT;
	CLEANUP(ecs_tasks_release) struct ecs_tasks tasks = ECS_TASKS_INIT;
	const char *service = scene->failure->physical_id;
	struct ecs_task_filter filter = { .service = ecs_arn_name(service),
					  .desired_status = "STOPPED" };

	if (stack_ecs_cluster(scene->client, scene->failure->stack_id, service, &cluster, &err) < 0)
		evidence_add_gap(ret, "the stack's resources", &err);
	filter.cluster = cluster.len ? cluster.buf : NULL;
	if (ecs_list_tasks(scene->client, &filter, &arns, &err) < 0 ||
	    (arns.count &&
	     ecs_describe_tasks(scene->client, filter.cluster, &arns, &tasks, &err) < 0))
		evidence_add_gap(ret, "the service's tasks", &err);
	else
		add_tasks(scene, cluster.buf, &tasks, ret);
	add_events(scene, filter.cluster, ret);
}
