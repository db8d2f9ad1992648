/*
 * ECS, API version 2014-11-13: what the services and tasks of sandbox/rollout.h and sandbox/task.h
 * look like from outside. Shapes and errors: the API's model and its reference, "Common errors".
 */
#include "base/cleanup.h"
#include "data/json.h"
#include "sandbox/call.h"
#include "sandbox/document.h"
#include "sandbox/page.h"
#include "sandbox/rollout.h"
#include "sandbox/task.h"

#include <string.h>

#define MAX_SERVICES 10
#define MAX_TASKS    100

/* ---- clusters ---- */

/* The name of the cluster that the call is about; NULL and an error where there is none. */
static const char *need_cluster(struct call *call, struct error *err)
{
	const char *given = call_optional(call, "cluster");
	const char *name = given ? task_id(given) : "default";

	if (json_object_get(sandbox_map(call->sandbox, "Clusters"), name))
		return name;
	(void)refuse(err, "ClusterNotFoundException", "Cluster not found.");
	return NULL;
}

static bool is_in_cluster(const json_t *document, const char *cluster)
{
	return strcmp(task_id(json_text(document, "clusterArn")), cluster) == 0;
}

/* ---- shapes ---- */

/* Milliseconds of the state as the JSON protocol's seconds. */
static void copy_time(const json_t *from, json_t *to, const char *name)
{
	int64_t at_ms = document_time(from, name);

	if (at_ms)
		(void)json_object_set_new(to, name, json_real((double)at_ms / 1000));
}

static void set_count(json_t *document, const char *key, unsigned count)
{
	(void)json_object_set_new(document, key, json_integer(count));
}

static json_t *describe_deployment(struct sandbox *sandbox, const json_t *deployment)
{
	static const char *const copied[] = {
		"id",	       "status",     "taskDefinition", "desiredCount",
		"failedTasks", "launchType", "rolloutState",   "rolloutStateReason",
		NULL
	};
	const char *id = json_text(deployment, "id");
	json_t *result = json_object();

	document_copy(deployment, result, copied);
	set_count(result, "runningCount", task_count(sandbox, id, "RUNNING"));
	set_count(result, "pendingCount", task_count(sandbox, id, "PENDING"));
	copy_time(deployment, result, "createdAt");
	copy_time(deployment, result, "updatedAt");
	return result;
}

static json_t *describe_events(const json_t *service)
{
	const json_t *events = json_object_get(service, "events");
	json_t *list = json_array();

	for (size_t i = json_array_size(events); i-- > 0;) {
		json_t *event = json_copy(json_array_get(events, i));

		copy_time(json_array_get(events, i), event, "createdAt");
		(void)json_array_append_new(list, event);
	}
	return list;
}

static json_t *describe_service(struct sandbox *sandbox, const json_t *service)
{
	static const char *const copied[] = { "serviceArn",
					      "serviceName",
					      "clusterArn",
					      "status",
					      "desiredCount",
					      "launchType",
					      "taskDefinition",
					      "deploymentConfiguration",
					      "loadBalancers",
					      "schedulingStrategy",
					      NULL };
	json_t *result = json_object(), *deployments = json_array(), *deployment;
	unsigned running = 0, pending = 0;
	size_t i;

	document_copy(service, result, copied);
	json_array_foreach(json_object_get(service, "deployments"), i, deployment)
	{
		const char *id = json_text(deployment, "id");

		running += task_count(sandbox, id, "RUNNING");
		pending += task_count(sandbox, id, "PENDING");
		(void)json_array_append_new(deployments, describe_deployment(sandbox, deployment));
	}
	set_count(result, "runningCount", running);
	set_count(result, "pendingCount", pending);
	(void)json_object_set_new(result, "deployments", deployments);
	(void)json_object_set_new(result, "events", describe_events(service));
	copy_time(service, result, "createdAt");
	return result;
}

static json_t *describe_task(const json_t *task)
{
	static const char *const hidden[] = { "RunsAt", "EndsAt", "End" };
	static const char *const times[] = { "createdAt", "pullStartedAt",	"pullStoppedAt",
					     "startedAt", "executionStoppedAt", "stoppingAt",
					     "stoppedAt" };
	json_t *result = json_copy(document_loosen(task));

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		(void)json_object_del(result, hidden[i]);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		copy_time(task, result, times[i]);
	return result;
}

/* ---- services ---- */

/* By name or ARN, in this cluster. */
static const json_t *find_service(struct sandbox *sandbox, const char *cluster, const char *name)
{
	const char *arn;
	json_t *service;

	json_object_foreach(sandbox_map(sandbox, "Services"), arn, service)
	{
		if ((strcmp(arn, name) == 0 || strcmp(task_id(arn), name) == 0) &&
		    is_in_cluster(service, cluster))
			return service;
	}
	return NULL;
}

/* A list member of the request that must have 1 to `max` texts. */
static int check_list(const json_t *list, size_t max, const char *what, struct error *err)
{
	const json_t *item;
	size_t i;

	if (json_array_size(list) == 0)
		return refuse(err, "InvalidParameterException", "%s cannot be empty.", what);
	if (json_array_size(list) > max)
		return refuse(err, "InvalidParameterException", "%s can have at most %zu items.",
			      what, max);
	json_array_foreach(list, i, item)
	{
		if (!json_is_string(item))
			return refuse(err, "SerializationException",
				      "STRING_VALUE expected where something else was found.");
	}
	return 0;
}

/* What does not exist is told in a reply that succeeded. */
static void add_missing(struct sandbox *sandbox, const char *kind, const char *cluster,
			const char *name, json_t *failures)
{
	CLEANUP(str_release) struct str arn = STR_INIT;

	if (strncmp(name, "arn:", 4) != 0)
		str_addf(&arn, "arn:aws:ecs:%s:%s:%s/%s/", sandbox_region(sandbox),
			 sandbox_account(sandbox), kind, cluster);
	str_adds(&arn, name);
	(void)json_array_append_new(failures,
				    json_pack("{s:s, s:s}", "arn", arn.buf, "reason", "MISSING"));
}

static json_t *describe_services(struct call *call, struct error *err)
{
	const json_t *wanted = call_list(call, "services"), *item;
	const char *cluster = need_cluster(call, err);
	json_t *services, *failures;
	size_t i;

	if (!cluster || check_list(wanted, MAX_SERVICES, "Services", err) < 0)
		return NULL;
	services = json_array();
	failures = json_array();
	json_array_foreach(wanted, i, item)
	{
		const char *name = json_string_value(item);
		const json_t *service = find_service(call->sandbox, cluster, name);

		if (service)
			(void)json_array_append_new(services,
						    describe_service(call->sandbox, service));
		else
			add_missing(call->sandbox, "service", cluster, name, failures);
	}
	return json_pack("{s:o, s:o}", "services", services, "failures", failures);
}

static json_t *list_services(struct call *call, struct error *err)
{
	static const struct page_rule rule = { "serviceArns", "nextToken", "maxResults", 10 };
	const char *cluster = need_cluster(call, err), *arn;
	json_t *list, *service;

	if (!cluster)
		return NULL;
	list = json_array();
	json_object_foreach(sandbox_map(call->sandbox, "Services"), arn, service)
	{
		if (is_in_cluster(service, cluster) &&
		    strcmp(json_text(service, "status"), "ACTIVE") == 0)
			(void)json_array_append_new(list, json_string(arn));
	}
	return page_put(call, &rule, list, json_object());
}

/* ---- tasks ---- */

static bool has_text(const json_t *task, const char *key, const char *wanted)
{
	const char *text = json_text(task, key);

	return !wanted || (text && strcmp(text, wanted) == 0);
}

/* "family:revision" or an ARN's end begins with the family. */
static bool is_of_family(const json_t *task, const char *family)
{
	const char *name = task_id(json_text(task, "taskDefinitionArn"));
	size_t len = family ? strlen(family) : 0;

	return !family || (strncmp(name, family, len) == 0 && name[len] == ':');
}

/* API reference, ListTasks: startedBy "must be the only filter that you use". */
static int check_filters(const struct call *call, struct error *err)
{
	if (call_optional(call, "startedBy") &&
	    (call_optional(call, "serviceName") || call_optional(call, "family")))
		return refuse(err, "InvalidParameterException",
			      "cannot specify startedBy with another filter");
	return 0;
}

static json_t *list_tasks(struct call *call, struct error *err)
{
	static const struct page_rule rule = { "taskArns", "nextToken", "maxResults", 100 };
	const char *status = call_optional(call, "desiredStatus");
	const char *service = call_optional(call, "serviceName");
	const char *cluster = need_cluster(call, err);
	CLEANUP(str_release) struct str group = STR_INIT;
	json_t *list, *task;
	size_t i;

	if (!cluster || check_filters(call, err) < 0)
		return NULL;
	if (service && !find_service(call->sandbox, cluster, service)) {
		(void)refuse(err, "ServiceNotFoundException", "Service not found.");
		return NULL;
	}
	if (service)
		str_addf(&group, "service:%s", task_id(service));
	list = json_array();
	json_array_foreach(sandbox_list(call->sandbox, "Tasks"), i, task)
	{
		if (is_in_cluster(task, cluster) &&
		    has_text(task, "desiredStatus", status ? status : "RUNNING") &&
		    has_text(task, "group", service ? group.buf : NULL) &&
		    has_text(task, "startedBy", call_optional(call, "startedBy")) &&
		    has_text(task, "launchType", call_optional(call, "launchType")) &&
		    is_of_family(task, call_optional(call, "family")))
			(void)json_array_append(list, json_object_get(task, "taskArn"));
	}
	return page_put(call, &rule, list, json_object());
}

static const json_t *find_task(struct sandbox *sandbox, const char *cluster, const char *name)
{
	const json_t *task;
	size_t i;

	json_array_foreach(sandbox_list(sandbox, "Tasks"), i, task)
	{
		const char *arn = json_text(task, "taskArn");

		if ((strcmp(arn, name) == 0 || strcmp(task_id(arn), name) == 0) &&
		    is_in_cluster(task, cluster))
			return task;
	}
	return NULL;
}

static json_t *describe_tasks(struct call *call, struct error *err)
{
	const json_t *wanted = call_list(call, "tasks"), *item;
	const char *cluster = need_cluster(call, err);
	json_t *tasks, *failures;
	size_t i;

	if (!cluster || check_list(wanted, MAX_TASKS, "Tasks", err) < 0)
		return NULL;
	tasks = json_array();
	failures = json_array();
	json_array_foreach(wanted, i, item)
	{
		const char *name = json_string_value(item);
		const json_t *task = find_task(call->sandbox, cluster, name);

		if (task)
			(void)json_array_append_new(tasks, describe_task(task));
		else
			add_missing(call->sandbox, "task", cluster, name, failures);
	}
	return json_pack("{s:o, s:o}", "tasks", tasks, "failures", failures);
}

static json_t *describe_task_definition(struct call *call, struct error *err)
{
	const char *name = call_optional(call, "taskDefinition");
	const json_t *definition = name ? task_definition_find(call->sandbox, name) : NULL;
	json_t *result;

	if (!definition) {
		(void)refuse(err, "ClientException", "Unable to describe task definition.");
		return NULL;
	}
	result = json_copy(document_loosen(definition));
	(void)json_object_del(result, "Fate");
	(void)json_object_del(result, "tags");
	copy_time(definition, result, "registeredAt");
	copy_time(definition, result, "deregisteredAt");
	return json_pack("{s:o}", "taskDefinition", result);
}

/* ---- service deployments ---- */

/* Status of a service deployment for each rollout state. */
static const char *deployment_status(const json_t *deployment)
{
	const char *state = json_text(deployment, "rolloutState");

	if (strcmp(state, "COMPLETED") == 0)
		return "SUCCESSFUL";
	if (strcmp(state, "FAILED") == 0)
		return "ROLLBACK_SUCCESSFUL";
	return "IN_PROGRESS";
}

static json_t *list_service_deployments(struct call *call, struct error *err)
{
	static const struct page_rule rule = { "serviceDeployments", "nextToken", "maxResults",
					       20 };
	const char *name = call_optional(call, "service"), *cluster = need_cluster(call, err);
	const json_t *service = cluster && name ? find_service(call->sandbox, cluster, name) : NULL;
	json_t *list, *deployment;
	size_t i;

	if (!cluster)
		return NULL;
	if (!service) {
		(void)refuse(err, "ServiceNotFoundException", "Service not found.");
		return NULL;
	}
	list = json_array();
	json_array_foreach(json_object_get(service, "deployments"), i, deployment)
	{
		json_t *brief = json_pack(
			"{s:o, s:O, s:O, s:s, s:s*}", "serviceDeploymentArn",
			json_sprintf("arn:aws:ecs:%s:%s:service-deployment/%s/%s/%s",
				     sandbox_region(call->sandbox), sandbox_account(call->sandbox),
				     cluster, json_text(service, "serviceName"),
				     task_id(json_text(deployment, "id"))),
			"serviceArn", json_object_get(service, "serviceArn"), "clusterArn",
			json_object_get(service, "clusterArn"), "status",
			deployment_status(deployment), "statusReason",
			json_text(deployment, "rolloutStateReason"));

		copy_time(deployment, brief, "createdAt");
		(void)json_array_append_new(list, brief);
	}
	return page_put(call, &rule, list, json_object());
}

static const struct operation operations[] = {
	{ "DescribeServices", describe_services, false },
	{ "DescribeTaskDefinition", describe_task_definition, false },
	{ "DescribeTasks", describe_tasks, false },
	{ "ListServiceDeployments", list_service_deployments, false },
	{ "ListServices", list_services, false },
	{ "ListTasks", list_tasks, false },
};

const struct service service_ecs = {
	.signing_name = "ecs",
	.protocol = PROTOCOL_JSON,
	.target_prefix = "AmazonEC2ContainerServiceV20141113",
	.operations = operations,
	.operation_count = sizeof(operations) / sizeof(operations[0]),
};
