#include "fake_ecs.h"
#include "stack/diagnose.h"
#include "stack/follow.h"
#include "stack/running.h"

#define NESTED_ARN "arn:aws:cloudformation:us-east-1:123456789012:stack/todobackend-Net/77"
#define TOKEN	   "deployer-1"

#define NET_EVENT(id, status)                                                                      \
	EVENT_OF(STACK_ARN, id, "Net", NESTED_ARN, "AWS::CloudFormation::Stack", status, "", TOKEN)
#define OURS(id, logical, status, reason)                                                          \
	EVENT_OF(STACK_ARN, id, logical, "p", "AWS::X::Y", status, reason, TOKEN)

/* Follows an operation with TOKEN to its end; the exit status that it makes. */
static int follow_it(struct fake_cfn *fake, size_t total, int64_t timeout_ms)
{
	CLEANUP(follow_release) struct follow follow;

	follow_init(&follow, fake->client, &fake->report.report, STACK_ARN, SET_ARN, TOKEN);
	follow.progress.total = total;
	follow.timeout_ms = timeout_ms;
	return follow_to_the_end(&follow, &fake->err) < 0 ? error_exit_status(&fake->err) : 0;
}

static void counts_what_is_ready(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 200,
		  EVENTS(OURS("3", "App", "UPDATE_COMPLETE", "")
				 OURS("2", "App", "UPDATE_IN_PROGRESS", "")
					 ROOT_BY("1", "UPDATE_IN_PROGRESS", TOKEN)),
		  1 },
		{ "DescribeStackEvents", 200,
		  EVENTS(ROOT_BY("7", "UPDATE_COMPLETE", TOKEN) OURS(
			  "6", "App", "DELETE_COMPLETE", "") OURS("5", "App", "UPDATE_COMPLETE", "")
				 OURS("4", "Job", "UPDATE_COMPLETE", "")
					 OURS("3", "App", "UPDATE_COMPLETE", "")),
		  0 },
		{ "DescribeStacks", 200, STACK("UPDATE_COMPLETE"), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(follow_it(&fake, 2, 0), 0);
	assert_string_equal(fake.report.told.buf, "todobackend UPDATE_IN_PROGRESS 0/0\n"
						  "App UPDATE_IN_PROGRESS 0/2\n"
						  "App UPDATE_COMPLETE 1/2\n"
						  "Job UPDATE_COMPLETE 2/2\n"
						  "App UPDATE_COMPLETE 2/2\n"
						  "App DELETE_COMPLETE 2/2\n"
						  "todobackend UPDATE_COMPLETE 0/0\n");
}

/* B19: the stack still says what it said before; no end without an event of ours. */
static void b19_does_not_believe_a_stale_status(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 200, EVENTS(ROOT_BY("0", "UPDATE_COMPLETE", "other")), 3 },
		{ "DescribeStackEvents", 200,
		  EVENTS(ROOT_BY("2", "UPDATE_ROLLBACK_COMPLETE", TOKEN)
				 OURS("1", "App", "UPDATE_FAILED", "no memory")),
		  0 },
		{ "DescribeStacks", 200, STACK("UPDATE_COMPLETE"), 2 },
		{ "DescribeStacks", 200, STACK("UPDATE_ROLLBACK_COMPLETE"), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(follow_it(&fake, 0, 0), 10);
	assert_non_null(strstr(fake.err.msg.buf, "App (AWS::X::Y) UPDATE_FAILED: no memory"));
	assert_int_equal(fake_cfn_called(&fake, "DescribeStacks"), 3);
}

/* Somebody else's operation began at once: the stack's status is theirs, our events are ours. */
static void ends_although_the_next_operation_runs(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 200,
		  EVENTS(ROOT_BY("2", "UPDATE_IN_PROGRESS", "other")
				 ROOT_BY("1", "UPDATE_COMPLETE", TOKEN)),
		  0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(follow_it(&fake, 0, 0), 0);
}

/* B20: by ARN only, so that a stack made anew under the name is never looked at. */
static void b20_asks_by_arn(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 200, EVENTS(ROOT_BY("1", "UPDATE_COMPLETE", TOKEN)), 0 },
		{ "DescribeStacks", 200, STACK("UPDATE_COMPLETE"), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(follow_it(&fake, 0, 0), 0);
	assert_non_null(strstr(fake.last_form.buf, "StackName=arn%3Aaws%3Acloudformation"));
}

/* B21: an event on two pages is told once; a token that comes again ends the reading. */
static void b21_tells_each_event_once(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 200,
		  REPLY("DescribeStackEvents",
			"<StackEvents>" ROOT_BY("3", "UPDATE_COMPLETE", TOKEN)
				OURS("2", "App", "UPDATE_COMPLETE", "") "</StackEvents>"
									"<NextToken>n</NextToken>"),
		  1 },
		{ "DescribeStackEvents", 200,
		  REPLY("DescribeStackEvents",
			"<StackEvents>" OURS("2", "App", "UPDATE_COMPLETE", "") OURS(
				"1", "App", "UPDATE_IN_PROGRESS", "") "</StackEvents>"
								      "<NextToken>n</NextToken>"),
		  0 },
		{ "DescribeStacks", 200, STACK("UPDATE_COMPLETE"), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(follow_it(&fake, 0, 0), 0);
	assert_string_equal(fake.report.told.buf, "App UPDATE_IN_PROGRESS 0/0\n"
						  "App UPDATE_COMPLETE 0/0\n"
						  "todobackend UPDATE_COMPLETE 0/0\n");
	assert_int_equal(fake_cfn_called(&fake, "DescribeStackEvents"), 2);
}

/* B22: the events may not be read; the stack and the change set are. */
static void b22_watches_the_status_without_the_events(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 403, FAULT("AccessDenied", "not authorized to perform: x"),
		  0 },
		{ "DescribeStacks", 200, STACK("UPDATE_COMPLETE"), 1 },
		{ "DescribeStacks", 200, STACK("UPDATE_IN_PROGRESS"), 2 },
		{ "DescribeStacks", 200, STACK("UPDATE_COMPLETE"), 0 },
		{ "DescribeChangeSet", 200, SET("CREATE_COMPLETE", "", "EXECUTE_IN_PROGRESS", ""),
		  1 },
		{ "DescribeChangeSet", 200, SET("CREATE_COMPLETE", "", "EXECUTE_COMPLETE", ""), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	const char *warning;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(follow_it(&fake, 0, 0), 0);
	assert_int_equal(fake_cfn_called(&fake, "DescribeStackEvents"), 1);
	assert_int_equal(fake_cfn_called(&fake, "DescribeStacks"), 4);
	warning = strstr(fake.report.told.buf, "warning: ");
	assert_non_null(warning);
	assert_null(strstr(warning + 1, "warning: "));
}

/* Rule R3: a poll that fails, throttled or unanswered, decides nothing; polls grow rarer. */
static void r3_survives_failed_polls(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 400, FAULT("Throttling", "Rate exceeded"), 3 },
		{ "DescribeStackEvents", 0, NULL, 1 },
		{ "DescribeStackEvents", 500, "<html>", 1 },
		{ "DescribeStackEvents", 200, EVENTS(ROOT_BY("1", "UPDATE_COMPLETE", TOKEN)), 0 },
		{ "DescribeStacks", 200, STACK("UPDATE_COMPLETE"), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(follow_it(&fake, 0, 0), 0);
	assert_int_equal(fake.clock.sleeps_ms[0], 2000);
	assert_int_equal(fake.clock.sleeps_ms[1], 4000);
	assert_true(fake.clock.sleeps_ms[4] > fake.clock.sleeps_ms[2]);
}

/* The session is over: the outcome is unknown, and never a failure of the deployment. */
static void loses_sight_when_the_session_ends(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 403, FAULT("ExpiredToken", "The security token expired"),
		  0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(follow_it(&fake, 0, 0), 12);
	assert_non_null(strstr(fake.err.fix.buf, "deployer watch"));
}

static void ends_the_watching_when_time_is_up(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 200, EVENTS(ROOT_BY("1", "UPDATE_IN_PROGRESS", TOKEN)),
		  0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(follow_it(&fake, 0, 120000), 12);
	assert_int_equal(fake.clock.now_ms, 1440938160000 + 120000);
	assert_non_null(strstr(fake.err.msg.buf, "not over after 2m00s"));
}

static void says_what_it_waits_for_in_a_silence(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 200,
		  EVENTS(OURS("2", "App", "UPDATE_IN_PROGRESS", "")
				 ROOT_BY("1", "UPDATE_IN_PROGRESS", TOKEN)),
		  0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(follow_it(&fake, 0, 65000), 12);
	assert_non_null(strstr(fake.report.told.buf,
			       "still in progress after 31s: App (UPDATE_IN_PROGRESS for 31s)\n"));
	assert_non_null(
		strstr(fake.report.told.buf,
		       "still in progress after 1m01s: App (UPDATE_IN_PROGRESS for 1m01s)"));
}

#define AT(seconds, id, logical, status, token)                                                    \
	"<member><EventId>" id "</EventId><StackId>" STACK_ARN                                     \
	"</StackId><LogicalResourceId>" logical                                                    \
	"</LogicalResourceId><PhysicalResourceId>p-" logical                                       \
	"</PhysicalResourceId><ResourceType>AWS::X::Y</ResourceType><ResourceStatus>" status       \
	"</ResourceStatus><ClientRequestToken>" token                                              \
	"</ClientRequestToken><Timestamp>2015-08-30T12:" seconds "Z</Timestamp></member>"
#define ROOT_AT(seconds, id, status, token) AT(seconds, id, "todobackend", status, token)
#define PAGE(next, members)                                                                        \
	REPLY("DescribeStackEvents",                                                               \
	      "<StackEvents>" members "</StackEvents><NextToken>" next "</NextToken>")

/* What earlier operations took, of a bounded part of the history, is said of this one. */
static void says_how_long_things_usually_take(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 200,
		  PAGE("2", ROOT_AT("05:00", "f", "UPDATE_COMPLETE", "d") ROOT_AT(
				    "04:59", "e", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
				    "d") AT("04:40", "d", "App", "UPDATE_COMPLETE", "d")
				    AT("04:00", "c", "App", "UPDATE_IN_PROGRESS", "d")
					    ROOT_AT("03:30", "b", "UPDATE_IN_PROGRESS", "d")),
		  1 },
		{ "DescribeStackEvents", 200,
		  PAGE("3", ROOT_AT("02:10", "9", "UPDATE_ROLLBACK_COMPLETE",
				    "c") AT("02:00", "8", "App", "UPDATE_FAILED", "c")
				    ROOT_AT("02:00", "7", "UPDATE_ROLLBACK_IN_PROGRESS",
					    "c") AT("01:00", "6", "App", "UPDATE_IN_PROGRESS", "c")
					    ROOT_AT("01:00", "5", "UPDATE_IN_PROGRESS", "c")),
		  1 },
		{ "DescribeStackEvents", 500, "<html>", 1 },
		{ "DescribeStackEvents", 200,
		  EVENTS(OURS("h", "App", "UPDATE_IN_PROGRESS", "")
				 ROOT_BY("g", "UPDATE_IN_PROGRESS", TOKEN)
					 ROOT_AT("05:00", "f", "UPDATE_COMPLETE", "d")),
		  0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	CLEANUP(follow_release) struct follow follow;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	follow_init(&follow, fake.client, &fake.report.report, STACK_ARN, SET_ARN, TOKEN);
	follow.timeout_ms = 130000;
	assert_int_equal(follow_skip_history(&follow, &fake.err), 0);
	assert_int_equal(fake_cfn_called(&fake, "DescribeStackEvents"), 3);
	assert_int_equal(usual_find(&follow.usual, "App", "UPDATE_IN_PROGRESS"), 40000);
	assert_int_equal(usual_find(&follow.usual, "App", "CREATE_IN_PROGRESS"), 0);
	assert_int_equal(usual_find(&follow.usual, "todobackend", "UPDATE_IN_PROGRESS"), 90000);
	assert_int_equal(follow_to_the_end(&follow, &fake.err), -1);
	assert_non_null(strstr(fake.report.told.buf, "App UPDATE_IN_PROGRESS 0/0 usually 40\n"));
	assert_non_null(strstr(fake.report.told.buf,
			       "still in progress after 31s, about 59s left: App "
			       "(UPDATE_IN_PROGRESS for 31s, usually 40s)"));
	assert_non_null(
		strstr(fake.report.told.buf, "still in progress after 1m31s, usually 1m30s: App "));
}

/* Joining an operation: what it has done so far is learned from, and still told. */
static void learns_without_taking_anything_for_told(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 200,
		  EVENTS(ROOT_BY("9", "UPDATE_COMPLETE", TOKEN)
				 AT("00:40", "3", "App", "UPDATE_COMPLETE", TOKEN)
					 AT("00:00", "2", "App", "UPDATE_IN_PROGRESS", TOKEN)
						 ROOT_BY("1", "UPDATE_IN_PROGRESS", TOKEN)),
		  0 },
		{ "DescribeStacks", 200, STACK("UPDATE_COMPLETE"), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	CLEANUP(follow_release) struct follow follow;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	follow_init(&follow, fake.client, &fake.report.report, STACK_ARN, NULL, TOKEN);
	follow_learn(&follow);
	assert_string_equal(fake.report.told.buf, "");
	assert_int_equal(follow_to_the_end(&follow, &fake.err), 0);
	assert_non_null(strstr(fake.report.told.buf, "App UPDATE_IN_PROGRESS 0/0 usually 40\n"
						     "App UPDATE_COMPLETE 0/0\n"));
}

/* The failure is the nested stack's resource's, not that of the stack that only passes it on. */
static void follows_nested_stacks(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 200,
		  EVENTS(NET_EVENT("2", "UPDATE_IN_PROGRESS")
				 ROOT_BY("1", "UPDATE_IN_PROGRESS", TOKEN)),
		  1 },
		{ "DescribeStackEvents", 200,
		  EVENTS(EVENT_OF(NESTED_ARN, "n2", "Subnet", "s", "AWS::EC2::Subnet",
				  "UPDATE_FAILED", "no room", "")
				 EVENT_OF(NESTED_ARN, "n1", "todobackend-Net", NESTED_ARN,
					  "AWS::CloudFormation::Stack", "UPDATE_IN_PROGRESS", "",
					  "")),
		  1 },
		{ "DescribeStackEvents", 200,
		  EVENTS(ROOT_BY("4", "UPDATE_ROLLBACK_COMPLETE", TOKEN) NET_EVENT(
			  "3", "UPDATE_FAILED") NET_EVENT("2", "UPDATE_IN_PROGRESS")),
		  1 },
		{ "DescribeStackEvents", 200, EVENTS(""), 0 },
		{ "DescribeStacks", 200, STACK("UPDATE_ROLLBACK_COMPLETE"), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(follow_it(&fake, 1, 0), 10);
	assert_string_equal(fake.report.told.buf, "todobackend UPDATE_IN_PROGRESS 0/0\n"
						  "Net UPDATE_IN_PROGRESS 0/1\n"
						  "Net/Subnet UPDATE_FAILED 0/1\n"
						  "Net UPDATE_FAILED 0/1\n"
						  "todobackend UPDATE_ROLLBACK_COMPLETE 0/0\n");
	assert_non_null(
		strstr(fake.err.msg.buf, "Net/Subnet (AWS::EC2::Subnet) UPDATE_FAILED: no room"));
}

/* 1.A: each status that an operation ends in, and the exit status that it makes. */
static void ends_with_the_status_of_the_catalogue(void **state)
{
	static const struct {
		const char *events, *stack;
		int want;
	} rows[] = {
#define END(status, want_) { EVENTS(ROOT_BY("1", status, TOKEN)), STACK(status), want_ }
		END("CREATE_COMPLETE", 0),
		END("UPDATE_COMPLETE", 0),
		END("CREATE_FAILED", 11),
		END("ROLLBACK_FAILED", 11),
		END("ROLLBACK_COMPLETE", 11),
		END("DELETE_IN_PROGRESS", 11),
		END("DELETE_FAILED", 11),
		END("DELETE_COMPLETE", 11),
		END("UPDATE_FAILED", 11),
		END("UPDATE_ROLLBACK_FAILED", 11),
		END("UPDATE_ROLLBACK_COMPLETE", 10),
		END("IMPORT_COMPLETE", 12),
		END("IMPORT_ROLLBACK_FAILED", 12),
		END("MIGRATE_COMPLETE", 12),
#undef END
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "DescribeStackEvents", 200, rows[i].events, 0 },
			{ "DescribeStacks", 200, rows[i].stack, 0 },
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(follow_it(&fake, 0, 0), rows[i].want);
	}
}

/* 1.A: a status in which nothing is over yet is watched on. */
static void watches_on_while_nothing_is_over(void **state)
{
	static const char *const rows[] = {
#define RUNNING(status) EVENTS(ROOT_BY("1", status, TOKEN))
		RUNNING("CREATE_IN_PROGRESS"),
		RUNNING("ROLLBACK_IN_PROGRESS"),
		RUNNING("UPDATE_IN_PROGRESS"),
		RUNNING("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
		RUNNING("UPDATE_ROLLBACK_IN_PROGRESS"),
		RUNNING("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
		RUNNING("REVIEW_IN_PROGRESS"),
		RUNNING("MIGRATE_IN_PROGRESS"),
#undef RUNNING
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "DescribeStackEvents", 200, rows[i], 0 },
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(follow_it(&fake, 0, 10000), 12);
		assert_non_null(strstr(fake.err.msg.buf, "not over after 10s"));
	}
}

/* A cleanup that cannot delete something warns, and the update stands. */
static void warns_of_what_a_cleanup_leaves(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 200,
		  EVENTS(ROOT_BY("3", "UPDATE_COMPLETE", TOKEN) OURS("2", "Old", "DELETE_FAILED",
								     "in use")
				 ROOT_BY("1", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", TOKEN)),
		  0 },
		{ "DescribeStacks", 200, STACK("UPDATE_COMPLETE"), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(follow_it(&fake, 0, 0), 0);
	assert_non_null(
		strstr(fake.report.told.buf, "warning: the former 'Old' is left behind: in use"));
}

/* Afterwards: of the last operation alone, the first failure, without what it cancelled. */
static void finds_the_root_cause_afterwards(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 200,
		  EVENTS(ROOT_BY("9", "UPDATE_ROLLBACK_COMPLETE", TOKEN) ROOT_BY(
			  "8", "UPDATE_ROLLBACK_IN_PROGRESS",
			  TOKEN) OURS("7", "Job", "UPDATE_FAILED", "Resource update cancelled")
				 OURS("6", "B", "UPDATE_FAILED",
				      "no memory") OURS("5", "A", "UPDATE_FAILED", "no memory")
					 ROOT_BY("4", "UPDATE_IN_PROGRESS", TOKEN)
						 EVENT_OF(STACK_ARN, "3", "Old", "p", "AWS::X::Y",
							  "UPDATE_FAILED", "long ago", "other")
							 ROOT_BY("2", "UPDATE_COMPLETE", "other")),
		  0 },
		{ "DescribeStacks", 200, STACK("UPDATE_ROLLBACK_COMPLETE"), 0 },
		{ "DescribeEvents", 400, FAULT("InvalidAction", "no such operation"), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	CLEANUP(diagnosis_release) struct diagnosis diagnosis = DIAGNOSIS_INIT;
	CLEANUP(str_release) struct str cause = STR_INIT;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(diagnose(fake.client, STACK_ARN, &diagnosis, &fake.err), 0);
	diagnosis_describe(&diagnosis, &cause);
	assert_string_equal(cause.buf, "A (AWS::X::Y) UPDATE_FAILED: no memory (the same: B)");
}

/* A7: somebody deletes the new stack while it is made: that ends it, whoever's token it has. */
static void a7_sees_that_somebody_deletes_the_stack(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 200, EVENTS(ROOT_BY("1", "CREATE_IN_PROGRESS", TOKEN)),
		  1 },
		{ "DescribeStackEvents", 200,
		  EVENTS(ROOT_BY("2", "DELETE_IN_PROGRESS", "Console-DeleteStack-1")
				 ROOT_BY("1", "CREATE_IN_PROGRESS", TOKEN)),
		  0 },
		{ "DescribeStacks", 200, STACK("DELETE_IN_PROGRESS"), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(follow_it(&fake, 0, 0), 11);
	assert_string_equal(fake.err.msg.buf,
			    "somebody else deletes the stack (DELETE_IN_PROGRESS)");
	assert_non_null(strstr(fake.report.told.buf, "warning: somebody else deletes the stack"));
}

/* A7: found in deletion, it is watched to the end of that. */
static void a7_watches_a_deletion_to_its_end(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 200, EVENTS(ROOT_BY("1", "DELETE_IN_PROGRESS", "other")),
		  2 },
		{ "DescribeStackEvents", 200,
		  EVENTS(ROOT_BY("2", "DELETE_COMPLETE", "other")
				 ROOT_BY("1", "DELETE_IN_PROGRESS", "other")),
		  0 },
		{ "DescribeStacks", 200, STACK("DELETE_COMPLETE"), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	CLEANUP(follow_release) struct follow follow;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	follow_init(&follow, fake.client, &fake.report.report, STACK_ARN, NULL, "other");
	assert_int_equal(follow_to_the_end(&follow, &fake.err), -1);
	assert_int_equal(error_exit_status(&fake.err), 11);
	assert_string_equal(fake.err.msg.buf,
			    "somebody else has deleted the stack (DELETE_COMPLETE)");
	assert_int_equal(fake_cfn_called(&fake, "DescribeStackEvents"), 3);
}

/* Somebody else's cancellation carries their token, and the end of our operation with it. */
static void follows_a_rollback_that_somebody_else_asked_for(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 200,
		  EVENTS(ROOT_BY("3", "UPDATE_ROLLBACK_COMPLETE", "Console-Cancel-1")
				 ROOT_BY("2", "UPDATE_ROLLBACK_IN_PROGRESS", "Console-Cancel-1")
					 ROOT_BY("1", "UPDATE_IN_PROGRESS", TOKEN)),
		  0 },
		{ "DescribeStacks", 200, STACK("UPDATE_ROLLBACK_COMPLETE"), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(follow_it(&fake, 0, 0), 10);
	assert_non_null(
		strstr(fake.report.told.buf, "somebody else has the operation rolled back"));
}

#define APP(id, status) APP_BECAUSE(id, status, "")
#define APP_BECAUSE(id, status, reason)                                                            \
	EVENT_OF(STACK_ARN, id, "App", SERVICE_ARN, "AWS::ECS::Service", status, reason, TOKEN)
#define CRASHING                                                                                   \
	{ "DescribeServices", 200,                                                                 \
	  SERVICE(DEPLOYMENT("d2", "PRIMARY", "app:2", "IN_PROGRESS", "", 0, 2, 1440938165), ""),  \
	  0 },                                                                                     \
		{ "ListTasks", 200, ARNS(ARN("a") "," ARN("b") "," ARN("c")), 1 },                 \
		{ "DescribeTasks", 200,                                                            \
		  TASKS(CRASHED("a", "d2", 1440938180) "," CRASHED(                                \
			  "b", "d2", 1440938190) "," CRASHED("c", "d2", 1440938200)),              \
		  0 },                                                                             \
		{ "ListTasks", 200, ARNS(""), 1 },                                                 \
		{ "ListTasks", 200, ARNS(ARN("a") "," ARN("b") "," ARN("c")), 1 },                 \
		{ "ListTasks", 200, ARNS(""), 0 },                                                 \
		{ "DescribeTaskDefinition", 400, "{\"__type\": \"ClientException\"}", 0 },         \
	{                                                                                          \
		"DescribeStackEvents", 200,                                                        \
			EVENTS(APP("2", "UPDATE_IN_PROGRESS")                                      \
				       ROOT_BY("1", "UPDATE_IN_PROGRESS", TOKEN)),                 \
			1                                                                          \
	}

/*
 * A service that crashes is told at the next poll, and the update is turned back; whether it was
 * where no answer came, or one to the second attempt only, the events tell by their token.
 */
static void cancel_an_update_whose_service_crashes(int status, const char *body)
{
	const struct fake_answer answers[] = {
		CRASHING,
		{ "CancelUpdateStack", status, body, 0 },
		{ "DescribeStackEvents", 200,
		  EVENTS(ROOT_BY("5", "UPDATE_ROLLBACK_COMPLETE",
				 TOKEN "-cancel") APP("4", "UPDATE_COMPLETE")
				 APP_BECAUSE("3", "UPDATE_FAILED", "Resource update cancelled")
					 APP("2", "UPDATE_IN_PROGRESS")),
		  0 },
		{ "DescribeStacks", 200, STACK("UPDATE_ROLLBACK_COMPLETE"), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(follow_it(&fake, 1, 0), 10);
	assert_non_null(
		strstr(fake.err.msg.buf,
		       "rolled back (UPDATE_ROLLBACK_COMPLETE): cancelled because of App: its "
		       "tasks crash one after another: Essential container in task exited; "
		       "container 'app' exited with status 1"));
	assert_non_null(strstr(fake.report.told.buf, "warning: why App fails:\n  task c: "));
	assert_int_equal(fake_cfn_called(&fake, "CancelUpdateStack"), 1);
	if (status == 200)
		assert_int_equal(fake.clock.now_ms, START_S * 1000L + 1000);
}

static void cancels_an_update_whose_service_crashes(void **state)
{
	(void)state;
	cancel_an_update_whose_service_crashes(200, REPLY("CancelUpdateStack", ""));
	cancel_an_update_whose_service_crashes(0, NULL);
	cancel_an_update_whose_service_crashes(
		400, FAULT("ValidationError", "CancelUpdateStack cannot be called"));
}

/* Joined after deployer has turned it back, it looks at the tasks that may be why. */
static void looks_into_an_update_that_was_cancelled(void **state)
{
	static const struct {
		const char *tasks, *want, *fix;
	} rows[] = {
		{ TASKS(CRASHED("a", "d2", 1440938180)),
		  "cancelled by deployer; App: Essential container in task exited; container 'app' "
		  "exited with status 1",
		  "the old version runs; mend the cause and deploy again" },
		{ TASKS(STOPPED("a", "d2", "ServiceSchedulerInitiated",
				"Scaling activity initiated by (deployment d2)", 1440938180, "")),
		  "cancelled by deployer", "the old version runs; whoever deployed was told why" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "DescribeStackEvents", 200,
			  EVENTS(ROOT_BY("5", "UPDATE_ROLLBACK_COMPLETE", TOKEN "-cancel")
					 APP("4", "UPDATE_COMPLETE") APP_BECAUSE(
						 "3", "UPDATE_FAILED", "Resource update cancelled")
						 APP("2", "UPDATE_IN_PROGRESS")
							 ROOT_BY("1", "UPDATE_IN_PROGRESS", TOKEN)),
			  0 },
			{ "DescribeStacks", 200, STACK("UPDATE_ROLLBACK_COMPLETE"), 0 },
			{ "ListTasks", 200, ARNS(ARN("a")), 0 },
			{ "DescribeTasks", 200, rows[i].tasks, 0 },
			{ "DescribeServices", 200,
			  SERVICE(DEPLOYMENT("d3", "PRIMARY", "app:1", "COMPLETED", "", 2, 2,
					     1440938165),
				  ""),
			  0 },
			{ "DescribeTaskDefinition", 400, "{\"__type\": \"ClientException\"}", 0 },
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
		CLEANUP(follow_release) struct follow follow;

		FAKE_CFN_SET_UP(fake, answers);
		follow_init(&follow, fake.client, &fake.report.report, STACK_ARN, NULL, TOKEN);
		follow.timeout_ms = 60000;
		assert_int_equal(follow_to_the_end(&follow, &fake.err), -1);
		assert_int_equal(fake.err.kind, ERROR_ROLLED_BACK);
		assert_string_equal(strstr(fake.err.msg.buf, "cancelled"), rows[i].want);
		assert_string_equal(fake.err.fix.buf, rows[i].fix);
	}
}

/* Told to wait, it says the cause all the same, once, and believes a recovery. */
static void waits_for_a_service_that_crashes(void **state)
{
	static const struct fake_answer answers[] = {
		CRASHING,
		{ "DescribeStackEvents", 200,
		  EVENTS(APP("2", "UPDATE_IN_PROGRESS") ROOT_BY("1", "UPDATE_IN_PROGRESS", TOKEN)),
		  3 },
		{ "DescribeStackEvents", 200,
		  EVENTS(ROOT_BY("4", "UPDATE_COMPLETE", TOKEN) APP("3", "UPDATE_COMPLETE")
				 APP("2", "UPDATE_IN_PROGRESS")),
		  0 },
		{ "DescribeStacks", 200, STACK("UPDATE_COMPLETE"), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	CLEANUP(follow_release) struct follow follow;
	const char *cause;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	follow_init(&follow, fake.client, &fake.report.report, STACK_ARN, SET_ARN, TOKEN);
	follow.on_failing = FAILING_WAIT;
	assert_int_equal(follow_to_the_end(&follow, &fake.err), 0);
	cause = strstr(fake.report.told.buf, "why App fails");
	assert_non_null(cause);
	assert_null(strstr(cause + 1, "why App fails"));
}

#define MIGRATE(id, status)                                                                        \
	EVENT_OF(STACK_ARN, id, "Migrate", "p", "Custom::Migrate", status, "", TOKEN)
#define SILENT                                                                                     \
	EVENTS(MIGRATE("3", "UPDATE_IN_PROGRESS") MIGRATE("2", "UPDATE_IN_PROGRESS")               \
		       ROOT_BY("1", "UPDATE_IN_PROGRESS", TOKEN))
#define RUNNER(function)                                                                           \
	REPLY("GetTemplate", "<TemplateBody>Resources: {Runner: " function ", Migrate: "           \
			     "{Properties: {ServiceToken: {'Fn::GetAtt': [Runner, Arn]}}}}"        \
			     "</TemplateBody>")

/* A function ends after its Timeout, CloudFormation waits for an hour: told once, with the log. */
static void says_that_a_custom_resource_is_silent(void **state)
{
	static const struct {
		const char *template;
		unsigned polls; /* at a second, then at two */
		int templates;
		const char *want;
	} rows[] = {
		{ RUNNER("{Type: 'AWS::Lambda::Function', Properties: {Timeout: 5}}"), 30, 1,
		  "warning: Migrate: no answer after 35s, and its function ends after 5s; "
		  "CloudFormation waits for up to an hour\n" },
		{ RUNNER("{Type: 'AWS::Lambda::Function', Properties: {}}"), 30, 1,
		  "Migrate: no answer after 33s, and its function ends after 3s;" },
		{ RUNNER("{Type: 'AWS::Lambda::Function', Properties: {Timeout: '300'}}"), 30, 1,
		  NULL },
		/* Somewhere behind a topic. */
		{ RUNNER("{Type: 'AWS::SNS::Topic', Properties: {}}"), 30, 1, NULL },
		{ RUNNER("{Type: 'AWS::Lambda::Function', Properties: {Timeout: 5}}"), 20, 0,
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "DescribeStackEvents", 200, SILENT, rows[i].polls },
			{ "GetTemplate", 200, rows[i].template, 0 },
			{ "ListStackResources", 200,
			  RESOURCES(RESOURCE("Runner", "app-runner", "AWS::Lambda::Function")), 0 },
			{ "FilterLogEvents", 200,
			  "{\"events\": [{\"timestamp\": 1440938180000, \"message\": \"still "
			  "there\", \"logStreamName\": \"s\"}]}",
			  0 },
			{ "DescribeStackEvents", 200,
			  EVENTS(ROOT_BY("5", "UPDATE_COMPLETE", TOKEN) MIGRATE(
				  "4", "UPDATE_COMPLETE") MIGRATE("3", "UPDATE_IN_PROGRESS")),
			  0 },
			{ "DescribeStacks", 200, STACK("UPDATE_COMPLETE"), 0 },
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
		const char *told;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(follow_it(&fake, 1, 0), 0);
		told = strstr(fake.report.told.buf, "no answer after");
		assert_int_equal(!!told, !!rows[i].want);
		assert_int_equal(fake_cfn_called(&fake, "CancelUpdateStack"), 0);
		if (!rows[i].want) {
			assert_int_equal(fake_cfn_called(&fake, "GetTemplate"), rows[i].templates);
			continue;
		}
		assert_non_null(strstr(fake.report.told.buf, rows[i].want));
		assert_non_null(strstr(told, "behind it is function app-runner"));
		assert_non_null(strstr(told, "still there"));
		assert_null(strstr(told + 1, "no answer after"));
	}
}

/* Told to cancel what fails, it does so here too. */
static void cancels_an_update_whose_custom_resource_is_silent(void **state)
{
	static const struct fake_answer answers[] = {
		{ "GetTemplate", 200,
		  RUNNER("{Type: 'AWS::Lambda::Function', Properties: {Timeout: 5}}"), 0 },
		{ "ListStackResources", 200, RESOURCES(""), 0 },
		{ "DescribeStackEvents", 200, SILENT, 26 },
		{ "CancelUpdateStack", 200, REPLY("CancelUpdateStack", ""), 0 },
		{ "DescribeStackEvents", 200,
		  EVENTS(ROOT_BY("5", "UPDATE_ROLLBACK_COMPLETE", TOKEN "-cancel")
				 MIGRATE("3", "UPDATE_IN_PROGRESS")),
		  0 },
		{ "DescribeStacks", 200, STACK("UPDATE_ROLLBACK_COMPLETE"), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	CLEANUP(follow_release) struct follow follow;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	follow_init(&follow, fake.client, &fake.report.report, STACK_ARN, SET_ARN, TOKEN);
	follow.on_failing = FAILING_CANCEL;
	assert_int_equal(follow_to_the_end(&follow, &fake.err), -1);
	assert_int_equal(fake.err.kind, ERROR_ROLLED_BACK);
	assert_non_null(
		strstr(fake.err.msg.buf, "cancelled because of Migrate: no answer after 35s"));
	assert_int_equal(fake_cfn_called(&fake, "CancelUpdateStack"), 1);
}

/* A service of a nested stack; its ARN is of the form without the cluster, which is the stack's. */
static void watches_the_services_of_nested_stacks(void **state)
{
#define SHORT_ARN "arn:aws:ecs:us-east-1:123456789012:service/app"
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 200,
		  EVENTS(NET_EVENT("2", "UPDATE_IN_PROGRESS")
				 ROOT_BY("1", "UPDATE_IN_PROGRESS", TOKEN)),
		  1 },
		{ "DescribeStackEvents", 200,
		  EVENTS(EVENT_OF(NESTED_ARN, "n1", "App", SHORT_ARN, "AWS::ECS::Service",
				  "UPDATE_IN_PROGRESS", "", "")),
		  1 },
		{ "ListStackResources", 200,
		  REPLY("ListStackResources",
			"<StackResourceSummaries><member><LogicalResourceId>C</LogicalResourceId>"
			"<PhysicalResourceId>nested-cluster</PhysicalResourceId><ResourceType>"
			"AWS::ECS::Cluster</ResourceType></member></StackResourceSummaries>"),
		  0 },
		{ "DescribeServices", 200,
		  SERVICE(DEPLOYMENT("d2", "PRIMARY", "app:2", "IN_PROGRESS", "", 0, 2, 1440938165),
			  ""),
		  0 },
		{ "ListTasks", 200, ARNS(""), 0 },
		{ "DescribeStackEvents", 200, EVENTS(""), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(follow_it(&fake, 0, 5000), 12);
	assert_non_null(strstr(fake.report.told.buf, "Net/App: 0 of 2 tasks run\n"));
	assert_int_equal(fake_cfn_called(&fake, "ListStackResources"), 1);
}

/* Without the right to look at ECS, CloudFormation is followed as ever. */
static void follows_without_the_right_to_see_tasks(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeServices", 400, "{\"__type\": \"AccessDeniedException\"}", 0 },
		{ "DescribeStackEvents", 200,
		  EVENTS(APP("2", "UPDATE_IN_PROGRESS") ROOT_BY("1", "UPDATE_IN_PROGRESS", TOKEN)),
		  3 },
		{ "DescribeStackEvents", 200,
		  EVENTS(ROOT_BY("4", "UPDATE_COMPLETE", TOKEN) APP("2", "UPDATE_IN_PROGRESS")),
		  0 },
		{ "DescribeStacks", 200, STACK("UPDATE_COMPLETE"), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(follow_it(&fake, 0, 0), 0);
	assert_int_equal(fake_cfn_called(&fake, "DescribeServices"), 1);
	assert_non_null(strstr(fake.report.told.buf, "warning: App: its tasks may not be watched"));
}

/* C1: CloudFormation says it first: what is behind it is read at once, and told at the end. */
static void c1_reads_what_is_behind_a_failure(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 200,
		  EVENTS(ROOT_BY("3", "UPDATE_ROLLBACK_IN_PROGRESS", TOKEN) APP_BECAUSE(
			  "2", "UPDATE_FAILED", "ECS Deployment Circuit Breaker was triggered")
				 ROOT_BY("1", "UPDATE_IN_PROGRESS", TOKEN)),
		  1 },
		{ "ListTasks", 200, ARNS(ARN("a")), 0 },
		{ "DescribeTasks", 200, TASKS(CRASHED("a", "d2", 1440938180)), 0 },
		{ "DescribeTaskDefinition", 400, "{\"__type\": \"ClientException\"}", 0 },
		{ "DescribeServices", 200, SERVICE("", ""), 0 },
		{ "DescribeStackEvents", 200,
		  EVENTS(ROOT_BY("4", "UPDATE_ROLLBACK_COMPLETE", TOKEN)
				 ROOT_BY("3", "UPDATE_ROLLBACK_IN_PROGRESS", TOKEN)),
		  0 },
		{ "DescribeStacks", 200, STACK("UPDATE_ROLLBACK_COMPLETE"), 0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(follow_it(&fake, 0, 0), 10);
	assert_non_null(
		strstr(fake.err.msg.buf,
		       "App (AWS::ECS::Service) UPDATE_FAILED: ECS Deployment Circuit Breaker "
		       "was triggered; App: Essential container in task exited; container "
		       "'app' exited with status 1"));
	assert_int_equal(fake_cfn_called(&fake, "ListTasks"), 1);
	assert_non_null(strstr(fake.calls.buf, "DescribeServices DescribeStackEvents"));
}

#define WITH_OPERATIONS                                                                            \
	STACK_WITH("UPDATE_ROLLBACK_COMPLETE",                                                     \
		   "<LastOperations><member><OperationType>ROLLBACK</OperationType>"               \
		   "<OperationId>op-2</OperationId></member><member><OperationType>UPDATE_STACK"   \
		   "</OperationType><OperationId>op-1</OperationId></member></LastOperations>")
#define FAILURES(members) REPLY("DescribeEvents", "<OperationEvents>" members "</OperationEvents>")

/* The service that has DescribeEvents names the failures alone; the other is read event by event.
 */
static void asks_for_failures_where_that_is_possible(void **state)
{
	static const char events[] =
		EVENTS(ROOT_BY("9", "UPDATE_ROLLBACK_COMPLETE", TOKEN)
			       OURS("5", "A", "UPDATE_FAILED", "by its events")
				       ROOT_BY("4", "UPDATE_IN_PROGRESS", TOKEN));
	static const struct {
		int status;
		const char *failures, *want;
	} rows[] = {
		{ 200,
		  FAILURES(OURS("7", "B", "UPDATE_FAILED", "Resource update cancelled")
				   OURS("6", "A", "UPDATE_FAILED", "by its operation")),
		  "A (AWS::X::Y) UPDATE_FAILED: by its operation" },
		{ 400, FAULT("InvalidAction", "Could not find operation DescribeEvents"),
		  "A (AWS::X::Y) UPDATE_FAILED: by its events" },
		{ 500, "<html>", "A (AWS::X::Y) UPDATE_FAILED: by its events" },
		{ 200, FAILURES(""), "A (AWS::X::Y) UPDATE_FAILED: by its events" },
		{ 200, FAILURES(NET_EVENT("6", "UPDATE_FAILED")),
		  "A (AWS::X::Y) UPDATE_FAILED: by its events" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "DescribeStackEvents", 200, events, 0 },
			{ "DescribeStacks", 200, WITH_OPERATIONS, 0 },
			{ "DescribeEvents", rows[i].status,
			  rows[i].status == 200 ? FAILURES("") : rows[i].failures, 1 },
			{ "DescribeEvents", rows[i].status, rows[i].failures, 0 },
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
		CLEANUP(diagnosis_release) struct diagnosis diagnosis = DIAGNOSIS_INIT;
		CLEANUP(str_release) struct str cause = STR_INIT;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(diagnose(fake.client, STACK_ARN, &diagnosis, &fake.err), 0);
		diagnosis_describe(&diagnosis, &cause);
		assert_string_equal(cause.buf, rows[i].want);
	}
}

static void says_whose_operation_runs(void **state)
{
	static const struct {
		const char *token, *want;
	} rows[] = {
		{ "deployer-12", "by deployer, token 'deployer-12'" },
		{ "Console-ExecuteChangeSet-1", "in the console, token 'Console-" },
		{ "x", "by somebody, token 'x'" },
		{ "", "by somebody" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(running_release) struct running running = RUNNING_INIT;
		CLEANUP(str_release) struct str text = STR_INIT;

		str_adds(&running.token, rows[i].token);
		running.since_ms = 1440938160000;
		running_describe(&running, 1440938160000 + 61000, &text);
		assert_non_null(strstr(text.buf, "since 2015-08-30T12:36:00Z (1m01s ago), "));
		assert_non_null(strstr(text.buf, rows[i].want));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_what_is_ready),
		cmocka_unit_test(b19_does_not_believe_a_stale_status),
		cmocka_unit_test(ends_although_the_next_operation_runs),
		cmocka_unit_test(b20_asks_by_arn),
		cmocka_unit_test(b21_tells_each_event_once),
		cmocka_unit_test(b22_watches_the_status_without_the_events),
		cmocka_unit_test(r3_survives_failed_polls),
		cmocka_unit_test(loses_sight_when_the_session_ends),
		cmocka_unit_test(ends_the_watching_when_time_is_up),
		cmocka_unit_test(says_what_it_waits_for_in_a_silence),
		cmocka_unit_test(says_how_long_things_usually_take),
		cmocka_unit_test(learns_without_taking_anything_for_told),
		cmocka_unit_test(follows_nested_stacks),
		cmocka_unit_test(ends_with_the_status_of_the_catalogue),
		cmocka_unit_test(watches_on_while_nothing_is_over),
		cmocka_unit_test(warns_of_what_a_cleanup_leaves),
		cmocka_unit_test(finds_the_root_cause_afterwards),
		cmocka_unit_test(a7_sees_that_somebody_deletes_the_stack),
		cmocka_unit_test(a7_watches_a_deletion_to_its_end),
		cmocka_unit_test(follows_a_rollback_that_somebody_else_asked_for),
		cmocka_unit_test(cancels_an_update_whose_service_crashes),
		cmocka_unit_test(looks_into_an_update_that_was_cancelled),
		cmocka_unit_test(waits_for_a_service_that_crashes),
		cmocka_unit_test(says_that_a_custom_resource_is_silent),
		cmocka_unit_test(cancels_an_update_whose_custom_resource_is_silent),
		cmocka_unit_test(watches_the_services_of_nested_stacks),
		cmocka_unit_test(follows_without_the_right_to_see_tasks),
		cmocka_unit_test(c1_reads_what_is_behind_a_failure),
		cmocka_unit_test(asks_for_failures_where_that_is_possible),
		cmocka_unit_test(says_whose_operation_runs),
	};

	return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
