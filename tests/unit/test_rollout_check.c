#include "fake_ecs.h"
#include "stack/rollout_check.h"

#define NEW   "ecs-svc/2"
#define IMAGE "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:2b"
#define OURS                                                                                       \
	RESOURCE("Cluster", CLUSTER, "AWS::ECS::Cluster")                                          \
	RESOURCE("Other", DEFINITION "application:2", "AWS::ECS::TaskDefinition")                  \
	RESOURCE("Definition", DEFINITION "app:2", "AWS::ECS::TaskDefinition")                     \
	RESOURCE("App", SERVICE_ARN, "AWS::ECS::Service")
#define RUNS(definition, state)                                                                    \
	SERVICE(DEPLOYMENT(NEW, "PRIMARY", definition, state, "", 2, 2, 1440938165), "")
#define RUNNING(digest)                                                                            \
	TASKS(TASK("a", NEW, "RUNNING", 1440938170,                                                \
		   ", \"containers\": [" CONTAINER("app",                                          \
						   ", \"image\": \"" IMAGE                         \
						   "\", \"imageDigest\": \"" digest "\"") "]"))
#define DENIED "{\"__type\": \"AccessDeniedException\", \"message\": \"not authorized\"}"

static int check_with(struct fake_cfn *fake, const char *digest)
{
	const struct rollout_check check = {
		.client = fake->client,
		.report = &fake->report.report,
		.stack_arn = STACK_ARN,
		.image = *digest ? IMAGE : "",
		.digest = digest,
	};

	return rollout_check(&check, &fake->err) < 0 ? error_exit_status(&fake->err) : 0;
}

/* C2: what is PRIMARY, and whether that is what the stack has. */
static void c2_compares_the_task_definition(void **state)
{
	static const struct {
		const char *service;
		int want;
		const char *message;
	} rows[] = {
		{ RUNS("app:2", "COMPLETED"), 0, "" },
		{ RUNS("app:2", ""), 0, "" },
		{ RUNS("app:1", "COMPLETED"), 10,
		  "App: ECS has rolled back: app:2 is deployed, but app:1 runs" },
		{ RUNS("app:1", "IN_PROGRESS"), 10, "ECS has rolled back" },
		/* From another stack. */
		{ RUNS("elsewhere:7", "COMPLETED"), 0, "" },
		/* Another controller than ECS: no deployments. */
		{ "{\"services\": [{\"serviceArn\": \"" SERVICE_ARN
		  "\", \"taskDefinition\": \"" DEFINITION "app:2\"}]}",
		  0, "" },
		{ "{\"services\": [{\"serviceArn\": \"" SERVICE_ARN "\"}]}", 12,
		  "ECS tells no task definition" },
		{ "{\"services\": [], \"failures\": [{\"reason\": \"MISSING\"}]}", 12, "MISSING" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "ListStackResources", 200, RESOURCES(OURS), 0 },
			{ "DescribeServices", 200, rows[i].service, 0 },
			{ "ListTasks", 200, ARNS(""), 0 },
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(check_with(&fake, ""), rows[i].want);
		assert_non_null(strstr(fake.err.msg.buf, rows[i].message));
		assert_int_equal(!!fake.err.fix.len, rows[i].want != 0);
	}
}

/* Not seen is said, and is neither success nor failure. */
static void claims_no_success_that_it_cannot_see(void **state)
{
	static const struct fake_answer rows[] = {
		{ "DescribeServices", 400, DENIED, 0 },
		{ "DescribeServices", 400, "{\"__type\": \"ThrottlingException\"}", 0 },
		{ "ListStackResources", 403, FAULT("AccessDenied", "not authorized"), 0 },
		{ "ListTasks", 400, DENIED, 0 },
		{ "DescribeTasks", 400, DENIED, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			rows[i],
			{ "ListStackResources", 200, RESOURCES(OURS), 0 },
			{ "DescribeServices", 200, RUNS("app:2", "COMPLETED"), 0 },
			{ "ListTasks", 200, ARNS(ARN("a")), 0 },
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(check_with(&fake, ""), 12);
		assert_non_null(strstr(fake.err.msg.buf, "cannot be said"));
		assert_int_equal(!!strstr(fake.err.fix.buf, "ecs.verify"), i != 1);
	}
}

/* CloudFormation was quicker than ECS: waited for, for a while. */
static void waits_until_ecs_calls_it_complete(void **state)
{
	static const struct fake_answer soon[] = {
		{ "ListStackResources", 200, RESOURCES(OURS), 0 },
		{ "DescribeServices", 200, RUNS("app:2", "IN_PROGRESS"), 5 },
		{ "DescribeServices", 200, RUNS("app:2", "COMPLETED"), 0 },
		{ "ListTasks", 200, ARNS(""), 0 },
	};
	static const struct fake_answer never[] = {
		{ "ListStackResources", 200, RESOURCES(OURS), 0 },
		{ "DescribeServices", 200, RUNS("app:2", "IN_PROGRESS"), 0 },
		{ "ListTasks", 200, ARNS(""), 0 },
	};
	static const struct fake_answer crashing[] = {
		{ "ListStackResources", 200, RESOURCES(OURS), 0 },
		{ "DescribeServices", 200, RUNS("app:2", "IN_PROGRESS"), 0 },
		{ "ListTasks", 200, ARNS(ARN("a") "," ARN("b") "," ARN("c")), 1 },
		{ "DescribeTasks", 200,
		  TASKS(CRASHED("a", NEW, 1440938180) "," CRASHED("b", NEW, 1440938190) "," CRASHED(
			  "c", NEW, 1440938200)),
		  0 },
		{ "ListTasks", 200, ARNS(""), 0 },
	};
	static const struct {
		const struct fake_answer *answers;
		size_t count;
		int want;
	} rows[] = { { soon, 4, 0 }, { never, 3, 12 }, { crashing, 5, 11 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

		fake_cfn_set_up(&fake, rows[i].answers, rows[i].count);
		assert_int_equal(check_with(&fake, ""), rows[i].want);
		assert_true(fake.clock.now_ms <= START_S * 1000L + 11 * 60 * 1000L);
	}
}

static void compares_the_digests_of_running_tasks(void **state)
{
	static const char image[] = "{\"imageDetails\": [{\"imageDigest\": \"sha256:1\"}]}";
	static const struct {
		const char *pushed, *runs;
		int ecr_status;
		int want;
		unsigned asked; /* the registry */
	} rows[] = {
		{ "sha256:1", RUNNING("sha256:1"), 200, 0, 0 },
		{ "sha256:2", RUNNING("sha256:1"), 200, 11, 0 },
		{ "", RUNNING("sha256:1"), 200, 0, 1 },
		{ "", RUNNING("sha256:3"), 200, 11, 1 },
		{ "", RUNNING("sha256:3"), 400, 0, 1 }, /* not allowed to ask: unknown */
		{ "sha256:1", RUNNING(""), 200, 0, 0 }, /* an old agent tells none */
		{ "sha256:1",
		  TASKS(TASK("a", NEW, "PENDING", 1440938170,
			     ", \"containers\": [" CONTAINER("app",
							     ", \"image\": \"" IMAGE
							     "\", \"imageDigest\": \"x\"") "]")),
		  200, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "ListStackResources", 200, RESOURCES(OURS), 0 },
			{ "DescribeServices", 200, RUNS("app:2", "COMPLETED"), 0 },
			{ "ListTasks", 200, ARNS(ARN("a")), 0 },
			{ "DescribeTasks", 200, rows[i].runs, 0 },
			{ "DescribeImages", rows[i].ecr_status,
			  rows[i].ecr_status == 200 ? image : DENIED, 0 },
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(check_with(&fake, rows[i].pushed), rows[i].want);
		assert_int_equal(fake_cfn_called(&fake, "DescribeImages"), rows[i].asked);
	}
}

/* Services of nested stacks too; their task definitions may be anywhere in the stack. */
static void looks_into_nested_stacks(void **state)
{
	static const struct fake_answer answers[] = {
		{ "ListStackResources", 200,
		  RESOURCES(RESOURCE("Definition", DEFINITION "app:2", "AWS::ECS::TaskDefinition")
				    RESOURCE("Web", "arn:aws:cloudformation:nested",
					     "AWS::CloudFormation::Stack")),
		  1 },
		{ "ListStackResources", 200,
		  RESOURCES(RESOURCE("App", SERVICE_ARN, "AWS::ECS::Service")), 1 },
		{ "DescribeServices", 200, RUNS("app:1", "COMPLETED"), 0 },
	};
	static const struct fake_answer none[] = {
		{ "ListStackResources", 200, RESOURCES(""), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	CLEANUP(fake_cfn_tear_down) struct fake_cfn empty;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(check_with(&fake, ""), 10);
	assert_non_null(strstr(fake.err.msg.buf, "Web/App: ECS has rolled back"));
	FAKE_CFN_SET_UP(empty, none);
	assert_int_equal(check_with(&empty, ""), 0);
	assert_string_equal(empty.calls.buf, "ListStackResources");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(c2_compares_the_task_definition),
		cmocka_unit_test(claims_no_success_that_it_cannot_see),
		cmocka_unit_test(waits_until_ecs_calls_it_complete),
		cmocka_unit_test(compares_the_digests_of_running_tasks),
		cmocka_unit_test(looks_into_nested_stacks),
	};

	return cmocka_run_group_tests_name("rollout_check", tests, NULL, NULL);
}
