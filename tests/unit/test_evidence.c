#include "fake_ecs.h"
#include "stack/evidence.h"

#define LAMBDA_STREAM "2026/11/23/[$LATEST]0a1b"
#define TASK_DEFINITION                                                                            \
	"{\"taskDefinition\": {\"taskDefinitionArn\": \"" DEFINITION                               \
	"app:2\", \"containerDefinitions\": ["                                                     \
	"{\"name\": \"app\", \"logConfiguration\": {\"logDriver\": \"awslogs\", \"options\": "     \
	"{\"awslogs-group\": \"/todobackend/ecs\", \"awslogs-region\": \"us-east-1\", "            \
	"\"awslogs-stream-prefix\": \"docker\"}}}, {\"name\": \"side\"}]}}"
#define LOG_EVENT(at, message) "{\"timestamp\": " #at ", \"message\": \"" message "\"}"
#define LOG(events)	       "{\"events\": [" events "]}"
#define OURS                                                                                       \
	RESOURCES(RESOURCE("Cluster", CLUSTER, "AWS::ECS::Cluster") RESOURCE(                      \
		"EcsTaskRunner", "todobackend-ecsTasks", "AWS::Lambda::Function"))
#define TEMPLATE(token)                                                                            \
	REPLY("GetTemplate", "<TemplateBody>Resources:\n  MigrateTask:\n    Type: Custom::EcsTask" \
			     "\n    Properties: {ServiceToken: " token "}\n</TemplateBody>")

static char name[] = "Net/MigrateTask", status[] = "UPDATE_FAILED", stack[] = STACK_ARN;
static char service_arn[] = SERVICE_ARN, reason_of_all[] = "did not stabilize";

static struct failure failure_of(char *type, char *reason)
{
	return (struct failure){
		.name = name,
		.type = type,
		.status = status,
		.reason = reason,
		.physical_id = service_arn,
		.stack_id = stack,
		.time_ms = 1440938200000,
	};
}

static char service_type[] = "AWS::ECS::Service";
static char custom_type[] = "Custom::EcsTask";
static char other_type[] = "AWS::X::Y";

static void read_it(struct fake_cfn *fake, const struct failure *failure, struct evidence *evidence)
{
	evidence_read(fake->client, failure, START_S * 1000L, evidence);
	evidence_tell(evidence, &fake->report.report);
}

static void reads_the_stopped_tasks_of_a_service(void **state)
{
	static const struct fake_answer answers[] = {
		{ "ListTasks", 200, ARNS(ARN("a") "," ARN("b") "," ARN("c")), 0 },
		{ "DescribeTasks", 200,
		  TASKS(CRASHED("a", "d", 1440938180) "," STOPPED(
			  "b", "d", "EssentialContainerExited",
			  "Essential container in task exited", 1440938190,
			  CONTAINER(
				  "app",
				  ", \"exitCode\": 137, \"reason\": "
				  "\"OutOfMemoryError\"") "," CONTAINER("side",
									", \"exitCode\": "
									"0")) "," CRASHED("c", "d",
											  1440938100)),
		  0 },
		{ "DescribeTaskDefinition", 200, TASK_DEFINITION, 0 },
		{ "GetLogEvents", 200,
		  LOG(LOG_EVENT(1, "starting\\n") "," LOG_EVENT(
			  2, "django.db: mysql://app:s3cret@db/todo refused")),
		  0 },
		{ "DescribeServices", 200,
		  SERVICE("",
			  SERVICE_EVENT(
				  "3", "(service app) has started 1 tasks",
				  1440938190) "," SERVICE_EVENT("2",
								"(service app) is unable to start "
								"tasks",
								1440938185) "," SERVICE_EVENT("1",
											      "fail"
											      "ed "
											      "long"
											      " ag"
											      "o",
											      1440938000)),
		  0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	CLEANUP(evidence_release) struct evidence evidence = EVIDENCE_INIT;
	const struct failure failure = failure_of(service_type, reason_of_all);

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	read_it(&fake, &failure, &evidence);
	assert_string_equal(
		evidence.summary.buf,
		"2 tasks failed, the last: Essential container in task exited; container "
		"'app' exited with status 137: OutOfMemoryError");
	assert_string_equal(
		fake.report.told.buf,
		"warning: why Net/MigrateTask fails:\n"
		"  task b: Essential container in task exited; container 'app' exited with status "
		"137: OutOfMemoryError\n"
		"  task a: Essential container in task exited; container 'app' exited with status "
		"1\n"
		"  service: (service app) is unable to start tasks\n"
		"starting\n"
		"django.db: mysql://app:***@db/todo refused\n"
		"  more: aws logs get-log-events --log-group-name '/todobackend/ecs' "
		"--log-stream-name 'docker/app/b'\n");
	assert_int_equal(fake_cfn_called(&fake, "GetLogEvents"), 1);
	assert_int_equal(fake_cfn_called(&fake, "ListStackResources"), 0);
}

/* C4: it never ran: there is no log, and the reason says all. */
static void c4_says_why_a_task_cannot_start(void **state)
{
	static const char *const reasons[] = {
		"CannotPullContainerError: not found",
		"ResourceInitializationError: unable to pull secrets",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		CLEANUP_FREE char *tasks = mem_printf(
			TASKS(STOPPED("a", "d", "TaskFailedToStart", "%s", 1440938180, "")),
			reasons[i]);
		const struct fake_answer answers[] = {
			{ "ListTasks", 200, ARNS(ARN("a")), 0 },
			{ "DescribeTasks", 200, tasks, 0 },
			{ "DescribeServices", 200, SERVICE("", ""), 0 },
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
		CLEANUP(evidence_release) struct evidence evidence = EVIDENCE_INIT;
		const struct failure failure = failure_of(service_type, reason_of_all);

		FAKE_CFN_SET_UP(fake, answers);
		read_it(&fake, &failure, &evidence);
		assert_string_equal(evidence.summary.buf, reasons[i]);
		assert_string_equal(evidence.next.buf, "aws ecs describe-tasks --cluster " CLUSTER
						       " --tasks " TASK_ARN "a");
	}
}

/* The three hops of the sample: function, task, container. */
static void follows_a_custom_resource_to_its_task(void **state)
{
	static const struct {
		const char *token, *reason;
	} rows[] = {
		{ "!Sub '${EcsTaskRunner.Arn}'",
		  "See the details in CloudWatch Log Stream: " LAMBDA_STREAM " (RequestId: 1)" },
		{ "!GetAtt EcsTaskRunner.Arn", "no answer" },
		{ "'arn:aws:lambda:us-east-1:1:function:todobackend-ecsTasks'", "no answer" },
	};
	static const char lines[] = LOG(
		"{\"timestamp\": 1440938160000, \"message\": \"START RequestId: 0\", "
		"\"logStreamName\": \"" LAMBDA_STREAM "\"},"
		"{\"timestamp\": 1440938161000, \"message\": \"ECS task " TASK_ARN "old failed\"},"
		"{\"timestamp\": 1440938190000, \"message\": \"START RequestId: 1\"},"
		"{\"timestamp\": 1440938190000, \"message\": \"Received event {'ResponseURL': "
		"'https://s', 'Password': 'p'}\"},"
		"{\"timestamp\": 1440938191000, \"message\": \"Started ECS task " TASK_ARN "a\"},"
		"{\"timestamp\": 1440938199000, \"message\": \"ECS task " TASK_ARN
		"a failed with exit code 1\"},"
		"{\"timestamp\": 1440938290000, \"message\": \"START RequestId: 2\"},"
		"{\"timestamp\": 1440938290000, \"message\": \"ECS task " TASK_ARN
		"rollback\", \"logStreamName\": \"" LAMBDA_STREAM "\"}");
	static const struct fake_answer common[] = {
		{ "ListStackResources", 200, OURS, 0 },
		{ "DescribeTasks", 200, TASKS(CRASHED("a", "d", 1440938199)), 0 },
		{ "DescribeTaskDefinition", 200, TASK_DEFINITION, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP_FREE char *template = mem_printf(TEMPLATE("%s"), rows[i].token);
		bool is_named = strstr(rows[i].reason, "Stream") != NULL;
		const struct fake_answer answers[] = {
			common[0],
			common[1],
			common[2],
			{ "GetTemplate", 200, template, 0 },
			{ "FilterLogEvents", 200, lines, 0 },
			{ "GetLogEvents", 200, is_named ? lines : LOG(""), is_named ? 1 : 0 },
			{ "GetLogEvents", 200, LOG(LOG_EVENT(1, "table todo exists")), 0 },
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
		CLEANUP(evidence_release) struct evidence evidence = EVIDENCE_INIT;
		CLEANUP_FREE char *reason = mem_strdup(rows[i].reason);
		const struct failure failure = failure_of(custom_type, reason);

		FAKE_CFN_SET_UP(fake, answers);
		read_it(&fake, &failure, &evidence);
		assert_string_equal(
			evidence.summary.buf,
			"Essential container in task exited; container 'app' exited with "
			"status 1");
		assert_string_equal(evidence.facts.v[0],
				    "behind it is function todobackend-ecsTasks");
		assert_non_null(strstr(fake.report.told.buf, "a failed with exit code 1\n"));
		assert_null(strstr(fake.report.told.buf, "rollback"));
		assert_null(strstr(fake.report.told.buf, "task/" CLUSTER "/old"));
		assert_null(strstr(fake.report.told.buf, "Password"));
		assert_int_equal(fake_cfn_called(&fake, "FilterLogEvents"), !is_named);
	}
}

static void hides_values_that_must_not_be_shown(void **state)
{
	CLEANUP(evidence_release) struct evidence evidence = EVIDENCE_INIT;
	CLEANUP(strv_wipe) struct strv values = STRV_INIT;
	struct evidence_log *log =
		mem_grow(&evidence.logs, &evidence.log_count, sizeof(*evidence.logs));

	(void)state;
	log->lines = (struct strv)STRV_INIT;
	strv_add(&values, "hunter2");
	str_adds(&evidence.summary, "hunter2 is wrong, hunter2!");
	strv_add(&evidence.facts, "nothing here");
	strv_add(&evidence.facts, "password=hunter2");
	strv_add(&log->lines, "hunter2hunter2");
	evidence_hide(&evidence, NULL);
	assert_string_equal(evidence.facts.v[1], "password=hunter2");
	evidence_hide(&evidence, &values);
	assert_string_equal(evidence.summary.buf, "*** is wrong, ***!");
	assert_string_equal(evidence.facts.v[0], "nothing here");
	assert_string_equal(evidence.facts.v[1], "password=***");
	assert_string_equal(evidence.logs[0].lines.v[0], "******");
}

static void says_what_it_could_not_read(void **state)
{
	static const char denied[] = "{\"__type\": \"AccessDeniedException\", \"message\": \"no\"}";
	static const struct fake_answer answers[] = {
		{ "ListTasks", 400, denied, 0 },
		{ "DescribeServices", 400, denied, 0 },
		{ "GetTemplate", 403, FAULT("AccessDenied", "no"), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	CLEANUP(evidence_release) struct evidence evidence = EVIDENCE_INIT;
	struct failure failure = failure_of(service_type, reason_of_all);

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	read_it(&fake, &failure, &evidence);
	assert_string_equal(evidence.summary.buf, "");
	assert_non_null(strstr(fake.report.told.buf, "the service's tasks could not be read"));
	assert_non_null(strstr(fake.report.told.buf, "the service could not be read"));
	failure.type = custom_type;
	read_it(&fake, &failure, &evidence);
	assert_non_null(strstr(fake.report.told.buf, "which function is behind it could not be"));
	failure.type = other_type;
	assert_false(evidence_exists(&failure));
	str_reset(&fake.report.told);
	read_it(&fake, &failure, &evidence);
	assert_string_equal(fake.report.told.buf, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_stopped_tasks_of_a_service),
		cmocka_unit_test(c4_says_why_a_task_cannot_start),
		cmocka_unit_test(follows_a_custom_resource_to_its_task),
		cmocka_unit_test(hides_values_that_must_not_be_shown),
		cmocka_unit_test(says_what_it_could_not_read),
	};

	return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
