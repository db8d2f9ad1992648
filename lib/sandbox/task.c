#include "sandbox/task.h"

#include "base/cleanup.h"
#include "base/slice.h"
#include "data/json.h"
#include "sandbox/document.h"
#include "sandbox/ecr.h"
#include "sandbox/log_store.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_AFTER_STOP_S 3600
#define HEX_DIGITS	  "0123456789abcdef"

const char *task_id(const char *arn)
{
	const char *slash = strrchr(arn, '/');

	return slash ? slash + 1 : arn;
}

bool task_has_status(const json_t *task, const char *status)
{
	return strcmp(json_text(task, "lastStatus"), status) == 0;
}

/* ---- starting ---- */

static json_t *make_container(struct sandbox *sandbox, const char *task_arn,
			      const json_t *definition, const char *digest)
{
	CLEANUP(str_release) struct str arn = STR_INIT;
	CLEANUP(str_release) struct str found = STR_INIT;
	const char *image = json_text(definition, "image");

	str_addf(&arn, "arn:aws:ecs:%s:%s:container/%s/", sandbox_region(sandbox),
		 sandbox_account(sandbox), strstr(task_arn, ":task/") + strlen(":task/"));
	sandbox_random_uuid(&arn);
	if (!digest && image)
		ecr_image_digest(sandbox, image, &found);
	return json_pack("{s:s, s:s, s:s*, s:s*, s:s, s:s, s:s, s:[]}", "containerArn", arn.buf,
			 "taskArn", task_arn, "name", json_text(definition, "name"), "image", image,
			 "imageDigest", digest ? digest : found.buf, "lastStatus", "PENDING",
			 "healthStatus", "UNKNOWN", "networkInterfaces");
}

static json_t *make_containers(struct sandbox *sandbox, const char *task_arn,
			       const struct task_request *request)
{
	json_t *list = json_array(), *definition;
	size_t i;

	json_array_foreach(json_object_get(request->definition, "containerDefinitions"), i,
			   definition)(void)
		json_array_append_new(
			list, make_container(sandbox, task_arn, definition, request->digest));
	return list;
}

/* An EC2 task lies on an instance, one of Fargate has a platform. */
static void place(struct sandbox *sandbox, json_t *task, const struct task_request *request)
{
	CLEANUP(str_release) struct str arn = STR_INIT;

	if (strcmp(request->launch_type, "FARGATE") == 0) {
		document_set_text(task, "platformVersion", "1.4.0");
		document_set_text(task, "platformFamily", "Linux");
		return;
	}
	str_addf(&arn, "arn:aws:ecs:%s:%s:container-instance/%s/", sandbox_region(sandbox),
		 sandbox_account(sandbox), task_id(request->cluster_arn));
	sandbox_random(&arn, 32, HEX_DIGITS);
	document_set_text(task, "containerInstanceArn", arn.buf);
}

static json_t *pack_end(const struct task_end *end)
{
	json_t *packed = json_pack("{s:s*, s:s*, s:s*, s:s*}", "StopCode", end->stop_code, "Reason",
				   end->reason, "Container", end->container, "ContainerReason",
				   end->container_reason);

	if (end->exit_code)
		(void)json_object_set(packed, "ExitCode", document_loosen(end->exit_code));
	if (end->log)
		(void)json_object_set(packed, "Log", document_loosen(end->log));
	return packed;
}

json_t *task_start(struct sandbox *sandbox, const struct task_request *request, int64_t at_ms)
{
	CLEANUP(str_release) struct str arn = STR_INIT;
	json_t *task;

	str_addf(&arn, "arn:aws:ecs:%s:%s:task/%s/", sandbox_region(sandbox),
		 sandbox_account(sandbox), task_id(request->cluster_arn));
	sandbox_random(&arn, 32, HEX_DIGITS);
	task = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:I}", "taskArn",
			 arn.buf, "clusterArn", request->cluster_arn, "taskDefinitionArn",
			 json_text(request->definition, "taskDefinitionArn"), "group",
			 request->group, "startedBy", request->started_by, "launchType",
			 request->launch_type, "lastStatus", "PENDING", "desiredStatus", "RUNNING",
			 "healthStatus", "UNKNOWN", "containers",
			 make_containers(sandbox, arn.buf, request), "version", (json_int_t)1);
	place(sandbox, task, request);
	document_set_time(task, "createdAt", at_ms);
	document_set_time(task, "pullStartedAt", at_ms);
	if (request->runs_ms)
		document_set_time(task, "RunsAt", request->runs_ms);
	if (request->ends_ms) {
		document_set_time(task, "EndsAt", request->ends_ms);
		(void)json_object_set_new(task, "End", pack_end(&request->end));
	}
	(void)json_array_append_new(sandbox_list(sandbox, "Tasks"), task);
	sandbox->is_changed = true;
	return task;
}

/* ---- logs ---- */

static const json_t *find_container(const json_t *definition, const char *name)
{
	const json_t *container;
	size_t i;

	json_array_foreach(json_object_get(definition, "containerDefinitions"), i, container)
	{
		if (strcmp(json_text(container, "name"), name) == 0)
			return container;
	}
	return NULL;
}

/* The awslogs driver's stream is PREFIX/CONTAINER/TASK (Amazon ECS developer guide). */
static void write_log(struct sandbox *sandbox, const json_t *task, const char *container,
		      const json_t *lines, int64_t at_ms)
{
	const json_t *definition =
		task_definition_find(sandbox, json_text(task, "taskDefinitionArn"));
	const json_t *log =
		json_object_get(find_container(definition, container), "logConfiguration");
	const json_t *options = json_object_get(log, "options"), *line;
	const char *driver = json_text(log, "logDriver");
	const char *group = json_text(options, "awslogs-group");
	const char *prefix = json_text(options, "awslogs-stream-prefix");
	CLEANUP(str_release) struct str stream = STR_INIT;
	size_t i;

	if (!driver || strcmp(driver, "awslogs") != 0 || !group || !prefix)
		return;
	if (json_text(options, "awslogs-create-group"))
		log_store_make_group(sandbox, group);
	str_addf(&stream, "%s/%s/%s", prefix, container, task_id(json_text(task, "taskArn")));
	json_array_foreach(lines, i, line)
		log_store_add(sandbox, group, stream.buf, json_string_value(line), at_ms);
}

/* ---- running and stopping ---- */

static void set_containers(json_t *task, const char *status)
{
	json_t *container;
	size_t i;

	json_array_foreach(json_object_get(task, "containers"), i, container)
		document_set_text(container, "lastStatus", status);
}

static void run(struct sandbox *sandbox, json_t *task, int64_t at_ms)
{
	const json_t *end = json_object_get(task, "End");

	document_set_text(task, "lastStatus", "RUNNING");
	document_set_time(task, "pullStoppedAt", at_ms);
	document_set_time(task, "startedAt", at_ms);
	(void)json_object_del(task, "RunsAt");
	set_containers(task, "RUNNING");
	if (json_object_get(end, "Log"))
		write_log(sandbox, task, json_text(end, "Container"), json_object_get(end, "Log"),
			  at_ms);
	sandbox->is_changed = true;
}

/* Those that the task takes down with it end by SIGTERM; what never ran has no exit code. */
static void stop_container(json_t *container, const struct task_end *end, bool has_run)
{
	bool is_named = end->container && strcmp(json_text(container, "name"), end->container) == 0;

	document_set_text(container, "lastStatus", "STOPPED");
	if (is_named)
		document_set_text(container, "reason", end->container_reason);
	if (is_named && end->exit_code)
		(void)json_object_set(container, "exitCode", document_loosen(end->exit_code));
	else if (has_run)
		(void)json_object_set_new(container, "exitCode", json_integer(143));
}

void task_stop(struct sandbox *sandbox, json_t *task, const struct task_end *end, int64_t at_ms)
{
	bool has_run = task_has_status(task, "RUNNING");
	json_t *container;
	size_t i;

	if (task_has_status(task, "STOPPED"))
		return;
	json_array_foreach(json_object_get(task, "containers"), i, container)
		stop_container(container, end, has_run);
	document_set_text(task, "lastStatus", "STOPPED");
	document_set_text(task, "desiredStatus", "STOPPED");
	document_set_text(task, "stopCode", end->stop_code);
	document_set_text(task, "stoppedReason", end->reason);
	document_set_time(task, "stoppingAt", at_ms);
	if (has_run)
		document_set_time(task, "executionStoppedAt", at_ms);
	document_set_time(task, "stoppedAt", at_ms);
	(void)json_object_del(task, "RunsAt");
	(void)json_object_del(task, "EndsAt");
	(void)json_object_del(task, "End");
	sandbox->is_changed = true;
}

static void end_by_itself(struct sandbox *sandbox, json_t *task, int64_t at_ms)
{
	json_auto_t *packed = json_incref(json_object_get(task, "End"));
	const struct task_end end = {
		.stop_code = json_text(packed, "StopCode"),
		.reason = json_text(packed, "Reason"),
		.container = json_text(packed, "Container"),
		.container_reason = json_text(packed, "ContainerReason"),
		.exit_code = json_object_get(packed, "ExitCode"),
	};

	task_stop(sandbox, task, &end, at_ms);
}

static void advance(struct sandbox *sandbox, json_t *task, int64_t at_ms)
{
	int64_t runs_ms = document_time(task, "RunsAt"), ends_ms;

	if (runs_ms && runs_ms <= at_ms)
		run(sandbox, task, runs_ms);
	ends_ms = document_time(task, "EndsAt");
	if (ends_ms && ends_ms <= at_ms)
		end_by_itself(sandbox, task, ends_ms);
}

void task_advance(struct sandbox *sandbox, const char *started_by, int64_t at_ms)
{
	json_t *tasks = sandbox_list(sandbox, "Tasks");
	int64_t kept_ms = sandbox_duration_ms(sandbox, KEPT_AFTER_STOP_S);

	for (size_t i = json_array_size(tasks); i-- > 0;) {
		json_t *task = json_array_get(tasks, i);

		if (started_by && strcmp(json_text(task, "startedBy"), started_by) != 0)
			continue;
		advance(sandbox, task, at_ms);
		if (task_has_status(task, "STOPPED") &&
		    document_time(task, "stoppedAt") + kept_ms < at_ms) {
			(void)json_array_remove(tasks, i);
			sandbox->is_changed = true;
		}
	}
}

unsigned task_count(struct sandbox *sandbox, const char *started_by, const char *status)
{
	unsigned count = 0;
	const json_t *task;
	size_t i;

	json_array_foreach(sandbox_list(sandbox, "Tasks"), i, task)
	{
		if (strcmp(json_text(task, "startedBy"), started_by) == 0 &&
		    task_has_status(task, status))
			count++;
	}
	return count;
}

/* ---- task definitions ---- */

/* Text as the number or boolean that it stands for: templates may have either. */
static json_t *typed_value(const char *key, json_t *value)
{
	static const char *const numbers[] = { "containerPort", "hostPort", "memory",
					       "memoryReservation", "cpu" };
	static const char *const booleans[] = { "essential", "readOnly", "privileged" };
	const char *text = json_string_value(value);
	uint64_t number;

	for (size_t i = 0; text && i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (strcmp(key, numbers[i]) == 0 &&
		    slice_to_u64(slice_of(text), INT32_MAX, &number))
			return json_integer((json_int_t)number);
	}
	for (size_t i = 0; text && i < sizeof(booleans) / sizeof(booleans[0]); i++) {
		if (strcmp(key, booleans[i]) == 0)
			return json_boolean(strcasecmp(text, "true") == 0);
	}
	return json_incref(value);
}

static json_t *as_api_value(const char *key, json_t *value);

/* CloudFormation's members begin with a capital, those of ECS do not; options are the user's own.
 */
static json_t *as_api_object(const json_t *from)
{
	json_t *result = json_object(), *value;
	const char *name;

	json_object_foreach(document_loosen(from), name, value)
	{
		CLEANUP(str_release) struct str key = STR_INIT;
		bool is_free = strcmp(name, "Options") == 0 || strcmp(name, "DockerLabels") == 0;

		str_adds(&key, name);
		if (key.len && key.buf[0] >= 'A' && key.buf[0] <= 'Z')
			key.buf[0] = (char)(key.buf[0] - 'A' + 'a');
		(void)json_object_set_new(result, key.buf,
					  is_free ? json_incref(value)
						  : as_api_value(key.buf, value));
	}
	return result;
}

static json_t *as_api_value(const char *key, json_t *value)
{
	json_t *list, *item;
	size_t i;

	if (json_is_object(value))
		return as_api_object(value);
	if (!json_is_array(value))
		return typed_value(key, value);
	list = json_array();
	json_array_foreach(value, i, item)(void)
		json_array_append_new(list, as_api_value(key, item));
	return list;
}

/* "essential" is true where the template is silent. */
static void complete_containers(json_t *definition)
{
	json_t *container;
	size_t i;

	if (!json_is_array(json_object_get(definition, "containerDefinitions")))
		(void)json_object_set_new(definition, "containerDefinitions", json_array());
	json_array_foreach(json_object_get(definition, "containerDefinitions"), i, container)
	{
		if (!json_object_get(container, "essential"))
			(void)json_object_set_new(container, "essential", json_true());
		if (!json_text(container, "name"))
			(void)json_object_set_new(container, "name", json_string("container"));
	}
}

void task_definition_register(struct sandbox *sandbox, const json_t *resource, int64_t at_ms)
{
	const char *arn = json_text(resource, "PhysicalResourceId");
	json_t *definition = as_api_object(json_object_get(resource, "Properties"));
	const char *family = task_id(arn);
	const char *colon = strrchr(family, ':');
	uint64_t revision = 1;

	complete_containers(definition);
	document_set_text(definition, "taskDefinitionArn", arn);
	if (colon && slice_to_u64(slice_of(colon + 1), INT32_MAX, &revision))
		(void)json_object_set_new(definition, "family",
					  json_stringn(family, (size_t)(colon - family)));
	(void)json_object_set_new(definition, "revision", json_integer((json_int_t)revision));
	document_set_text(definition, "status", "ACTIVE");
	document_set_time(definition, "registeredAt", at_ms);
	(void)json_object_set_new(sandbox_map(sandbox, "TaskDefinitions"), arn, definition);
	sandbox->is_changed = true;
}

void task_definition_deregister(struct sandbox *sandbox, const char *arn, int64_t at_ms)
{
	json_t *definition = json_object_get(sandbox_map(sandbox, "TaskDefinitions"), arn);

	if (!definition)
		return;
	document_set_text(definition, "status", "INACTIVE");
	document_set_time(definition, "deregisteredAt", at_ms);
	sandbox->is_changed = true;
}

json_t *task_definition_find(struct sandbox *sandbox, const char *name)
{
	json_t *definitions = sandbox_map(sandbox, "TaskDefinitions"), *definition, *newest = NULL;
	json_int_t highest = 0;
	const char *arn;

	json_object_foreach(definitions, arn, definition)
	{
		const char *family = json_text(definition, "family");
		json_int_t revision = json_integer_value(json_object_get(definition, "revision"));

		if (strcmp(arn, name) == 0 || strcmp(task_id(arn), name) == 0)
			return definition;
		if (family && strcmp(family, name) == 0 && revision > highest &&
		    strcmp(json_text(definition, "status"), "ACTIVE") == 0) {
			highest = revision;
			newest = definition;
		}
	}
	return newest;
}

const char *task_definition_main(const json_t *definition)
{
	const json_t *container;
	size_t i;

	json_array_foreach(json_object_get(definition, "containerDefinitions"), i, container)
	{
		if (json_is_true(json_object_get(container, "essential")))
			return json_text(container, "name");
	}
	return "container";
}
