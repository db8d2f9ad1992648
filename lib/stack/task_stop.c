#include "stack/task_stop.h"

#include <string.h>

static bool has_failed_container(const struct ecs_task *task)
{
	for (size_t i = 0; i < task->container_count; i++) {
		if (task->containers[i].has_exit_code && task->containers[i].exit_code != 0)
			return true;
	}
	return false;
}

/* The texts with which a task says why: the first that is found counts. */
static enum task_stop kind_of_reason(const char *reason)
{
	static const struct {
		const char *text;
		enum task_stop kind;
	} rows[] = {
		{ "Scaling activity initiated by", TASK_STOP_EXPECTED },
		{ "health check", TASK_STOP_UNHEALTHY },
		{ "CannotPull", TASK_STOP_START },
		{ "ResourceInitializationError", TASK_STOP_START },
		{ "Task failed to start", TASK_STOP_START },
		{ "OutOfMemory", TASK_STOP_EXIT },
		{ "Essential container", TASK_STOP_EXIT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcasestr(reason, rows[i].text))
			return rows[i].kind;
	}
	return TASK_STOP_EXPECTED;
}

static enum task_stop kind_of(const struct ecs_task *task)
{
	if (strcmp(task->stop_code, "TaskFailedToStart") == 0)
		return TASK_STOP_START;
	if (strcmp(task->stop_code, "EssentialContainerExited") == 0)
		return TASK_STOP_EXIT;
	if (*task->stop_code && strcmp(task->stop_code, "ServiceSchedulerInitiated") != 0)
		return TASK_STOP_EXPECTED;
	return kind_of_reason(task->stopped_reason);
}

enum task_stop task_stop_kind(const struct ecs_task *task)
{
	enum task_stop kind = kind_of(task);

	return kind == TASK_STOP_EXIT && !has_failed_container(task) ? TASK_STOP_EXPECTED : kind;
}

static void add_reason(const struct ecs_task *task, struct str *out)
{
	if (*task->stopped_reason)
		str_adds(out, task->stopped_reason);
	else if (*task->stop_code)
		str_adds(out, task->stop_code);
	else if (*task->status && strcmp(task->status, "STOPPED") != 0)
		str_addf(out, "still in %s", task->status);
	else
		str_adds(out, "no reason given");
}

void task_stop_describe(const struct ecs_task *task, struct str *out)
{
	add_reason(task, out);
	for (size_t i = 0; i < task->container_count; i++) {
		const struct ecs_container *container = &task->containers[i];
		bool has_failed = container->has_exit_code && container->exit_code != 0;

		if (!has_failed && !*container->reason)
			continue;
		str_addf(out, "; container '%s'", container->name);
		if (has_failed)
			str_addf(out, " exited with status %d", container->exit_code);
		if (*container->reason)
			str_addf(out, ": %s", container->reason);
	}
}
