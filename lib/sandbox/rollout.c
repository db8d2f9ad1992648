#include "sandbox/rollout.h"

#include "base/cleanup.h"
#include "data/json.h"
#include "sandbox/document.h"
#include "sandbox/fate.h"
#include "sandbox/task.h"

#include <string.h>

/* AWS's seconds between the stages. */
#define RUN_AFTER_S    10
#define DRAIN_AFTER_S  25
#define STEADY_AFTER_S 10

#define MAX_EVENTS 100
#define NEVER	   INT64_MAX

/* Never nothing, however fast the time goes: what repeats for ever must get on. */
static int64_t after(const struct sandbox *sandbox, unsigned seconds)
{
	int64_t ms = sandbox_duration_ms(sandbox, seconds);

	return ms ? ms : 1;
}

json_t *rollout_primary(const json_t *service)
{
	return json_array_get(json_object_get(service, "deployments"), 0);
}

static const char *name_of(const json_t *service)
{
	return json_text(service, "serviceName");
}

/* ---- events ---- */

static void tell(json_t *service, int64_t at_ms, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "(service NAME) ...": Amazon ECS developer guide, "Service event messages". */
static void tell(json_t *service, int64_t at_ms, const char *fmt, ...)
{
	json_t *events = json_object_get(service, "events");
	CLEANUP(str_release) struct str id = STR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	va_list ap;

	str_addf(&text, "(service %s) ", name_of(service));
	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	sandbox_random_uuid(&id);
	if (json_array_size(events) >= MAX_EVENTS)
		(void)json_array_remove(events, 0);
	(void)json_array_append_new(events, json_pack("{s:s, s:s, s:I}", "id", id.buf, "message",
						      text.buf, "createdAt", (json_int_t)at_ms));
}

static const char *target_group(const json_t *service)
{
	return json_text(json_array_get(json_object_get(service, "loadBalancers"), 0),
			 "targetGroupArn");
}

/* ---- deployments ---- */

static void set_rollout(json_t *deployment, const char *state, int64_t at_ms, const char *reason)
{
	document_set_text(deployment, "rolloutState", state);
	document_set_text(deployment, "rolloutStateReason", reason);
	document_set_time(deployment, "updatedAt", at_ms);
}

static void plan_next(json_t *deployment, const char *stage, int64_t at_ms)
{
	document_set_text(deployment, "Next", stage);
	document_set_time(deployment, "NextAt", at_ms);
}

/* Becomes the first of the deployments; those before it are ACTIVE and do no more. */
static json_t *add_deployment(struct sandbox *sandbox, json_t *service, const char *definition,
			      const json_t *fate, int64_t at_ms)
{
	json_t *list = json_object_get(service, "deployments"), *old, *deployment;
	CLEANUP(str_release) struct str id = STR_INIT;
	CLEANUP(str_release) struct str reason = STR_INIT;
	size_t i;

	json_array_foreach(list, i, old)
	{
		document_set_text(old, "status", "ACTIVE");
		plan_next(old, "", NEVER);
	}
	str_adds(&id, "ecs-svc/");
	sandbox_random(&id, 19, "123456789");
	str_addf(&reason, "ECS deployment %s in progress.", id.buf);
	deployment =
		json_pack("{s:s, s:s, s:s, s:O, s:I, s:i, s:O}", "id", id.buf, "status", "PRIMARY",
			  "taskDefinition", definition, "desiredCount",
			  json_object_get(service, "desiredCount"), "createdAt", (json_int_t)at_ms,
			  "failedTasks", 0, "launchType", json_object_get(service, "launchType"));
	set_rollout(deployment, "IN_PROGRESS", at_ms, reason.buf);
	if (fate_kind_of(fate))
		(void)json_object_set(deployment, "Fate", document_loosen(fate));
	else if (fate)
		(void)json_object_set(deployment, "Digest", json_object_get(fate, "image_digest"));
	plan_next(deployment, "launch", at_ms + after(sandbox, FATE_LAUNCH_AFTER_S));
	(void)json_array_insert_new(list, 0, deployment);
	(void)json_object_set_new(service, "taskDefinition", json_string(definition));
	sandbox->is_changed = true;
	return deployment;
}

/* The newest deployment that was completed, to which a circuit breaker goes back. */
static const json_t *last_completed(const json_t *service)
{
	const json_t *deployment;
	size_t i;

	json_array_foreach(json_object_get(service, "deployments"), i, deployment)
	{
		if (strcmp(json_text(deployment, "rolloutState"), "COMPLETED") == 0)
			return deployment;
	}
	return NULL;
}

/* ---- stages ---- */

static unsigned tasks_of(struct sandbox *sandbox, const json_t *deployment)
{
	const char *id = json_text(deployment, "id");

	return task_count(sandbox, id, "RUNNING") + task_count(sandbox, id, "PENDING");
}

/* `text` with the image and the target group put in. */
static void fill_in(struct str *out, const char *text, const json_t *service, const char *image)
{
	const char *group = target_group(service);

	for (; text && *text; text++) {
		if (*text == '%')
			str_adds(out, image ? image : "");
		else if (*text == '@')
			str_adds(out, group ? group : "");
		else
			str_addc(out, *text);
	}
}

static const char *image_of(const json_t *definition, const char *container)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(definition, "containerDefinitions"), i, item)
	{
		if (strcmp(json_text(item, "name"), container) == 0)
			return json_text(item, "image");
	}
	return NULL;
}

/* A request for tasks, and the texts that it borrows. */
struct launch {
	struct task_request request;
	struct str group;
	struct str reason;
	struct str container_reason;
};

static void launch_release(struct launch *launch)
{
	str_release(&launch->group);
	str_release(&launch->reason);
	str_release(&launch->container_reason);
}

/* Adds when and how the tasks fail. What the scenario gives as the reason is the container's, where
 * it is a container that ended. */
static void doom(struct sandbox *sandbox, const json_t *service, const json_t *fate,
		 struct launch *launch, int64_t at_ms)
{
	const struct fate_kind *kind = fate_kind_of(fate);
	struct task_request *request = &launch->request;
	bool is_fargate = strcmp(request->launch_type, "FARGATE") == 0;
	bool is_exit = strcmp(kind->stop_code, "EssentialContainerExited") == 0;
	const char *container = json_text(fate, "container");
	const char *given = json_text(fate, "reason"), *image;

	container = container ? container : task_definition_main(request->definition);
	image = image_of(request->definition, container);
	fill_in(&launch->reason,
		given && !is_exit ? given
		: is_fargate	  ? kind->fargate_reason
				  : kind->reason,
		service, image);
	fill_in(&launch->container_reason,
		given && is_exit		    ? given
		: given || (is_fargate && !is_exit) ? NULL
						    : kind->container_reason,
		service, image);
	request->runs_ms = kind->runs ? at_ms + after(sandbox, fate_life(fate) / 2) : 0;
	request->ends_ms = at_ms + after(sandbox, fate_life(fate));
	request->end = (struct task_end){
		.stop_code = kind->stop_code,
		.reason = launch->reason.buf,
		.container = container,
		.container_reason =
			launch->container_reason.len ? launch->container_reason.buf : NULL,
		.log = json_object_get(fate, "log"),
	};
}

static void tell_unplaced(json_t *service, int64_t at_ms)
{
	tell(service, at_ms,
	     "was unable to place a task because no container instance met all of its "
	     "requirements. Reason: No Container Instances were found in your cluster. For more "
	     "information, see the Troubleshooting section of the Amazon ECS Developer Guide.");
}

/* Starts the tasks that are missing, and says so. */
static void start_tasks(struct sandbox *sandbox, json_t *service, json_t *deployment, int64_t at_ms)
{
	CLEANUP(launch_release)
	struct launch launch = { .group = STR_INIT,
				 .reason = STR_INIT,
				 .container_reason = STR_INIT };
	const json_t *fate = json_object_get(deployment, "Fate");
	unsigned wanted = fate_number(service, "desiredCount", 1);
	unsigned there = tasks_of(sandbox, deployment);
	CLEANUP(str_release) struct str names = STR_INIT;
	json_auto_t *exit_code = NULL;

	str_addf(&launch.group, "service:%s", name_of(service));
	launch.request = (struct task_request){
		.cluster_arn = json_text(service, "clusterArn"),
		.definition =
			task_definition_find(sandbox, json_text(deployment, "taskDefinition")),
		.launch_type = json_text(service, "launchType"),
		.group = launch.group.buf,
		.started_by = json_text(deployment, "id"),
		.digest = json_text(deployment, "Digest"),
		.runs_ms = at_ms + after(sandbox, RUN_AFTER_S),
	};
	if (fate)
		doom(sandbox, service, fate, &launch, at_ms);
	if (fate && fate_kind_of(fate)->exit_code >= 0)
		exit_code = json_integer(
			fate_number(fate, "exit_code", (unsigned)fate_kind_of(fate)->exit_code));
	launch.request.end.exit_code = exit_code;
	for (unsigned i = there; i < wanted; i++) {
		const json_t *task = task_start(sandbox, &launch.request, at_ms);

		str_addf(&names, "%s(task %s)", names.len ? " " : "",
			 task_id(json_text(task, "taskArn")));
	}
	if (names.len)
		tell(service, at_ms, "has started %u tasks: %s.", wanted - there, names.buf);
}

/* Whether the scenario lets it fail so often only, and that is over. */
static bool is_healed(const json_t *deployment)
{
	unsigned limit = fate_number(json_object_get(deployment, "Fate"), "failures", 0);

	return limit && fate_number(deployment, "Failures", 0) >= limit;
}

static void stage_launch(struct sandbox *sandbox, json_t *service, json_t *deployment,
			 int64_t at_ms)
{
	const json_t *fate;

	if (is_healed(deployment))
		(void)json_object_del(deployment, "Fate");
	fate = json_object_get(deployment, "Fate");
	if (fate && !fate_kind_of(fate)->is_placed)
		tell_unplaced(service, at_ms);
	else
		start_tasks(sandbox, service, deployment, at_ms);
	if (fate)
		plan_next(deployment, "fail", at_ms + after(sandbox, fate_life(fate)));
	else
		plan_next(deployment, "run", at_ms + after(sandbox, RUN_AFTER_S));
}

static void stage_run(struct sandbox *sandbox, json_t *service, json_t *deployment, int64_t at_ms)
{
	const char *group = target_group(service);

	if (group)
		tell(service, at_ms, "registered %u targets in (target-group %s)",
		     fate_number(service, "desiredCount", 1), group);
	(void)json_object_set_new(deployment, "failedTasks", json_integer(0));
	plan_next(deployment, "drain", at_ms + after(sandbox, DRAIN_AFTER_S));
}

/* Back to what was completed last, where the breaker shall do so and there is something. */
static void trip_breaker(struct sandbox *sandbox, json_t *service, json_t *deployment,
			 int64_t at_ms)
{
	const json_t *good = last_completed(service);
	bool goes_back = fate_has_breaker(service, json_object_get(deployment, "Fate"), "rollback");
	CLEANUP(str_release) struct str reason = STR_INIT;
	json_t *back;

	set_rollout(deployment, "FAILED", at_ms,
		    "ECS deployment circuit breaker: tasks failed to start.");
	plan_next(deployment, "", NEVER);
	tell(service, at_ms, "(deployment %s) deployment failed: tasks failed to start.",
	     json_text(deployment, "id"));
	if (!goes_back || !good)
		return;
	str_addf(&reason, "ECS deployment circuit breaker: rolling back to deploymentId %s.",
		 json_text(good, "id"));
	tell(service, at_ms, "rolling back to deployment %s.", json_text(good, "id"));
	back = add_deployment(sandbox, service, json_text(good, "taskDefinition"), NULL, at_ms);
	set_rollout(back, "IN_PROGRESS", at_ms, reason.buf);
}

static void stage_fail(struct sandbox *sandbox, json_t *service, json_t *deployment, int64_t at_ms)
{
	const json_t *fate = json_object_get(deployment, "Fate");
	unsigned count = fate_number(service, "desiredCount", 1);
	unsigned attempts = fate_number(deployment, "Attempts", 0);
	unsigned failed =
		fate_is_counted(fate) ? fate_number(deployment, "failedTasks", 0) + count : 0;

	(void)json_object_set_new(deployment, "failedTasks", json_integer(failed));
	(void)json_object_set_new(deployment, "Attempts", json_integer(attempts + 1));
	(void)json_object_set_new(deployment, "Failures",
				  json_integer(fate_number(deployment, "Failures", 0) + count));
	document_set_time(deployment, "updatedAt", at_ms);
	if (strcmp(json_text(fate, "outcome"), "unhealthy") == 0)
		tell(service, at_ms,
		     "(port 80) is unhealthy in (target-group %s) due to (reason Health checks "
		     "failed)",
		     target_group(service) ? target_group(service) : "");
	if (fate_has_breaker(service, fate, "enable") && failed >= fate_threshold(service)) {
		trip_breaker(sandbox, service, deployment, at_ms);
		return;
	}
	if (attempts == 2 && fate_kind_of(fate)->is_placed)
		tell(service, at_ms,
		     "is unable to consistently start tasks successfully. For more information, "
		     "see the Troubleshooting section of the Amazon ECS Developer Guide.");
	plan_next(deployment, "launch", at_ms + after(sandbox, fate_restart_after(fate, attempts)));
}

/* Stops the tasks of the deployments before, and what is too much of this one's. */
static void stop_others(struct sandbox *sandbox, json_t *service, const json_t *deployment,
			int64_t at_ms)
{
	const char *id = json_text(deployment, "id");
	unsigned spare = fate_number(service, "desiredCount", 1), stopped = 0;
	CLEANUP(str_release) struct str group = STR_INIT;
	CLEANUP(str_release) struct str reason = STR_INIT;
	CLEANUP(str_release) struct str names = STR_INIT;
	struct task_end end = { .stop_code = "ServiceSchedulerInitiated" };
	json_t *task;
	size_t i;

	str_addf(&group, "service:%s", name_of(service));
	str_addf(&reason, "Scaling activity initiated by (deployment %s)", id);
	end.reason = reason.buf;
	json_array_foreach(sandbox_list(sandbox, "Tasks"), i, task)
	{
		if (strcmp(json_text(task, "group"), group.buf) != 0 ||
		    task_has_status(task, "STOPPED"))
			continue;
		if (strcmp(json_text(task, "startedBy"), id) == 0 && spare > 0) {
			spare--;
			continue;
		}
		task_stop(sandbox, task, &end, at_ms);
		stopped++;
		str_addf(&names, "%s(task %s)", names.len ? " " : "",
			 task_id(json_text(task, "taskArn")));
	}
	if (stopped)
		tell(service, at_ms, "has stopped %u running tasks: %s.", stopped, names.buf);
}

static void stage_drain(struct sandbox *sandbox, json_t *service, json_t *deployment, int64_t at_ms)
{
	stop_others(sandbox, service, deployment, at_ms);
	plan_next(deployment, "steady", at_ms + after(sandbox, STEADY_AFTER_S));
}

static void stage_steady(struct sandbox *sandbox, json_t *service, json_t *deployment,
			 int64_t at_ms)
{
	json_t *list = json_object_get(service, "deployments");
	CLEANUP(str_release) struct str reason = STR_INIT;
	const char *id = json_text(deployment, "id");

	(void)sandbox;
	str_addf(&reason, "ECS deployment %s completed.", id);
	set_rollout(deployment, "COMPLETED", at_ms, reason.buf);
	plan_next(deployment, "", NEVER);
	while (json_array_size(list) > 1)
		(void)json_array_remove(list, 1);
	tell(service, at_ms, "(deployment %s) deployment completed.", id);
	tell(service, at_ms, "has reached a steady state.");
}

static const struct {
	const char *name;
	void (*run)(struct sandbox *sandbox, json_t *service, json_t *deployment, int64_t at_ms);
} stages[] = {
	{ "launch", stage_launch }, { "run", stage_run },	{ "fail", stage_fail },
	{ "drain", stage_drain },   { "steady", stage_steady },
};

static void run_stage(struct sandbox *sandbox, json_t *service, json_t *deployment)
{
	const char *name = json_text(deployment, "Next");
	int64_t at_ms = document_time(deployment, "NextAt");
	size_t i = 0;

	while (strcmp(stages[i].name, name) != 0)
		i++;
	stages[i].run(sandbox, service, deployment, at_ms);
	sandbox->is_changed = true;
}

static void advance(struct sandbox *sandbox, json_t *service, int64_t at_ms)
{
	json_t *deployment;

	while ((deployment = rollout_primary(service)) &&
	       document_time(deployment, "NextAt") <= at_ms) {
		task_advance(sandbox, json_text(deployment, "id"),
			     document_time(deployment, "NextAt"));
		run_stage(sandbox, service, deployment);
	}
}

void rollout_advance_all(struct sandbox *sandbox, int64_t now_ms)
{
	const char *arn;
	json_t *service;

	json_object_foreach(sandbox_map(sandbox, "Services"), arn, service)
		advance(sandbox, service, now_ms);
	task_advance(sandbox, NULL, now_ms);
}

/* ---- what the stack does ---- */

/* "arn:aws:ecs:us-east-1:123456789012:cluster/NAME" of a name, an ARN or nothing. */
static void cluster_arn(struct sandbox *sandbox, const json_t *properties, struct str *out)
{
	const char *name = json_text(properties, "Cluster");

	if (name && strncmp(name, "arn:", 4) == 0)
		str_adds(out, name);
	else
		str_addf(out, "arn:aws:ecs:%s:%s:cluster/%s", sandbox_region(sandbox),
			 sandbox_account(sandbox), name ? name : "default");
}

static json_t *need_service(struct sandbox *sandbox, const json_t *resource, int64_t at_ms)
{
	json_t *services = sandbox_map(sandbox, "Services");
	const char *arn = json_text(resource, "PhysicalResourceId");
	json_t *service = json_object_get(services, arn);
	CLEANUP(str_release) struct str cluster = STR_INIT;

	if (service && rollout_primary(service))
		return service;
	cluster_arn(sandbox, json_object_get(resource, "Properties"), &cluster);
	service = json_pack("{s:s, s:s, s:s, s:[], s:[], s:I, s:s}", "serviceArn", arn,
			    "serviceName", task_id(arn), "clusterArn", cluster.buf, "events",
			    "deployments", "createdAt", (json_int_t)at_ms, "status", "ACTIVE");
	(void)json_object_set_new(services, arn, service);
	return service;
}

/* A number or boolean of the template may be text. */
static json_t *deployment_configuration(const json_t *properties)
{
	const json_t *given = json_object_get(properties, "DeploymentConfiguration");
	const json_t *breaker = json_object_get(given, "DeploymentCircuitBreaker");
	json_t *result = json_pack(
		"{s:i, s:i}", "maximumPercent", (int)fate_number(given, "MaximumPercent", 200),
		"minimumHealthyPercent", (int)fate_number(given, "MinimumHealthyPercent", 100));

	if (breaker)
		(void)json_object_set_new(
			result, "deploymentCircuitBreaker",
			json_pack("{s:b, s:b}", "enable",
				  fate_is_true(json_object_get(breaker, "Enable")), "rollback",
				  fate_is_true(json_object_get(breaker, "Rollback"))));
	return result;
}

static json_t *load_balancers(const json_t *properties)
{
	json_t *list = json_array(), *given;
	size_t i;

	json_array_foreach(json_object_get(properties, "LoadBalancers"), i, given)(void)
		json_array_append_new(list,
				      json_pack("{s:s*, s:s*, s:i}", "targetGroupArn",
						json_text(given, "TargetGroupArn"), "containerName",
						json_text(given, "ContainerName"), "containerPort",
						(int)fate_number(given, "ContainerPort", 80)));
	return list;
}

static void take_properties(json_t *service, const json_t *properties)
{
	const char *launch_type = json_text(properties, "LaunchType");
	const char *strategy = json_text(properties, "SchedulingStrategy");

	(void)json_object_set_new(service, "desiredCount",
				  json_integer(fate_number(properties, "DesiredCount", 1)));
	document_set_text(service, "launchType", launch_type ? launch_type : "EC2");
	document_set_text(service, "schedulingStrategy", strategy ? strategy : "REPLICA");
	(void)json_object_set_new(service, "deploymentConfiguration",
				  deployment_configuration(properties));
	(void)json_object_set_new(service, "loadBalancers", load_balancers(properties));
}

/* The task definition of a stack of others, or none at all, still has a name. */
static json_t *need_definition(struct sandbox *sandbox, const json_t *properties)
{
	const char *name = json_text(properties, "TaskDefinition");
	json_t *found = task_definition_find(sandbox, name ? name : "none:1");
	CLEANUP(str_release) struct str arn = STR_INIT;
	json_auto_t *resource = NULL;

	if (found)
		return found;
	name = name ? name : "none:1";
	if (strncmp(name, "arn:", 4) != 0)
		str_addf(&arn, "arn:aws:ecs:%s:%s:task-definition/", sandbox_region(sandbox),
			 sandbox_account(sandbox));
	str_adds(&arn, name);
	resource = json_pack("{s:s, s:{}}", "PhysicalResourceId", arn.buf, "Properties");
	task_definition_register(sandbox, resource, sandbox->clock->wall_ms(sandbox->clock));
	return task_definition_find(sandbox, arn.buf);
}

/* Asked of the scenario once for each task definition. */
static const json_t *fate_of(struct sandbox *sandbox, const struct rollout_request *request,
			     json_t *definition)
{
	const json_t *known = json_object_get(definition, "Fate"), *entry;
	const struct scenario_subject subject = { .stack = request->stack,
						  .logical_id = request->logical_id,
						  .type = "AWS::ECS::Service",
						  .action = request->action };

	if (!known) {
		entry = scenario_next_service(&sandbox->scenario, &subject,
					      json_object_get(definition, "containerDefinitions"));
		(void)json_object_set_new(definition, "Fate",
					  entry ? json_deep_copy(entry) : json_null());
		known = json_object_get(definition, "Fate");
	}
	return json_is_object(known) ? known : NULL;
}

void rollout_begin(struct sandbox *sandbox, const struct rollout_request *request, int64_t at_ms,
		   struct forecast *ret)
{
	const json_t *properties = json_object_get(request->resource, "Properties");
	json_t *service = need_service(sandbox, request->resource, at_ms);
	json_t *definition = need_definition(sandbox, properties);
	const char *arn = json_text(definition, "taskDefinitionArn");
	const json_t *fate = fate_of(sandbox, request, definition);
	json_t *primary;

	advance(sandbox, service, at_ms);
	take_properties(service, properties);
	primary = rollout_primary(service);
	if (!primary || strcmp(json_text(primary, "taskDefinition"), arn) != 0) {
		primary = add_deployment(sandbox, service, arn, fate, at_ms);
	} else if (strcmp(json_text(primary, "rolloutState"), "COMPLETED") == 0) {
		(void)json_object_set(primary, "desiredCount",
				      json_object_get(service, "desiredCount"));
		plan_next(primary, "launch", at_ms + after(sandbox, FATE_LAUNCH_AFTER_S));
	}
	if (fate_kind_of(fate) && json_object_get(primary, "Fate"))
		fate_foresee(service, fate, ret);
	sandbox->is_changed = true;
}

void rollout_remove(struct sandbox *sandbox, const char *service_arn, int64_t at_ms)
{
	json_t *service = json_object_get(sandbox_map(sandbox, "Services"), service_arn);
	const json_t *primary = rollout_primary(service);

	if (!primary)
		return;
	advance(sandbox, service, at_ms);
	(void)json_object_set_new(service, "desiredCount", json_integer(0));
	stop_others(sandbox, service, rollout_primary(service), at_ms);
	document_set_text(service, "status", "INACTIVE");
	(void)json_array_clear(json_object_get(service, "deployments"));
	sandbox->is_changed = true;
}
