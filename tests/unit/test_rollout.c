#include "fake_ecs.h"
#include "stack/rollout.h"

#define NEW "ecs-svc/2"
#define OLD "ecs-svc/1"

#define UNDER_WAY                                                                                  \
	SERVICE(DEPLOYMENT(NEW, "PRIMARY", "app:2", "IN_PROGRESS", "", 0, 2,                       \
			   1440938165) "," DEPLOYMENT(OLD, "ACTIVE", "app:1", "COMPLETED", "", 2,  \
						      2, 1440900000),                              \
		"")

static void set_up(struct fake_cfn *fake, struct rollout *rollout)
{
	rollout_init(rollout, fake->client, &fake->report.report, "App", CLUSTER, SERVICE_ARN);
	rollout->since_ms = START_S * 1000L;
}

/* A rule of facts/features.md 3.9: what is stopped, and what is made of it. */
struct rule {
	const char *arns, *tasks, *running, *running_tasks;
	enum rollout_verdict want;
	const char *reason; /* a part of it */
};

#define EXITED(id, code, created, stopped)                                                         \
	TASK(id, NEW, "STOPPED", created,                                                          \
	     ", \"stopCode\": \"EssentialContainerExited\", \"stoppedReason\": \"Essential "       \
	     "container in task exited\", \"stoppedAt\": " #stopped                                \
	     ".0, \"containers\": [{\"name\": \"app\", \"exitCode\": " #code "}]")
#define LIVED(id, started, stopped)                                                                \
	TASK(id, NEW, "STOPPED", 1440938170,                                                       \
	     ", \"stopCode\": \"EssentialContainerExited\", \"startedAt\": " #started              \
	     ".0, \"stoppedAt\": " #stopped                                                        \
	     ".0, \"containers\": [{\"name\": \"app\", \"exitCode\": 1}]")
#define LATE_CRASHES                                                                               \
	TASKS(LIVED("a", 1440938170, 1440938265) "," LIVED("b", 1440938190, 1440938280) "," LIVED( \
		"c", 1440938210, 1440938300))
#define THREE ARNS(ARN("a") "," ARN("b") "," ARN("c"))

#define PULL "CannotPullContainerError: manifest for app:2b not found"

static const struct rule rules[] = {
	/* Two that cannot start; one may be an accident. */
	{ ARNS(ARN("a") "," ARN("b")),
	  TASKS(STOPPED("a", NEW, "TaskFailedToStart", PULL, 1440938180,
			"") "," STOPPED("b", NEW, "TaskFailedToStart", PULL, 1440938190, "")),
	  NULL, NULL, ROLLOUT_FAILING, PULL },
	{ ARNS(ARN("a")),
	  TASKS(STOPPED("a", NEW, "TaskFailedToStart", "CannotPullContainerError: x", 1440938180,
			"")),
	  NULL, NULL, ROLLOUT_UNDER_WAY, "" },
	/* A service of before there were stop codes. */
	{ ARNS(ARN("a") "," ARN("b")),
	  TASKS(STOPPED("a", NEW, "", "ResourceInitializationError: no secrets", 1440938180,
			"") "," STOPPED("b", NEW, "", "ResourceInitializationError: no secrets",
					1440938190, "")),
	  NULL, NULL, ROLLOUT_FAILING, "its tasks cannot start: ResourceInit" },
	/* Three that crash, while none lasts. */
	{ THREE,
	  TASKS(CRASHED("a", NEW, 1440938180) "," CRASHED("b", NEW, 1440938190) "," CRASHED(
		  "c", NEW, 1440938200)),
	  ARNS(""), NULL, ROLLOUT_FAILING,
	  "its tasks crash one after another: Essential container in task exited; "
	  "container 'app' exited with status 1" },
	{ ARNS(ARN("a") "," ARN("b")),
	  TASKS(CRASHED("a", NEW, 1440938180) "," CRASHED("b", NEW, 1440938190)), NULL, NULL,
	  ROLLOUT_UNDER_WAY, "" },
	/* One lives for a minute: the others may be an accident, or not; it runs 10 s. */
	{ THREE,
	  TASKS(CRASHED("a", NEW, 1440938180) "," CRASHED("b", NEW, 1440938190) "," CRASHED(
		  "c", NEW, 1440938240)),
	  ARNS(ARN("d")),
	  TASKS(TASK("d", NEW, "RUNNING", 1440938170, ", \"startedAt\": 1440938180.0")),
	  ROLLOUT_UNDER_WAY, "" },
	{ THREE,
	  TASKS(CRASHED("a", NEW, 1440938180) "," CRASHED("b", NEW, 1440938190) "," CRASHED(
		  "c", NEW, 1440938240)),
	  ARNS(ARN("d")),
	  TASKS(TASK("d", NEW, "RUNNING", 1440938170, ", \"startedAt\": 1440938230.0")),
	  ROLLOUT_FAILING, "crash" },
	/* Three that end after a minute and a half, one after the other: a fourth that is past a
	 * minute is on the same way, until it has outlived them. */
	{ THREE, LATE_CRASHES, ARNS(ARN("d")),
	  TASKS(TASK("d", NEW, "RUNNING", 1440938170, ", \"startedAt\": 1440938235.0")),
	  ROLLOUT_FAILING, "crash" },
	{ THREE, LATE_CRASHES, ARNS(ARN("d")),
	  TASKS(TASK("d", NEW, "RUNNING", 1440938170, ", \"startedAt\": 1440938205.0")),
	  ROLLOUT_UNDER_WAY, "" },
	/* One that lived so long, among crashes at the start, is no measure. */
	{ THREE,
	  TASKS(CRASHED("a", NEW, 1440938180) "," CRASHED("b", NEW, 1440938190) "," LIVED(
		  "c", 1440938170, 1440938300)),
	  ARNS(ARN("d")),
	  TASKS(TASK("d", NEW, "RUNNING", 1440938170, ", \"startedAt\": 1440938235.0")),
	  ROLLOUT_UNDER_WAY, "" },
	/* An old task that lives proves nothing for the new version. */
	{ THREE,
	  TASKS(CRASHED("a", NEW, 1440938180) "," CRASHED("b", NEW, 1440938190) "," CRASHED(
		  "c", NEW, 1440938240)),
	  ARNS(ARN("d")),
	  TASKS(TASK("d", OLD, "RUNNING", 1440900000, ", \"startedAt\": 1440900000.0")),
	  ROLLOUT_FAILING, "crash" },
	/* Three that are not healthy. */
	{ THREE,
	  TASKS(STOPPED("a", NEW, "ServiceSchedulerInitiated",
			"Task failed ELB health checks in (target-group x)", 1440938180,
			"") "," STOPPED("b", NEW, "ServiceSchedulerInitiated",
					"Task failed container health checks", 1440938190,
					"") "," STOPPED("c", NEW, "",
							"(service app) (task c) failed ELB "
							"health checks",
							1440938200, "")),
	  NULL, NULL, ROLLOUT_FAILING, "its tasks fail their health checks: (service" },
	/* Nobody's fault: scaling, a person, a reclaimed instance, a status of 0. */
	{ THREE,
	  TASKS(STOPPED("a", NEW, "ServiceSchedulerInitiated",
			"Scaling activity initiated by (deployment ecs-svc/2)", 1440938180,
			"") "," STOPPED("b", NEW, "UserInitiated", "health check by hand",
					1440938190, "") "," STOPPED("c", NEW, "SpotInterruption",
								    "CannotPull", 1440938200, "")),
	  NULL, NULL, ROLLOUT_UNDER_WAY, "" },
	{ THREE,
	  TASKS(EXITED("a", 0, 1440938170, 1440938180) "," EXITED(
		  "b", 0, 1440938170, 1440938190) "," EXITED("c", 0, 1440938170, 1440938200)),
	  NULL, NULL, ROLLOUT_UNDER_WAY, "" },
	/* Of another deployment, of before this operation, or stopping still. */
	{ THREE,
	  TASKS(CRASHED("a", OLD, 1440938180) "," CRASHED("b", OLD, 1440938190) "," CRASHED(
		  "c", OLD, 1440938200)),
	  NULL, NULL, ROLLOUT_UNDER_WAY, "" },
	{ THREE,
	  TASKS(EXITED("a", 1, 1440938100, 1440938180) "," EXITED(
		  "b", 1, 1440938100, 1440938190) "," EXITED("c", 1, 1440938100, 1440938200)),
	  NULL, NULL, ROLLOUT_UNDER_WAY, "" },
	{ ARNS(ARN("a") "," ARN("b")),
	  TASKS(TASK("a", NEW, "STOPPING", 1440938170,
		     ", \"stopCode\": \"TaskFailedToStart\"") "," TASK("b", NEW, "DEPROVISIONING",
								       1440938170,
								       ", \"stopCode\": "
								       "\"TaskFailedToStart"
								       "\"")),
	  NULL, NULL, ROLLOUT_UNDER_WAY, "" },
};

static void judges_by_the_tasks_that_stopped(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct fake_answer answers[] = {
			{ "DescribeServices", 200, UNDER_WAY, 0 },
			{ "ListTasks", 200, rules[i].arns, 1 },
			{ "DescribeTasks", 200, rules[i].tasks, 1 },
			{ "ListTasks", 200, rules[i].running ? rules[i].running : "", 1 },
			{ "DescribeTasks", 200,
			  rules[i].running_tasks ? rules[i].running_tasks : "", 1 },
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
		CLEANUP(rollout_release) struct rollout rollout;

		FAKE_CFN_SET_UP(fake, answers);
		set_up(&fake, &rollout);
		assert_int_equal(rollout_step(&rollout, 1000, &fake.err), 0);
		if (rollout.verdict != rules[i].want)
			fail_msg("rule %zu: %d (%s)", i, (int)rollout.verdict, rollout.reason.buf);
		assert_non_null(strstr(rollout.reason.buf, rules[i].reason));
		assert_int_equal(fake_cfn_called(&fake, "ListTasks"), rules[i].running ? 2 : 1);
	}
}

/* The same tasks listed again are the same tasks; a verdict stays and asks no more. */
static void counts_each_task_once(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeServices", 200, UNDER_WAY, 0 },
		{ "ListTasks", 200, ARNS(ARN("a") "," ARN("b")), 2 },
		{ "DescribeTasks", 200,
		  TASKS(CRASHED("a", NEW, 1440938180) "," CRASHED("b", NEW, 1440938190)), 1 },
		{ "ListTasks", 200, ARNS(ARN("b") "," ARN("c")), 1 },
		{ "DescribeTasks", 200, TASKS(CRASHED("c", NEW, 1440938200)), 1 },
		{ "ListTasks", 200, ARNS(""), 1 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	CLEANUP(rollout_release) struct rollout rollout;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	set_up(&fake, &rollout);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(rollout_step(&rollout, 1000, &fake.err), 0);
		assert_int_equal(rollout.verdict, ROLLOUT_UNDER_WAY);
	}
	for (int i = 0; i < 3; i++) {
		assert_int_equal(rollout_step(&rollout, 2000, &fake.err), 0);
		assert_int_equal(rollout.verdict, ROLLOUT_FAILING);
	}
	assert_int_equal(fake_cfn_called(&fake, "DescribeTasks"), 2);
	assert_int_equal(fake_cfn_called(&fake, "DescribeServices"), 3);
	assert_string_equal(fake.report.told.buf, "App: 0 of 2 tasks run, 2 failed\n"
						  "App: 0 of 2 tasks run, 3 failed\n");
	/* Grows with what is listed, not with what was. */
	assert_int_equal(rollout.seen.count, 2);
}

/* A first look before CloudFormation acted sees the former deployment: its stops do not count. */
static void starts_anew_with_another_deployment(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeServices", 200,
		  SERVICE(DEPLOYMENT(OLD, "PRIMARY", "app:1", "IN_PROGRESS", "", 1, 2, 1440938165),
			  ""),
		  1 },
		{ "DescribeServices", 200, UNDER_WAY, 0 },
		{ "ListTasks", 200, ARNS(ARN("a") "," ARN("b")), 2 },
		{ "DescribeTasks", 200,
		  TASKS(CRASHED("a", OLD, 1440938180) "," CRASHED("b", NEW, 1440938190)), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	CLEANUP(rollout_release) struct rollout rollout;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	set_up(&fake, &rollout);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(rollout_step(&rollout, 1000, &fake.err), 0);
		assert_int_equal(rollout.stops[TASK_STOP_EXIT], 1);
	}
	assert_string_equal(rollout.deployment.buf, NEW);
	assert_string_equal(rollout.task_definition.buf, DEFINITION "app:2");
}

static void waits_for_capacity_before_it_gives_up(void **state)
{
#define UNABLE "(service app) was unable to place a task because no container instance met all"
#define PLACES(events)                                                                             \
	SERVICE(DEPLOYMENT(NEW, "PRIMARY", "app:2", "IN_PROGRESS", "", 0, 2, 1440938165), events)
	static const struct fake_answer answers[] = {
		{ "DescribeServices", 200, PLACES(SERVICE_EVENT("1", UNABLE, 1440938100)), 1 },
		{ "DescribeServices", 200, PLACES(SERVICE_EVENT("2", UNABLE, 1440938170)), 2 },
		{ "DescribeServices", 200,
		  PLACES(SERVICE_EVENT("3", "(service app) has started 1 tasks: (task a).",
				       1440938175) "," SERVICE_EVENT("2", UNABLE, 1440938170)),
		  1 },
		{ "DescribeServices", 200, PLACES(SERVICE_EVENT("4", UNABLE, 1440938180)), 0 },
		{ "ListTasks", 200, ARNS(""), 0 },
	};
	static const struct {
		int64_t now_ms;
		bool warned;
		enum rollout_verdict want;
	} steps[] = {
		{ 1000, false, ROLLOUT_UNDER_WAY },   /* of before this operation */
		{ 10000, false, ROLLOUT_UNDER_WAY },  /* since now */
		{ 130000, true, ROLLOUT_UNDER_WAY },  /* 2 minutes */
		{ 140000, false, ROLLOUT_UNDER_WAY }, /* one found a place */
		{ 150000, false, ROLLOUT_UNDER_WAY }, { 449999, true, ROLLOUT_UNDER_WAY },
		{ 450000, false, ROLLOUT_FAILING }, /* 5 minutes */
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	CLEANUP(rollout_release) struct rollout rollout;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	set_up(&fake, &rollout);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		str_reset(&fake.report.told);
		assert_int_equal(rollout_step(&rollout, steps[i].now_ms, &fake.err), 0);
		assert_int_equal(rollout.verdict, steps[i].want);
		assert_int_equal(!!strstr(fake.report.told.buf, "warning: App: a task finds no"),
				 steps[i].warned);
	}
	assert_string_equal(rollout.reason.buf, "its tasks find no place in the cluster");
}

/* C1, C2: ECS gave it up itself, and goes back already. */
static void c1_c2_believes_the_circuit_breaker(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeServices", 200, UNDER_WAY, 1 },
		{ "DescribeServices", 200,
		  SERVICE(DEPLOYMENT("ecs-svc/3", "PRIMARY", "app:1", "IN_PROGRESS", "rolling back",
				     2, 2,
				     1440938300) "," DEPLOYMENT(NEW, "ACTIVE", "app:2", "FAILED",
								"ECS deployment circuit breaker: "
								"tasks failed to start.",
								0, 2, 1440938165),
			  ""),
		  0 },
		{ "ListTasks", 200, ARNS(ARN("a")), 0 },
		{ "DescribeTasks", 200, TASKS(CRASHED("a", NEW, 1440938200)), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	CLEANUP(rollout_release) struct rollout rollout;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	set_up(&fake, &rollout);
	assert_int_equal(rollout_step(&rollout, 1000, &fake.err), 0);
	assert_int_equal(rollout.verdict, ROLLOUT_UNDER_WAY);
	assert_int_equal(rollout_step(&rollout, 2000, &fake.err), 0);
	assert_int_equal(rollout.verdict, ROLLOUT_FAILING);
	assert_non_null(strstr(rollout.reason.buf, "circuit breaker: tasks failed to start: "
						   "Essential container in task exited"));
}

static void sees_when_it_is_steady(void **state)
{
	static const struct {
		const char *service;
		enum rollout_verdict want;
	} rows[] = {
		{ SERVICE(DEPLOYMENT(NEW, "PRIMARY", "app:2", "COMPLETED", "", 2, 2, 1440938165),
			  ""),
		  ROLLOUT_STEADY },
		{ SERVICE(DEPLOYMENT(NEW, "PRIMARY", "app:2", "", "", 2, 2, 1440938165), ""),
		  ROLLOUT_STEADY },
		{ SERVICE(DEPLOYMENT(NEW, "PRIMARY", "app:2", "IN_PROGRESS", "", 2, 2, 1440938165),
			  ""),
		  ROLLOUT_UNDER_WAY },
		{ SERVICE(DEPLOYMENT(NEW, "PRIMARY", "app:2", "COMPLETED", "", 1, 2, 1440938165),
			  ""),
		  ROLLOUT_UNDER_WAY },
		{ SERVICE("", ""), ROLLOUT_UNDER_WAY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "DescribeServices", 200, rows[i].service, 0 },
			{ "ListTasks", 200, ARNS(""), 0 },
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
		CLEANUP(rollout_release) struct rollout rollout;

		FAKE_CFN_SET_UP(fake, answers);
		set_up(&fake, &rollout);
		assert_int_equal(rollout_step(&rollout, 1000, &fake.err), 0);
		assert_int_equal(rollout.verdict, rows[i].want);
	}
}

/* C3: an answer of success that lacks the service is none; nor does any failed look decide. */
static void c3_decides_nothing_without_the_service(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeServices", 200,
		  "{\"services\": [], \"failures\": [{\"arn\": \"x\", \"reason\": \"MISSING\"}]}",
		  1 },
		{ "DescribeServices", 400, "{\"__type\": \"ClusterNotFoundException\"}", 1 },
		{ "DescribeServices", 200, UNDER_WAY, 0 },
		{ "ListTasks", 400, "{\"__type\": \"ThrottlingException\"}", 1 },
		{ "ListTasks", 200, ARNS(ARN("a")), 1 },
		{ "DescribeTasks", 500, "<html>", 1 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	CLEANUP(rollout_release) struct rollout rollout;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	set_up(&fake, &rollout);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(rollout_step(&rollout, 1000, &fake.err), -1);
		assert_int_equal(rollout.verdict, ROLLOUT_UNDER_WAY);
		error_release(&fake.err);
	}
	assert_int_equal(rollout.seen.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_by_the_tasks_that_stopped),
		cmocka_unit_test(counts_each_task_once),
		cmocka_unit_test(starts_anew_with_another_deployment),
		cmocka_unit_test(waits_for_capacity_before_it_gives_up),
		cmocka_unit_test(c1_c2_believes_the_circuit_breaker),
		cmocka_unit_test(sees_when_it_is_steady),
		cmocka_unit_test(c3_decides_nothing_without_the_service),
	};

	return cmocka_run_group_tests_name("rollout", tests, NULL, NULL);
}
