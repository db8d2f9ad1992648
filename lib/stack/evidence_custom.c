/*
 * Custom resources: the function that answers CloudFormation says little, its log more, and the ECS
 * task that it may have started most.
 */
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "data/json.h"
#include "data/yaml.h"
#include "stack/check_rule.h"
#include "stack/ecs.h"
#include "stack/evidence_source.h"
#include "stack/log_line.h"
#include "stack/task_stop.h"

#include <string.h>

#define LOG_LINES 200

/* Of a function's Timeout (Lambda's developer guide, "Configure timeout"). */
#define LAMBDA_DEFAULT_S 3
#define LAMBDA_MAX_S	 900

/* Where the stream is not known: how far around the failure the group is searched. */
#define SEARCH_BEFORE_MS (20 * 60 * 1000)
#define SEARCH_AFTER_MS	 (60 * 1000)

/* What is logged after the failure belongs to the rollback's call of the function. */
#define AFTERMATH_MS 5000

/* "MigrateTask" of "Nested/MigrateTask". */
static const char *logical_id(const struct failure *failure)
{
	const char *slash = strrchr(failure->name, '/');

	return slash ? slash + 1 : failure->name;
}

static int find_physical_id(const struct scene *scene, const char *name, struct str *out,
			    struct error *err)
{
	CLEANUP(cfn_resources_release) struct cfn_resources list = CFN_RESOURCES_INIT;

	if (cfn_list_resources(scene->client, scene->failure->stack_id, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		if (strcmp(list.items[i].logical_id, name) == 0)
			str_adds(out, list.items[i].physical_id);
	}
	return 0;
}

/* "arn:aws:lambda:REGION:ACCOUNT:function:NAME[:VERSION]" and a bare name: the name. */
static void add_function_name(const char *id, struct str *out)
{
	const char *mark = strstr(id, ":function:");

	if (mark)
		str_add(out, mark + 10, strcspn(mark + 10, ":"));
	else if (strncmp(id, "arn:", 4) != 0)
		str_adds(out, id);
}

/* The function behind a custom resource, as the deployed template tells. */
struct function {
	struct str name;    /* "" where it is none of this stack's and no ARN */
	unsigned timeout_s; /* the longest that Lambda allows where that is not written there */
};

static void function_release(struct function *function)
{
	str_release(&function->name);
}

/* "Timeout" of the resource with that name: a number, also as text; 3 s where it has none. */
static void take_timeout(const json_t *resources, const char *name, struct function *ret)
{
	const json_t *resource = json_object_get(resources, name);
	const json_t *properties = json_object_get(resource, "Properties");
	const char *type = json_text(resource, "Type");
	const json_t *timeout = json_object_get(properties, "Timeout");
	uint64_t seconds = 0;

	if (!type || strcmp(type, "AWS::Lambda::Function") != 0)
		return;
	if (properties && !timeout)
		ret->timeout_s = LAMBDA_DEFAULT_S;
	else if (json_is_integer(timeout) && json_integer_value(timeout) < LAMBDA_MAX_S)
		ret->timeout_s = (unsigned)json_integer_value(timeout);
	else if (json_is_string(timeout) &&
		 slice_to_u64(slice_of(json_string_value(timeout)), LAMBDA_MAX_S, &seconds))
		ret->timeout_s = (unsigned)seconds;
}

static int take_function(const struct scene *scene, const json_t *resources, struct function *ret,
			 struct error *err)
{
	const json_t *resource = json_object_get(resources, logical_id(scene->failure));
	const json_t *token =
		json_object_get(json_object_get(resource, "Properties"), "ServiceToken");
	CLEANUP(str_release) struct str name = STR_INIT;
	CLEANUP(str_release) struct str id = STR_INIT;

	if (json_is_string(token)) {
		add_function_name(json_string_value(token), &ret->name);
		return 0;
	}
	if (!token || !check_referred(token, &name))
		return 0;
	take_timeout(resources, name.buf, ret);
	if (find_physical_id(scene, name.buf, &id, err) < 0)
		return -1;
	add_function_name(id.buf, &ret->name);
	return 0;
}

static int find_function(const struct scene *scene, struct function *ret, struct error *err)
{
	CLEANUP(str_release) struct str body = STR_INIT;
	json_auto_t *template = NULL;

	*ret = (struct function){ .name = STR_INIT, .timeout_s = LAMBDA_MAX_S };
	if (cfn_get_template(scene->client, scene->failure->stack_id, &body, err) < 0)
		return -1;
	template = yaml_read(body.buf, body.len, YAML_CLOUDFORMATION, err);
	if (!template)
		return -1;
	return take_function(scene, json_object_get(template, "Resources"), ret, err);
}

unsigned evidence_function_timeout_s(struct aws_client *client, const struct failure *failure)
{
	const struct scene scene = { client, failure, 0 };
	CLEANUP(function_release) struct function function = { .name = STR_INIT };
	CLEANUP(error_release) struct error unknown = ERROR_INIT;

	(void)find_function(&scene, &function, &unknown);
	return function.timeout_s;
}

static int read_log(const struct scene *scene, const char *group, struct str *stream,
		    struct logs_events *ret, struct error *err)
{
	struct logs_filter filter = {
		.group = group,
		.start_ms = scene->failure->time_ms - SEARCH_BEFORE_MS,
		.end_ms = scene->failure->time_ms + SEARCH_AFTER_MS,
	};

	if (log_line_find_stream(scene->failure->reason, stream))
		return logs_tail(scene->client, group, stream->buf, LOG_LINES, ret, err);
	if (!scene->failure->time_ms)
		filter.start_ms = filter.end_ms = 0;
	if (logs_find(scene->client, &filter, ret, err) < 0)
		return -1;
	if (ret->count)
		str_adds(stream, ret->items[ret->count - 1].stream);
	return 0;
}

/* A view of the events of the call that failed: the last one that began before the failure. */
static struct logs_events last_call(const struct scene *scene, const struct logs_events *all)
{
	int64_t end_ms =
		scene->failure->time_ms ? scene->failure->time_ms + AFTERMATH_MS : INT64_MAX;
	size_t end = all->count, begin = 0;

	while (end && all->items[end - 1].time_ms > end_ms)
		end--;
	for (size_t i = 0; i < end; i++) {
		if (log_line_is_start(all->items[i].message))
			begin = i;
	}
	return (struct logs_events){ .count = end - begin, .items = all->items + begin };
}

static void read_task(const struct scene *scene, const char *arn, struct evidence *ret)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str cluster = STR_INIT;
	CLEANUP(str_release) struct str summary = STR_INIT;
	CLEANUP(strv_release) struct strv arns = STRV_INIT;
	CLEANUP(ecs_tasks_release) struct ecs_tasks tasks = ECS_TASKS_INIT;

	strv_add(&arns, arn);
	if (stack_ecs_cluster(scene->client, scene->failure->stack_id, arn, &cluster, &err) < 0 ||
	    ecs_describe_tasks(scene->client, cluster.len ? cluster.buf : NULL, &arns, &tasks,
			       &err) < 0) {
		evidence_add_gap(ret, "the task that it started", &err);
		return;
	}
	if (!tasks.count) {
		evidence_add_fact(ret, "task %s is gone: ECS forgets them in an hour",
				  ecs_arn_name(arn));
		return;
	}
	task_stop_describe(&tasks.items[0], &summary);
	evidence_summarize(ret, summary.buf);
	evidence_add_task(ret, scene->client, cluster.buf, &tasks.items[0]);
}

/* The function's own lines, and the task that they speak of. */
static void take_log(const struct scene *scene, const char *function, const char *group,
		     struct evidence *ret)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str stream = STR_INIT;
	CLEANUP(str_release) struct str task = STR_INIT;
	CLEANUP(logs_events_release) struct logs_events events = LOGS_EVENTS_INIT;
	struct logs_events call;

	if (read_log(scene, group, &stream, &events, &err) < 0) {
		evidence_add_gap(ret, "the function's log", &err);
		return;
	}
	call = last_call(scene, &events);
	for (size_t i = call.count; i-- > 0 && !task.len;)
		(void)log_line_find_task(call.items[i].message, &task);
	if (task.len)
		read_task(scene, task.buf, ret);
	evidence_add_log(ret, function, group, stream.buf, &call);
	if (!ret->summary.len && ret->log_count) {
		const struct strv *lines = &ret->logs[ret->log_count - 1].lines;

		evidence_summarize(ret, lines->v[lines->count - 1]);
	}
}

void evidence_read_custom(const struct scene *scene, struct evidence *ret)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(function_release) struct function function = { .name = STR_INIT };
	CLEANUP(str_release) struct str group = STR_INIT;

	if (find_function(scene, &function, &err) < 0) {
		evidence_add_gap(ret, "which function is behind it", &err);
		return;
	}
	if (!function.name.len) {
		evidence_add_fact(ret, "no function of this stack is behind it");
		return;
	}
	evidence_add_fact(ret, "behind it is function %s", function.name.buf);
	str_addf(&group, "/aws/lambda/%s", function.name.buf);
	take_log(scene, function.name.buf, group.buf, ret);
}
