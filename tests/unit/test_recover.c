#include "fake_cfn.h"
#include "stack/recover.h"

#define NESTED_ARN "arn:aws:cloudformation:us-east-1:123456789012:stack/todobackend-Net/77"

#define RESOURCE(logical, physical, type, status, reason)                                          \
	"<member><LogicalResourceId>" logical "</LogicalResourceId><PhysicalResourceId>" physical  \
	"</PhysicalResourceId><ResourceType>" type "</ResourceType><ResourceStatus>" status        \
	"</ResourceStatus><ResourceStatusReason>" reason "</ResourceStatusReason></member>"
#define RESOURCES(members)                                                                         \
	REPLY("ListStackResources", "<StackResourceSummaries>" members "</"                        \
				    "StackResourceSummaries>")
#define FAILED                                                                                     \
	RESOURCES(RESOURCE("Fine", "p", "AWS::X::Y", "UPDATE_COMPLETE", "")                        \
			  RESOURCE("App", "p", "AWS::ECS::Service", "UPDATE_FAILED", "no memory"))

#define CONTINUED REPLY("ContinueUpdateRollback", "")
#define ROLLED	  REPLY("RollbackStack", "")

/* The exit status of a recovery that skips a resource, where `skip` is one. */
static int recover_with(struct fake_cfn *fake, const char *skip)
{
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;
	CLEANUP(strv_release) struct strv names = STRV_INIT;
	const struct recover_request request = {
		.client = fake->client,
		.report = &fake->report.report,
		.stack_name = "todobackend",
		.skip = &names,
		.timeout_ms = 600000,
	};

	if (skip)
		strv_add(&names, skip);
	return deploy_recover(&request, &stack, &fake->err) < 0 ? error_exit_status(&fake->err) : 0;
}

/* What failed is said before anything is done; the old version back is success. */
static void continues_a_rollback_that_failed(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStacks", 200, STACK("UPDATE_ROLLBACK_FAILED"), 1 },
		{ "ListStackResources", 200, FAILED, 0 },
		{ "DescribeStackEvents", 200, EVENTS(ROOT_BY("1", "UPDATE_ROLLBACK_FAILED", "old")),
		  2 },
		{ "DescribeStackEvents", 200,
		  EVENTS(ROOT("2", "UPDATE_ROLLBACK_COMPLETE")
				 ROOT_BY("1", "UPDATE_ROLLBACK_FAILED", "old")),
		  0 },
		{ "ContinueUpdateRollback", 200, CONTINUED, 0 },
		{ "DescribeStacks", 200, STACK("UPDATE_ROLLBACK_COMPLETE"), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	const char *told, *done;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(recover_with(&fake, NULL), 0);
	assert_int_equal(fake_cfn_called(&fake, "ContinueUpdateRollback"), 1);
	told = strstr(fake.report.told.buf, "App (AWS::ECS::Service) UPDATE_FAILED: no memory");
	done = strstr(fake.report.told.buf, "UPDATE_ROLLBACK_COMPLETE");
	assert_non_null(told);
	assert_non_null(done);
	assert_true(told < done);
	assert_null(strstr(fake.report.told.buf, "Fine"));
}

/* Named resources only: those that failed, of nested stacks too, and nothing is done otherwise. */
static void skips_what_is_named_and_has_failed(void **state)
{
	static const struct {
		const char *skip;
		int want;
		const char *fix;
	} rows[] = {
		{ "App", 0, NULL },
		{ "todobackend-Net.Subnet", 0, NULL },
		{ "Ap", 2, "did you mean 'App'?" },
		{ "Fine", 2, "name one of those that are listed as failed" },
		{ "Net", 2, "name one of those" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "DescribeStacks", 200, STACK("UPDATE_ROLLBACK_FAILED"), 1 },
			{ "ListStackResources", 200,
			  RESOURCES(RESOURCE("App", "p", "AWS::X::Y", "UPDATE_FAILED", "no memory")
					    RESOURCE("Net", NESTED_ARN,
						     "AWS::CloudFormation::Stack", "UPDATE_FAILED",
						     "") RESOURCE("Fine", "p", "AWS::X::Y",
								  "UPDATE_COMPLETE", "")),
			  1 },
			{ "ListStackResources", 200,
			  RESOURCES(RESOURCE("Subnet", "p", "AWS::X::Y", "UPDATE_FAILED", "full")),
			  1 },
			{ "DescribeStackEvents", 200, EVENTS(""), 1 },
			{ "DescribeStackEvents", 200, EVENTS(ROOT("2", "UPDATE_ROLLBACK_COMPLETE")),
			  0 },
			{ "ContinueUpdateRollback", 200, CONTINUED, 0 },
			{ "DescribeStacks", 200, STACK("UPDATE_ROLLBACK_COMPLETE"), 0 },
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(recover_with(&fake, rows[i].skip), rows[i].want);
		assert_int_equal(fake_cfn_called(&fake, "ContinueUpdateRollback"),
				 rows[i].want == 0);
		if (rows[i].fix)
			assert_non_null(strstr(fake.err.fix.buf, rows[i].fix));
		else
			assert_non_null(strstr(fake.report.told.buf, "was skipped: it may differ"));
	}
}

/* Only a rollback that goes on passes over anything: a first one has nothing to skip yet. */
static void skips_nothing_in_a_first_rollback(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStacks", 200, STACK("UPDATE_FAILED"), 0 },
		{ "ListStackResources", 200, FAILED, 0 },
		{ "DescribeStackEvents", 200, EVENTS(""), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(recover_with(&fake, "App"), 2);
	assert_int_equal(fake.err.kind, ERROR_USAGE);
	assert_non_null(strstr(fake.err.msg.buf, "--skip: a stack in UPDATE_FAILED is rolled back "
						 "for the first time"));
	assert_string_equal(fake.err.fix.buf, "leave --skip out");
	assert_int_equal(fake_cfn_called(&fake, "RollbackStack"), 0);
}

/* Each status that a recovery may find, and what is asked of the service. */
static void does_what_each_status_needs(void **state)
{
	static const struct {
		const char *found, *last_event, *then;
		int want;
		unsigned continued, rolled;
	} rows[] = {
#define ROW(found, end, want, continued, rolled)                                                   \
	{ STACK(found), EVENTS(ROOT("2", end)), STACK(end), want, continued, rolled }
		ROW("UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED", 11, 1, 0),
		ROW("UPDATE_FAILED", "UPDATE_ROLLBACK_COMPLETE", 0, 0, 1),
		ROW("UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED", 11, 0, 1),
		ROW("CREATE_FAILED", "ROLLBACK_COMPLETE", 0, 0, 1),
		ROW("CREATE_FAILED", "DELETE_COMPLETE", 0, 0, 1),
		ROW("CREATE_FAILED", "ROLLBACK_FAILED", 11, 0, 1),
		ROW("UPDATE_COMPLETE", "UPDATE_COMPLETE", 0, 0, 0),
		ROW("UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", 0, 0, 0),
		ROW("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", 13, 0, 0),
		ROW("ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE", 11, 0, 0),
		ROW("DELETE_FAILED", "DELETE_FAILED", 11, 0, 0),
		ROW("REVIEW_IN_PROGRESS", "REVIEW_IN_PROGRESS", 0, 0, 0),
#undef ROW
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "DescribeStacks", 200, rows[i].found, 1 },
			{ "ListStackResources", 200, FAILED, 0 },
			{ "DescribeStackEvents", 200, EVENTS(""), 1 },
			{ "DescribeStackEvents", 200, rows[i].last_event, 0 },
			{ "ContinueUpdateRollback", 200, CONTINUED, 0 },
			{ "RollbackStack", 200, ROLLED, 0 },
			{ "DescribeStacks", 200, rows[i].then, 0 },
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(recover_with(&fake, NULL), rows[i].want);
		assert_int_equal(fake_cfn_called(&fake, "ContinueUpdateRollback"),
				 rows[i].continued);
		assert_int_equal(fake_cfn_called(&fake, "RollbackStack"), rows[i].rolled);
	}
}

/* Rule R2: what an answer that is lost, or an error, has led to, the events say. */
static void b24_takes_a_lost_reply_for_what_the_events_say(void **state)
{
	static const struct {
		int status;
		const char *body, *events;
		int want;
	} rows[] = {
		{ 0, NULL, EVENTS(ROOT("2", "UPDATE_ROLLBACK_COMPLETE")), 0 },
		{ 400, FAULT("TokenAlreadyExistsException", "t"),
		  EVENTS(ROOT("2", "UPDATE_ROLLBACK_COMPLETE")), 0 },
		{ 0, NULL, EVENTS(ROOT_BY("1", "UPDATE_ROLLBACK_FAILED", "old")), 12 },
		{ 400, FAULT("ValidationError", "no"),
		  EVENTS(ROOT_BY("1", "UPDATE_ROLLBACK_FAILED", "old")), 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "DescribeStacks", 200, STACK("UPDATE_ROLLBACK_FAILED"), 1 },
			{ "ListStackResources", 200, FAILED, 0 },
			{ "DescribeStackEvents", 200, EVENTS(""), 1 },
			{ "DescribeStackEvents", 200, rows[i].events, 0 },
			{ "ContinueUpdateRollback", rows[i].status, rows[i].body, 0 },
			{ "DescribeStacks", 200, STACK("UPDATE_ROLLBACK_COMPLETE"), 0 },
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(recover_with(&fake, NULL), rows[i].want);
		assert_int_equal(fake_cfn_called(&fake, "ContinueUpdateRollback"), 1);
	}
}

/* Without the events, the status of before is not taken for the end. */
static void b22_waits_out_a_stale_status_without_events(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStacks", 200, STACK("UPDATE_ROLLBACK_FAILED"), 4 },
		{ "DescribeStacks", 200, STACK("UPDATE_ROLLBACK_IN_PROGRESS"), 2 },
		{ "DescribeStacks", 200, STACK("UPDATE_ROLLBACK_COMPLETE"), 0 },
		{ "ListStackResources", 200, FAILED, 0 },
		{ "DescribeStackEvents", 403, FAULT("AccessDenied", "no"), 0 },
		{ "ContinueUpdateRollback", 200, CONTINUED, 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(recover_with(&fake, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(continues_a_rollback_that_failed),
		cmocka_unit_test(skips_what_is_named_and_has_failed),
		cmocka_unit_test(skips_nothing_in_a_first_rollback),
		cmocka_unit_test(does_what_each_status_needs),
		cmocka_unit_test(b24_takes_a_lost_reply_for_what_the_events_say),
		cmocka_unit_test(b22_waits_out_a_stale_status_without_events),
	};

	return cmocka_run_group_tests_name("recover", tests, NULL, NULL);
}
