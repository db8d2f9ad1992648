#include "data/json.h"
#include "sandbox/log_pattern.h"
#include "sandbox/rollout.h"
#include "sandbox/stack.h"
#include "sandbox/task.h"
#include "sandbox_client.h"

/* A service of two tasks behind a load balancer; MODE is its launch type, BREAKER true or false. */
#define TEMPLATE                                                                                   \
	"Parameters:\n"                                                                            \
	"  Tag: {Type: String}\n"                                                                  \
	"  Breaker: {Type: String}\n"                                                              \
	"  Mode: {Type: String, Default: FARGATE}\n"                                               \
	"Resources:\n"                                                                             \
	"  Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: app}}\n"                   \
	"  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /app}}\n"                  \
	"  Task:\n"                                                                                \
	"    Type: AWS::ECS::TaskDefinition\n"                                                     \
	"    Properties:\n"                                                                        \
	"      Family: web\n"                                                                      \
	"      ContainerDefinitions:\n"                                                            \
	"      - {Name: side, Image: side, Essential: false}\n"                                    \
	"      - Name: web\n"                                                                      \
	"        Image: !Sub 'app:${Tag}'\n"                                                       \
	"        LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: !Ref Logs, "      \
	"awslogs-stream-prefix: docker}}\n"                                                        \
	"  Service:\n"                                                                             \
	"    Type: AWS::ECS::Service\n"                                                            \
	"    Properties:\n"                                                                        \
	"      ServiceName: web\n"                                                                 \
	"      Cluster: !Ref Cluster\n"                                                            \
	"      LaunchType: !Ref Mode\n"                                                            \
	"      DesiredCount: '2'\n"                                                                \
	"      TaskDefinition: !Ref Task\n"                                                        \
	"      LoadBalancers: [{ContainerName: web, ContainerPort: '80', TargetGroupArn: tg}]\n"   \
	"      DeploymentConfiguration: {DeploymentCircuitBreaker: {Enable: !Ref Breaker, "        \
	"Rollback: !Ref Breaker}}\n"

#define SERVICE_ARN "arn:aws:ecs:us-east-1:123456789012:service/app/web"

static void open_with(struct client *client, const char *scenario)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;

	client_open(client);
	assert_int_equal(
		scenario_read(scenario, strlen(scenario), &client->sandbox->scenario, &err), 0);
}

static void change(struct client *client, const char *action, const char *tag, const char *breaker,
		   const char *mode)
{
	assert_int_equal(client_call(client, "cloudformation", action, "StackName", "app",
				     "TemplateBody", TEMPLATE, "Parameters.member.1.ParameterKey",
				     "Tag", "Parameters.member.1.ParameterValue", tag,
				     "Parameters.member.2.ParameterKey", "Breaker",
				     "Parameters.member.2.ParameterValue", breaker,
				     "Parameters.member.3.ParameterKey", "Mode",
				     "Parameters.member.3.ParameterValue", mode, NULL),
			 200);
}

static void pass(struct client *client, int64_t seconds)
{
	client->now_ms += seconds * 1000;
	stack_advance_all(client->sandbox, client->now_ms);
}

/* Returns how many seconds it took until the stack was at rest. */
static int64_t wait_until_at_rest(struct client *client)
{
	int64_t begun_ms = client->now_ms;

	while (stack_is_busy(stack_find(client->sandbox, "app")))
		pass(client, 5);
	return (client->now_ms - begun_ms) / 1000;
}

static json_t *service_of(const struct client *client)
{
	return json_object_get(sandbox_map(client->sandbox, "Services"), SERVICE_ARN);
}

static const char *status_of(const struct client *client)
{
	return json_text(stack_find(client->sandbox, "app"), "StackStatus");
}

/* The first reason that an event of the service gives for having failed. */
static const char *failure_of(const struct client *client)
{
	const json_t *event;
	size_t i;

	json_array_foreach(json_object_get(stack_find(client->sandbox, "app"), "Events"), i, event)
	{
		if (strcmp(json_text(event, "LogicalResourceId"), "Service") == 0 &&
		    strstr(json_text(event, "ResourceStatus"), "FAILED"))
			return json_text(event, "ResourceStatusReason");
	}
	return "";
}

/* The newest stopped task of the PRIMARY deployment's making, or of any. */
static const json_t *stopped_task(const struct client *client)
{
	const json_t *tasks = sandbox_list(client->sandbox, "Tasks");

	for (size_t i = json_array_size(tasks); i-- > 0;) {
		const json_t *task = json_array_get(tasks, i);

		if (task_has_status(task, "STOPPED"))
			return task;
	}
	return NULL;
}

static const json_t *web_container(const json_t *task)
{
	return json_array_get(json_object_get(task, "containers"), 1);
}

static bool has_event(const struct client *client, const char *text)
{
	const json_t *event;
	size_t i;

	json_array_foreach(json_object_get(service_of(client), "events"), i, event)
	{
		if (strstr(json_text(event, "message"), text))
			return true;
	}
	return false;
}

/* A stack with the good image, and an update to ":bad" that has just begun. */
static void open_updating(struct client *client, const char *scenario, const char *breaker,
			  const char *mode)
{
	open_with(client, scenario);
	change(client, "CreateStack", "good", breaker, mode);
	wait_until_at_rest(client);
	assert_string_equal(status_of(client), "CREATE_COMPLETE");
	change(client, "UpdateStack", "bad", breaker, mode);
}

static void rolls_out_new_tasks_and_stops_the_old_ones(void **state)
{
	const char *old, *new;
	struct client client;

	(void)state;
	open_updating(&client, "{}", "false", "FARGATE");
	old = json_text(rollout_primary(service_of(&client)), "id");
	assert_int_equal(task_count(client.sandbox, old, "RUNNING"), 2);
	pass(&client, 20);
	new = json_text(rollout_primary(service_of(&client)), "id");
	assert_string_not_equal(old, new);
	assert_string_equal(json_text(rollout_primary(service_of(&client)), "rolloutState"),
			    "IN_PROGRESS");
	assert_int_equal(json_array_size(json_object_get(service_of(&client), "deployments")), 2);
	wait_until_at_rest(&client);
	new = json_text(rollout_primary(service_of(&client)), "id");
	assert_string_equal(status_of(&client), "UPDATE_COMPLETE");
	assert_string_equal(json_text(rollout_primary(service_of(&client)), "rolloutState"),
			    "COMPLETED");
	assert_int_equal(task_count(client.sandbox, new, "RUNNING"), 2);
	assert_int_equal(json_array_size(json_object_get(service_of(&client), "deployments")), 1);
	assert_non_null(strstr(json_text(stopped_task(&client), "stoppedReason"),
			       "Scaling activity initiated by (deployment ecs-svc/"));
	assert_true(has_event(&client, "has reached a steady state."));
	client_close(&client);
}

static void waits_three_hours_without_a_circuit_breaker(void **state)
{
	struct client client;
	int64_t seconds;

	(void)state;
	open_updating(&client,
		      "services: [{image: ':bad', outcome: crash, exit_code: 3, log: [no db]}]",
		      "false", "FARGATE");
	pass(&client, 120);
	assert_int_equal(json_integer_value(
				 json_object_get(web_container(stopped_task(&client)), "exitCode")),
			 3);
	assert_string_equal(json_text(stopped_task(&client), "stopCode"),
			    "EssentialContainerExited");
	assert_string_equal(json_text(stopped_task(&client), "stoppedReason"),
			    "Essential container in task exited");
	seconds = wait_until_at_rest(&client);
	assert_in_range(seconds, 3 * 3600 - 120, 3 * 3600 + 300);
	assert_string_equal(status_of(&client), "UPDATE_ROLLBACK_COMPLETE");
	assert_non_null(strstr(failure_of(&client), "HandlerErrorCode: NotStabilized"));
	assert_string_equal(json_text(service_of(&client), "taskDefinition"),
			    "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1");
	client_close(&client);
}

static void forgets_stopped_tasks_after_an_hour(void **state)
{
	struct client client;

	(void)state;
	open_updating(&client, "{}", "false", "FARGATE");
	wait_until_at_rest(&client);
	assert_non_null(stopped_task(&client));
	pass(&client, 3400);
	assert_non_null(stopped_task(&client));
	pass(&client, 300);
	assert_null(stopped_task(&client));
	client_close(&client);
}

static void fails_the_stack_by_the_circuit_breaker(void **state)
{
	struct client client;

	(void)state;
	open_updating(&client, "services: [{image: ':bad', outcome: pull}]", "true", "FARGATE");
	assert_in_range(wait_until_at_rest(&client), 30, 300);
	assert_string_equal(status_of(&client), "UPDATE_ROLLBACK_COMPLETE");
	assert_non_null(strstr(failure_of(&client),
			       "Error occurred during operation 'ECS Deployment Circuit Breaker "
			       "was triggered'."));
	assert_true(has_event(&client, "deployment failed: tasks failed to start."));
	assert_true(has_event(&client, "rolling back to deployment ecs-svc/"));
	client_close(&client);
}

/* The stack says that all went well, and the old tasks run. */
static void hides_a_breakers_rollback_behind_a_complete_update(void **state)
{
	struct client client;

	(void)state;
	open_updating(&client, "services: [{image: ':bad', outcome: crash, breaker: hidden}]",
		      "false", "FARGATE");
	wait_until_at_rest(&client);
	assert_string_equal(status_of(&client), "UPDATE_COMPLETE");
	assert_string_equal(json_text(rollout_primary(service_of(&client)), "taskDefinition"),
			    "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1");
	assert_string_equal(
		json_text(json_object_get(
				  json_object_get(stack_find(client.sandbox, "app"), "Resources"),
				  "Task"),
			  "PhysicalResourceId"),
		"arn:aws:ecs:us-east-1:123456789012:task-definition/web:2");
	assert_string_equal(json_text(task_definition_find(client.sandbox, "web:1"), "status"),
			    "INACTIVE");
	client_close(&client);
}

static void recovers_after_so_many_failures(void **state)
{
	struct client client;

	(void)state;
	open_updating(&client, "services: [{image: ':bad', outcome: crash, failures: 4}]", "false",
		      "FARGATE");
	assert_in_range(wait_until_at_rest(&client), 60, 300);
	assert_string_equal(status_of(&client), "UPDATE_COMPLETE");
	client_close(&client);
}

static void can_be_cancelled_while_tasks_crash(void **state)
{
	struct client client;

	(void)state;
	open_updating(&client, "services: [{image: ':bad', outcome: crash}]", "false", "FARGATE");
	pass(&client, 100);
	assert_int_equal(client_call(&client, "cloudformation", "CancelUpdateStack", "StackName",
				     "app", NULL),
			 200);
	assert_in_range(wait_until_at_rest(&client), 30, 300);
	assert_string_equal(status_of(&client), "UPDATE_ROLLBACK_COMPLETE");
	assert_string_equal(json_text(rollout_primary(service_of(&client)), "taskDefinition"),
			    "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1");
	client_close(&client);
}

/* One way to fail: what the stopped task says of it on Fargate and on EC2. */
static const struct {
	const char *outcome, *mode, *stop_code, *reason, *container_reason;
	int exit_code; /* -1: none */
} ends[] = {
	{ "crash", "FARGATE", "EssentialContainerExited", "Essential container in task exited", "",
	  1 },
	{ "oom", "FARGATE", "EssentialContainerExited", "Essential container in task exited",
	  "OutOfMemoryError: Container killed due to memory usage", 137 },
	{ "pull", "FARGATE", "TaskFailedToStart",
	  "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to "
	  "resolve ref app:bad: app:bad: not found",
	  "", -1 },
	{ "pull", "EC2", "TaskFailedToStart", "Task failed to start",
	  "CannotPullContainerError: Error response from daemon: manifest for app:bad not found: "
	  "manifest unknown: Requested image not found",
	  -1 },
	{ "secret", "FARGATE", "TaskFailedToStart",
	  "ResourceInitializationError: unable to pull "
	  "secrets or registry auth: ",
	  "", -1 },
	{ "unhealthy", "FARGATE", "ServiceSchedulerInitiated",
	  "Task failed ELB health checks in (target-group tg)", "", 137 },
};

static void tells_how_each_task_ended(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		CLEANUP(str_release) struct str scenario = STR_INIT;
		const json_t *task, *container, *exit_code;
		struct client client;

		str_addf(&scenario, "services: [{image: ':bad', outcome: %s}]", ends[i].outcome);
		open_updating(&client, scenario.buf, "false", ends[i].mode);
		pass(&client, 130);
		task = stopped_task(&client);
		container = web_container(task);
		exit_code = json_object_get(container, "exitCode");
		assert_string_equal(json_text(task, "stopCode"), ends[i].stop_code);
		assert_non_null(strstr(json_text(task, "stoppedReason"), ends[i].reason));
		assert_string_equal(json_text(container, "reason") ? json_text(container, "reason")
								   : "",
				    ends[i].container_reason);
		assert_int_equal(exit_code ? json_integer_value(exit_code) : -1, ends[i].exit_code);
		client_close(&client);
	}
}

static void says_that_a_task_cannot_be_placed(void **state)
{
	struct client client;

	(void)state;
	open_updating(&client, "services: [{image: ':bad', outcome: unplaced, failures: 8}]",
		      "false", "EC2");
	pass(&client, 90);
	assert_true(has_event(&client, "was unable to place a task because no container instance"));
	assert_null(stopped_task(&client));
	wait_until_at_rest(&client);
	assert_string_equal(status_of(&client), "UPDATE_COMPLETE");
	client_close(&client);
}

/* Rows: pattern, message, whether it fits. */
static const struct {
	const char *pattern, *message;
	bool fits;
} patterns[] = {
	{ "", "anything", true },
	{ "no", "no database", true },
	{ "no such", "no database", false },
	{ "\"no database\"", "no database here", true },
	{ "\"no data\" -here", "no database here", false },
	{ "?error ?database", "no database", true },
	{ "?error ?warning", "no database", false },
	{ "Error", "error", false },
};

static void fits_filter_patterns(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		assert_int_equal(log_pattern_check(patterns[i].pattern, &err), 0);
		assert_int_equal(log_pattern_fits(patterns[i].pattern, patterns[i].message),
				 patterns[i].fits);
	}
	assert_int_equal(log_pattern_check("{ $.level = \"error\" }", &err), -1);
	error_release(&err);
	assert_int_equal(log_pattern_check("\"open", &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rolls_out_new_tasks_and_stops_the_old_ones),
		cmocka_unit_test(waits_three_hours_without_a_circuit_breaker),
		cmocka_unit_test(forgets_stopped_tasks_after_an_hour),
		cmocka_unit_test(fails_the_stack_by_the_circuit_breaker),
		cmocka_unit_test(hides_a_breakers_rollback_behind_a_complete_update),
		cmocka_unit_test(recovers_after_so_many_failures),
		cmocka_unit_test(can_be_cancelled_while_tasks_crash),
		cmocka_unit_test(tells_how_each_task_ended),
		cmocka_unit_test(says_that_a_task_cannot_be_placed),
		cmocka_unit_test(fits_filter_patterns),
	};

	return cmocka_run_group_tests_name("sandbox_ecs", tests, NULL, NULL);
}
