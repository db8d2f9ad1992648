#include "data/yaml.h"
#include "fake_cfn.h"
#include "stack/deploy.h"
#include "stack/template_upload.h"
#include "sys/interrupt.h"

#define NOT_THERE FAULT("ValidationError", "Stack with id todobackend does not exist")
#define CREATED	  REPLY("CreateChangeSet", "<Id>" SET_ARN "</Id><StackId>" STACK_ARN "</StackId>")
#define READY	  SET("CREATE_COMPLETE", "", "AVAILABLE", CHANGE("Modify", "App", "AWS::X::Y", "False"))
#define EXECUTED  REPLY("ExecuteChangeSet", "")
#define DONE	  EVENTS(ROOT("2", "UPDATE_COMPLETE") ROOT_BY("1", "UPDATE_COMPLETE", "older"))
#define BEFORE	  EVENTS(ROOT_BY("1", "UPDATE_COMPLETE", "older"))
#define LIVE                                                                                       \
	STACK_WITH("UPDATE_COMPLETE", "<Parameters><member><ParameterKey>Tag</ParameterKey>"       \
				      "<ParameterValue>1a</ParameterValue></member></Parameters>")
#define BUSY                                                                                       \
	FAULT("ValidationError",                                                                   \
	      "Stack:" STACK_ARN " is in UPDATE_IN_PROGRESS state and can not be updated.")

/* What every update needs; rows before these win. */
#define USUAL                                                                                      \
	{ "DescribeStacks", 200, LIVE, 0 }, { "CreateChangeSet", 200, CREATED, 0 },                \
		{ "DescribeChangeSet", 200, READY, 0 }, { "DescribeStackEvents", 200, BEFORE, 1 }, \
		{ "ExecuteChangeSet", 200, EXECUTED, 0 }, { "DescribeStackEvents", 200, DONE, 0 }, \
		{ "GetTemplate", 200, REPLY("GetTemplate", "<TemplateBody>other</TemplateBody>"),  \
		  0 },                                                                             \
		{ "DeleteChangeSet", 200, REPLY("DeleteChangeSet", ""), 0 },                       \
		{ "ListChangeSets", 200, REPLY("ListChangeSets", "<Summaries/>"), 0 },             \
	{                                                                                          \
		"DeleteStack", 200, REPLY("DeleteStack", ""), 0                                    \
	}

#define TEMPLATE                                                                                   \
	"Parameters: {Tag: {Type: String}}\n"                                                      \
	"Resources: {App: {Type: 'AWS::X::Y'}}\n"

/* What is asked for beside the policy; the parameter is 2b. */
struct asked {
	const char *template, *key, *protection;
};

/* The exit status that a deployment makes, and what came of it. */
static int deploy_asked(struct fake_cfn *fake, const struct asked *asked,
			const struct deploy_policy *policy, enum deploy_outcome *ret_outcome)
{
	CLEANUP(stack_template_release) struct stack_template template = STACK_TEMPLATE_INIT;
	CLEANUP(cfn_parameters_release) struct cfn_parameters parameters = CFN_PARAMETERS_INIT;
	CLEANUP(deploy_result_release) struct deploy_result result = DEPLOY_RESULT_INIT;
	const struct strv none = STRV_INIT;
	struct deploy_request request = {
		.client = fake->client,
		.report = &fake->report.report,
		.stack_name = "todobackend",
		.template = &template,
		.parameters = &parameters,
		.capabilities = &none,
		.tags = &none,
		.notification_arns = &none,
		.tag_parameter = "Tag",
		.protection = asked->protection,
		.policy = *policy,
	};

	str_adds(&template.body, asked->template);
	template.root =
		yaml_read(template.body.buf, template.body.len, YAML_CLOUDFORMATION, &fake->err);
	cfn_parameters_add(&parameters, asked->key, "2b");
	if (deploy_stack(&request, &result, &fake->err) < 0)
		return error_exit_status(&fake->err);
	*ret_outcome = result.outcome;
	return 0;
}

static int deploy_with(struct fake_cfn *fake, const struct deploy_policy *policy,
		       enum deploy_outcome *ret_outcome)
{
	const struct asked asked = { .template = TEMPLATE, .key = "Tag" };

	return deploy_asked(fake, &asked, policy, ret_outcome);
}

static int deploy_it(struct fake_cfn *fake)
{
	const struct deploy_policy policy = { .wait_ms = 0 };
	enum deploy_outcome outcome;

	return deploy_with(fake, &policy, &outcome);
}

static void updates_a_stack(void **state)
{
	static const struct fake_answer answers[] = { USUAL };
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(deploy_it(&fake), 0);
	assert_int_equal(fake_cfn_called(&fake, "ExecuteChangeSet"), 1);
	assert_int_equal(fake_cfn_called(&fake, "DeleteChangeSet"), 0);
}

/* 1.A, found at start: what can be deployed to, and what each other status makes. */
static void starts_as_the_catalogue_has_it(void **state)
{
	static const struct {
		const char *stack;
		int want;
	} rows[] = {
		{ STACK("CREATE_IN_PROGRESS"), 13 },
		{ STACK("CREATE_FAILED"), 3 },
		{ STACK("CREATE_COMPLETE"), 0 },
		{ STACK("ROLLBACK_IN_PROGRESS"), 13 },
		{ STACK("ROLLBACK_FAILED"), 11 },
		{ STACK("ROLLBACK_COMPLETE"), 11 },
		{ STACK("DELETE_IN_PROGRESS"), 13 },
		{ STACK("DELETE_FAILED"), 11 },
		{ STACK("UPDATE_IN_PROGRESS"), 13 },
		{ STACK("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"), 13 },
		{ STACK("UPDATE_COMPLETE"), 0 },
		{ STACK("UPDATE_FAILED"), 3 },
		{ STACK("UPDATE_ROLLBACK_IN_PROGRESS"), 13 },
		{ STACK("UPDATE_ROLLBACK_FAILED"), 11 },
		{ STACK("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"), 13 },
		{ STACK("UPDATE_ROLLBACK_COMPLETE"), 0 },
		{ STACK("IMPORT_IN_PROGRESS"), 13 },
		{ STACK("IMPORT_COMPLETE"), 0 },
		{ STACK("IMPORT_ROLLBACK_IN_PROGRESS"), 13 },
		{ STACK("IMPORT_ROLLBACK_FAILED"), 11 },
		{ STACK("IMPORT_ROLLBACK_COMPLETE"), 0 },
		{ STACK("MIGRATE_IN_PROGRESS"), 13 },
		{ STACK("MIGRATE_COMPLETE"), 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = { { "DescribeStacks", 200, rows[i].stack, 1 },
						       USUAL };
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(deploy_it(&fake), rows[i].want);
		assert_int_equal(fake_cfn_called(&fake, "ExecuteChangeSet"), rows[i].want == 0);
		assert_true(rows[i].want == 0 || fake.err.fix.len);
	}
}

/* A9, A18: no stack, a deleted one and an unexecuted creation: a change set of type CREATE. */
static void a9_a18_creates_where_nothing_lives(void **state)
{
	static const struct {
		int status;
		const char *stack;
	} rows[] = {
		{ 400, NOT_THERE },
		{ 200, STACK("DELETE_COMPLETE") },
		{ 200, STACK("REVIEW_IN_PROGRESS") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "DescribeStacks", rows[i].status, rows[i].stack, 1 },
			{ "DescribeStacks", 200, STACK("CREATE_COMPLETE"), 0 },
			{ "CreateChangeSet", 200, CREATED, 0 },
			{ "DescribeChangeSet", 200, READY, 0 },
			{ "DescribeStackEvents", 200, EVENTS(""), 1 },
			{ "ExecuteChangeSet", 200, EXECUTED, 0 },
			{ "DescribeStackEvents", 200, EVENTS(ROOT("2", "CREATE_COMPLETE")), 0 },
		};
		const struct deploy_policy policy = { .wait_ms = 0 };
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
		enum deploy_outcome outcome = DEPLOY_UNCHANGED;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(deploy_with(&fake, &policy, &outcome), 0);
		assert_int_equal(outcome, DEPLOY_CREATED);
	}
}

/* B14: any other refusal than "does not exist" is no stack to be created. */
static void b14_creates_nothing_on_another_refusal(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStacks", 400, FAULT("ValidationError", "Role app does not exist"), 0 },
		USUAL
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(deploy_it(&fake), 1);
	assert_string_equal(fake.calls.buf, "DescribeStacks");
}

/* B1, B2: nothing to do is success, and leaves no change set. B3: what merely quotes it is not. */
static void b1_b2_b3_tells_an_empty_change_set_by_its_whole_reason(void **state)
{
	static const struct {
		const char *set;
		int want;
	} rows[] = {
		{ SET("FAILED", "The submitted information didn't contain changes. Submit more.",
		      "UNAVAILABLE", ""),
		  0 },
		{ SET("FAILED", "No updates are to be performed.", "UNAVAILABLE", ""), 0 },
		{ SET("FAILED", "Hook said: No updates are to be performed.", "UNAVAILABLE", ""),
		  9 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = { { "DescribeChangeSet", 200, rows[i].set, 0 },
						       USUAL };
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(deploy_it(&fake), rows[i].want);
		assert_int_equal(fake_cfn_called(&fake, "ExecuteChangeSet"), 0);
		assert_int_equal(fake_cfn_called(&fake, "DeleteChangeSet"), 1);
	}
}

/* B4: outputs alone change: executed although no change is listed. */
static void b4_executes_a_change_set_without_changes(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeChangeSet", 200, SET("CREATE_COMPLETE", "", "AVAILABLE", ""), 0 }, USUAL
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(deploy_it(&fake), 0);
	assert_int_equal(fake_cfn_called(&fake, "ExecuteChangeSet"), 1);
}

/* B5: values were asked for and changes got lost: they are fetched without. */
static void b5_fills_in_what_the_values_cost(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeChangeSet", 200,
		  SET("CREATE_COMPLETE",
		      "[WARN] --include-property-values option can return incomplete ChangeSet "
		      "data because: too large",
		      "AVAILABLE", ""),
		  1 },
		USUAL
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(deploy_it(&fake), 0);
	assert_non_null(strstr(fake.report.told.buf, "~ App (AWS::X::Y)"));
}

/* B6: a change set that is never made: given up after a time of our own, and deleted. */
static void b6_gives_up_on_a_change_set_that_hangs(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeChangeSet", 200, SET("CREATE_PENDING", "", "UNAVAILABLE", ""), 0 }, USUAL
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(deploy_it(&fake), 9);
	assert_int_equal(fake_cfn_called(&fake, "DeleteChangeSet"), 1);
}

/* B7, B8, B12, B24: what a failed ExecuteChangeSet means, the change set says. */
static void b7_b8_b12_b24_asks_the_change_set_what_a_failure_means(void **state)
{
	static const char available[] = SET("CREATE_COMPLETE", "", "AVAILABLE", "");
	static const char running[] = SET("CREATE_COMPLETE", "", "EXECUTE_IN_PROGRESS", "");
	static const char obsolete[] = SET("CREATE_COMPLETE", "", "OBSOLETE", "");
	static const char missing[] = FAULT("ChangeSetNotFound", "ChangeSet does not exist");
	static const char busy[] = FAULT("InvalidChangeSetStatus", "An operation on this ChangeSet "
								   "is currently in progress.");
	static const struct {
		int status; /* of the first ExecuteChangeSet */
		const char *body;
		int set_status; /* of the change set after it */
		const char *set;
		int want;
		unsigned executions;
	} rows[] = {
		/* The reply was lost: done, or not done, or who knows. */
		{ 0, NULL, 200, running, 0, 1 },
		{ 0, NULL, 200, available, 0, 2 },
		{ 0, NULL, 500, "<html>", 12, 1 },
		{ 400, FAULT("TokenAlreadyExistsException", "token"), 200, running, 0, 1 },
		{ 400, busy, 200, available, 0, 2 },
		{ 400, busy, 200, running, 0, 1 },
		{ 400, FAULT("InvalidChangeSetStatus", "status"), 200, obsolete, 3, 1 },
		{ 404, missing, 404, missing, 3, 1 },
		{ 400, FAULT("InsufficientCapabilitiesException", "Requires"), 200, available, 9,
		  1 },
		{ 400, FAULT("ValidationError", "bad"), 500, "<html>", 9, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "DescribeChangeSet", 200, READY, 1 },
			{ "DescribeChangeSet", rows[i].set_status, rows[i].set, 0 },
			{ "ExecuteChangeSet", rows[i].status, rows[i].body, 1 },
			USUAL,
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(deploy_it(&fake), rows[i].want);
		assert_int_equal(fake_cfn_called(&fake, "ExecuteChangeSet"), rows[i].executions);
	}
}

/* B9, B24: the reply to CreateChangeSet was lost, or ours is there already: taken over. */
static void b9_b24_finds_the_change_set_that_a_lost_reply_made(void **state)
{
	static const struct {
		int status;
		const char *body;
	} rows[] = {
		{ 0, NULL },
		{ 400, FAULT("AlreadyExistsException", "ChangeSet already exists") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "CreateChangeSet", rows[i].status, rows[i].body, 1 },
			{ "DescribeChangeSet", 200,
			  REPLY("DescribeChangeSet",
				"<ChangeSetId>" SET_ARN "</ChangeSetId><StackId>" STACK_ARN
				"</StackId><Status>CREATE_COMPLETE</Status>"
				"<ExecutionStatus>AVAILABLE</ExecutionStatus>"),
			  0 },
			USUAL,
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(deploy_it(&fake), 0);
		assert_int_equal(fake_cfn_called(&fake, "CreateChangeSet"), 1);
		assert_int_equal(fake_cfn_called(&fake, "ExecuteChangeSet"), 1);
	}
}

/* What the verdict rests on is what is told: an end that is known is not lost with one call more.
 */
static void does_not_ask_for_the_stack_again_once_it_has_ended(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStacks", 200, LIVE, 2 },
		{ "DescribeStacks", 0, NULL, 0 },
		USUAL,
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(deploy_it(&fake), 0);
}

/* Rule R2: a deletion whose answer was lost is looked for, and its stack is unmade all the same. */
static void a_change_set_whose_deletion_was_not_answered_is_looked_for(void **state)
{
	static const struct {
		int status; /* of DescribeChangeSet afterwards */
		const char *body;
		unsigned deleted;
		bool is_warned;
	} rows[] = {
		{ 404, FAULT("ChangeSetNotFound", "ChangeSet does not exist"), 1, false },
		{ 200, SET("DELETE_PENDING", "", "UNAVAILABLE", ""), 0, true },
		{ 0, NULL, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "DescribeStacks", 400, NOT_THERE, 1 },
			{ "DescribeStacks", 200, STACK("REVIEW_IN_PROGRESS"), 1 },
			{ "DescribeStacks", 400, NOT_THERE, 0 },
			{ "DescribeChangeSet", 200,
			  SET("FAILED", "no such thing", "UNAVAILABLE", ""), 1 },
			{ "DescribeChangeSet", rows[i].status, rows[i].body, 0 },
			{ "DeleteChangeSet", 0, NULL, 0 },
			USUAL,
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(deploy_it(&fake), 9);
		assert_int_equal(fake_cfn_called(&fake, "DeleteStack"), rows[i].deleted);
		assert_int_equal(strstr(fake.report.told.buf, "is left behind") != NULL,
				 rows[i].is_warned);
	}
}

/* B10, B11, B15: refused before anything was made. */
static void b10_b11_b15_says_why_a_change_set_was_refused(void **state)
{
	static const struct {
		const char *body, *fix;
	} rows[] = {
		{ FAULT("InsufficientCapabilitiesException", "Requires capabilities"),
		  "add the capability to stack.capabilities in deployer.yml" },
		{ FAULT("LimitExceededException", "too many"), "delete change sets" },
		{ FAULT("ValidationError", "Template format error: unsupported structure."), "" },
		{ FAULT("ValidationError", "No export named net-vpc found"),
		  "deploy the stack that exports it, to the same account and region" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = { { "CreateChangeSet", 400, rows[i].body, 0 },
						       USUAL };
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(deploy_it(&fake), 9);
		assert_non_null(strstr(fake.err.fix.buf, rows[i].fix));
		assert_int_equal(fake_cfn_called(&fake, "CreateChangeSet"), 1);
	}
}

/* B17: what an early validation found, which the change set's reason does not say. */
static void b17_says_what_a_validation_found(void **state)
{
	static const struct {
		int status;
		const char *events, *want;
	} rows[] = {
		{ 200,
		  REPLY("DescribeEvents",
			"<OperationEvents><member><EventId>1</EventId><LogicalResourceId>Bucket"
			"</LogicalResourceId><EventType>VALIDATION_ERROR</"
			"EventType><ValidationName>"
			"NAME_CONFLICT_VALIDATION</ValidationName><ValidationStatusReason>the "
			"bucket "
			"exists</ValidationStatusReason><ValidationPath>/Resources/Bucket"
			"</ValidationPath></member></OperationEvents>"),
		  "; Bucket: NAME_CONFLICT_VALIDATION: the bucket exists (/Resources/Bucket)" },
		{ 400, FAULT("InvalidAction", "no such operation"), "could not be read" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "DescribeChangeSet", 200,
			  SET("FAILED",
			      "The following validation failed: [AWS::EarlyValidation::X]",
			      "UNAVAILABLE", ""),
			  0 },
			{ "DescribeEvents", rows[i].status, rows[i].events, 0 },
			USUAL,
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(deploy_it(&fake), 9);
		assert_non_null(strstr(fake.err.msg.buf, rows[i].want));
		assert_int_equal(fake_cfn_called(&fake, "DeleteChangeSet"), 1);
	}
}

/* B13: busy, found before or by the change set: 13 with who runs it, or waited for. */
static void b13_waits_for_a_busy_stack(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStacks", 200, STACK("UPDATE_IN_PROGRESS"), 3 },
		{ "DescribeStackEvents", 200, EVENTS(ROOT_BY("1", "UPDATE_IN_PROGRESS", "theirs")),
		  1 },
		{ "CreateChangeSet", 400, BUSY, 1 },
		USUAL,
	};
	const struct deploy_policy policy = { .wait_ms = 60000 };
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	enum deploy_outcome outcome;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(deploy_with(&fake, &policy, &outcome), 0);
	assert_int_equal(fake_cfn_called(&fake, "CreateChangeSet"), 2);
	assert_non_null(strstr(fake.report.told.buf, "waiting for another operation: todobackend "
						     "is in UPDATE_IN_PROGRESS by somebody, token "
						     "'theirs'"));
}

static void b13_stops_waiting_for_a_busy_stack(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStacks", 200, STACK("UPDATE_IN_PROGRESS"), 0 },
		USUAL,
	};
	const struct deploy_policy policy = { .wait_ms = 60000 };
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	enum deploy_outcome outcome;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(deploy_with(&fake, &policy, &outcome), 13);
	assert_non_null(strstr(fake.err.fix.buf, "it was waited for 1m00s"));
	assert_int_equal(fake_cfn_called(&fake, "CreateChangeSet"), 0);
}

static void recreate_where_the_deletion_is_answered(int status, const char *body)
{
	const struct fake_answer answers[] = {
		{ "DescribeStacks", 200, STACK("ROLLBACK_COMPLETE"), 1 },
		{ "ListStackResources", 200,
		  REPLY("ListStackResources",
			"<StackResourceSummaries><member><LogicalResourceId>App</LogicalResourceId>"
			"<ResourceStatus>DELETE_COMPLETE</ResourceStatus></member>"
			"</StackResourceSummaries>"),
		  0 },
		{ "DeleteStack", status, body, 0 },
		{ "DescribeStacks", 200, STACK("DELETE_IN_PROGRESS"), 2 },
		{ "DescribeStacks", 200, STACK("DELETE_COMPLETE"), 1 },
		{ "DescribeStacks", 200, STACK("CREATE_COMPLETE"), 0 },
		{ "CreateChangeSet", 200, CREATED, 0 },
		{ "DescribeChangeSet", 200, READY, 0 },
		{ "DescribeStackEvents", 200, EVENTS(""), 1 },
		{ "ExecuteChangeSet", 200, EXECUTED, 0 },
		{ "DescribeStackEvents", 200, EVENTS(ROOT("2", "CREATE_COMPLETE")), 0 },
	};
	const struct deploy_policy policy = { .recreate = true };
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	enum deploy_outcome outcome = DEPLOY_UNCHANGED;

	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(deploy_with(&fake, &policy, &outcome), 0);
	assert_int_equal(outcome, DEPLOY_CREATED);
	assert_int_equal(fake_cfn_called(&fake, "DeleteStack"), 1);
}

static void a6_recreates_on_request_only(void **state)
{
	(void)state;
	recreate_where_the_deletion_is_answered(200, REPLY("DeleteStack", ""));
	recreate_where_the_deletion_is_answered(0, NULL);
}

/* Rule R2: nobody learned that it was executed, and it was over before anybody looked. */
static void follows_an_execution_that_failed_before_it_was_seen(void **state)
{
	static const struct {
		const char *events;
		int want;
	} rows[] = {
		{ EVENTS(ROOT("3", "UPDATE_ROLLBACK_COMPLETE") ROOT("2", "UPDATE_IN_PROGRESS")),
		  10 },
		{ BEFORE, 9 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "DescribeStacks", 200, LIVE, 1 },
			{ "DescribeStacks", 200, STACK("UPDATE_ROLLBACK_COMPLETE"), 0 },
			{ "DescribeStackEvents", 200, BEFORE, 1 },
			{ "DescribeStackEvents", 200, rows[i].events, 0 },
			{ "DescribeChangeSet", 200, READY, 1 },
			{ "DescribeChangeSet", 200,
			  SET("CREATE_COMPLETE", "", "EXECUTE_FAILED", ""), 0 },
			{ "ExecuteChangeSet", 0, NULL, 0 },
			USUAL,
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(deploy_it(&fake), rows[i].want);
		assert_int_equal(fake_cfn_called(&fake, "ExecuteChangeSet"), 1);
	}
}

/* There was no stack, and somebody else creates it before our change set is made. */
static void says_that_somebody_else_has_created_the_stack(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStacks", 400, NOT_THERE, 0 },
		{ "CreateChangeSet", 400,
		  FAULT("ValidationError",
			"Stack [todobackend] already exists and cannot be created "
			"again with the changeSet [x]."),
		  0 },
		USUAL,
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(deploy_it(&fake), 3);
	assert_string_equal(fake.err.fix.buf, "somebody else deployed in between: plan again");
}

/* A2, A13: what failed without a rollback is updated on request, and without one. */
static void a2_a13_fixes_forward_on_request(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStacks", 200, STACK("UPDATE_FAILED"), 1 },
		{ "ExecuteChangeSet", 400, FAULT("ValidationError", "stop here"), 0 },
		USUAL,
	};
	const struct deploy_policy policy = { .fix_forward = true };
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	enum deploy_outcome outcome;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(deploy_with(&fake, &policy, &outcome), 9);
	assert_int_equal(fake_cfn_called(&fake, "ExecuteChangeSet"), 1);
	assert_true(fake.saw_disable_rollback);
}

/* A plan leaves nothing behind: it ends when the stack that it made for its change set is gone. */
static void a7_a_declined_creation_ends_when_its_stack_is_gone(void **state)
{
	static const struct {
		unsigned busy; /* looks at a stack that is still being deleted */
		const char *warning;
	} rows[] = {
		{ 3, NULL },
		{ 0, "is left behind: its empty stack is in DELETE_IN_PROGRESS" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "DescribeStacks", 400, NOT_THERE, 1 },
			/* Before the deletion; and read too late, as if before it. */
			{ "DescribeStacks", 200, STACK("REVIEW_IN_PROGRESS"), 2 },
			{ "DescribeStacks", 200, STACK("DELETE_IN_PROGRESS"), rows[i].busy },
			{ "DescribeStacks", 200, STACK("DELETE_COMPLETE"), 0 },
			USUAL,
		};
		const struct deploy_policy policy = { .approval = APPROVE_NEVER };
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
		enum deploy_outcome outcome;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(deploy_with(&fake, &policy, &outcome), 9);
		assert_int_equal(fake_cfn_called(&fake, "DeleteStack"), 1);
		if (rows[i].warning) {
			assert_non_null(strstr(fake.report.told.buf, rows[i].warning));
			continue;
		}
		assert_null(strstr(fake.report.told.buf, "warning"));
		assert_int_equal(fake_cfn_called(&fake, "DescribeStacks"), 7);
	}
}

/* What an interrupted call has done all the same is found out before the end. */
static void f4_f5_asks_what_an_interrupted_call_has_done(void **state)
{
	static const struct {
		const char *action; /* that is interrupted */
		const char *seen;   /* of the change set afterwards */
		int status;
		unsigned deleted;
	} rows[] = {
		{ "CreateChangeSet", READY, 130, 1 },
		{ "ExecuteChangeSet", READY, 130, 1 },
		{ "ExecuteChangeSet", SET("CREATE_COMPLETE", "", "EXECUTE_IN_PROGRESS", ""), 12,
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool is_made = strcmp(rows[i].action, "CreateChangeSet") != 0;
		const struct fake_answer answers[] = {
			{ rows[i].action, INTERRUPTED, NULL, 1 },
			{ "DescribeChangeSet", 200, is_made ? READY : rows[i].seen, 1 },
			{ "DescribeChangeSet", 200, rows[i].seen, 0 },
			{ "DescribeStackEvents", 200, BEFORE, 1 },
			{ "DescribeStackEvents", 200, EVENTS(ROOT("2", "UPDATE_IN_PROGRESS")), 0 },
			USUAL,
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(deploy_it(&fake), rows[i].status);
		assert_int_equal(fake_cfn_called(&fake, "DeleteChangeSet"), rows[i].deleted);
		interrupt_clear();
	}
}

/* F11: the empty stack is everybody's who is about to create it, and whose change set won. */
static void f11_does_not_delete_what_somebody_else_creates(void **state)
{
	static const struct {
		const char *status;
		const char *summaries;
		unsigned deletions;
	} rows[] = {
		{ STACK("REVIEW_IN_PROGRESS"), "", 1 },
		{ STACK("REVIEW_IN_PROGRESS"),
		  "<member><ChangeSetName>theirs</ChangeSetName></member>", 0 },
		{ STACK("CREATE_IN_PROGRESS"), "", 0 },
		{ STACK("CREATE_COMPLETE"), "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(str_release) struct str list = STR_INIT;
		const struct deploy_policy policy = { .approval = APPROVE_NEVER };
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
		enum deploy_outcome outcome;

		str_addf(&list, REPLY("ListChangeSets", "<Summaries>%s</Summaries>"),
			 rows[i].summaries);
		const struct fake_answer answers[] = {
			{ "DescribeStacks", 400, NOT_THERE, 1 },
			{ "DescribeStacks", 200, rows[i].status, 1 },
			{ "DescribeStacks", 200, STACK("DELETE_COMPLETE"), 0 },
			{ "ListChangeSets", 200, list.buf, 0 },
			{ "DeleteChangeSet", 404, FAULT("ChangeSetNotFound", "m"), 1 },
			USUAL,
		};
		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(deploy_with(&fake, &policy, &outcome), 9);
		assert_int_equal(fake_cfn_called(&fake, "DeleteStack"), rows[i].deletions);
		assert_null(strstr(fake.report.told.buf, "warning"));
	}
}

/* A7: the stack that was being deleted is gone after the wait: a creation. */
static void a7_creates_after_waiting_for_a_deletion(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStacks", 200, STACK("DELETE_IN_PROGRESS"), 2 },
		{ "DescribeStacks", 200, STACK("DELETE_COMPLETE"), 1 },
		{ "DescribeStacks", 200, STACK("CREATE_COMPLETE"), 0 },
		{ "CreateChangeSet", 200, CREATED, 0 },
		{ "DescribeChangeSet", 200, READY, 0 },
		{ "DescribeStackEvents", 200, EVENTS(""), 3 },
		{ "ExecuteChangeSet", 200, EXECUTED, 0 },
		{ "DescribeStackEvents", 200, EVENTS(ROOT("2", "CREATE_COMPLETE")), 0 },
	};
	const struct deploy_policy policy = { .wait_ms = 60000 };
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	enum deploy_outcome outcome = DEPLOY_UNCHANGED;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(deploy_with(&fake, &policy, &outcome), 0);
	assert_int_equal(outcome, DEPLOY_CREATED);
}

static void b17_does_not_recreate_what_is_protected(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStacks", 200,
		  STACK_WITH("ROLLBACK_COMPLETE",
			     "<EnableTerminationProtection>true</EnableTerminationProtection>"),
		  0 },
	};
	const struct deploy_policy policy = { .recreate = true };
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	enum deploy_outcome outcome;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(deploy_with(&fake, &policy, &outcome), 9);
	assert_string_equal(fake.calls.buf, "DescribeStacks");
}

/* The deletion of a failed stack fails itself: nothing is created over what is left. */
static void a6_tells_that_a_failed_stack_could_not_be_deleted(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStacks", 200, STACK("ROLLBACK_COMPLETE"), 1 },
		{ "ListStackResources", 200,
		  REPLY("ListStackResources", "<StackResourceSummaries/>"), 0 },
		{ "DeleteStack", 200, REPLY("DeleteStack", ""), 0 },
		{ "DescribeStacks", 200, STACK("DELETE_IN_PROGRESS"), 1 },
		{ "DescribeStacks", 200, STACK("DELETE_FAILED"), 0 },
	};
	const struct deploy_policy policy = { .recreate = true };
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	enum deploy_outcome outcome;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(deploy_with(&fake, &policy, &outcome), 11);
	assert_string_equal(fake.err.msg.buf, "stack 'todobackend': the failed stack could not be "
					      "deleted: it is in DELETE_FAILED");
	assert_true(fake.err.fix.len > 0);
	assert_int_equal(fake_cfn_called(&fake, "CreateChangeSet"), 0);
}

static void does_not_recreate_what_keeps_resources(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStacks", 200, STACK("ROLLBACK_COMPLETE"), 0 },
		{ "ListStackResources", 200,
		  REPLY("ListStackResources",
			"<StackResourceSummaries><member><LogicalResourceId>Db</LogicalResourceId>"
			"<ResourceStatus>DELETE_SKIPPED</ResourceStatus></member>"
			"</StackResourceSummaries>"),
		  0 },
	};
	const struct deploy_policy policy = { .recreate = true };
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	enum deploy_outcome outcome;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(deploy_with(&fake, &policy, &outcome), 11);
	assert_non_null(strstr(fake.err.msg.buf, "'Db'"));
	assert_int_equal(fake_cfn_called(&fake, "DeleteStack"), 0);
}

/* Nobody is there to say yes: declined, and the change set is deleted. */
static void executes_nothing_without_the_approval_it_needs(void **state)
{
	static const struct fake_answer answers[] = { USUAL };
	const struct deploy_policy policy = { .approval = APPROVE_NEVER };
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	enum deploy_outcome outcome;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(deploy_with(&fake, &policy, &outcome), 9);
	assert_int_equal(fake_cfn_called(&fake, "ExecuteChangeSet"), 0);
	assert_int_equal(fake_cfn_called(&fake, "DeleteChangeSet"), 1);
}

/* Data that no deployment brings back goes with nobody's yes but that of its name. */
static void takes_no_data_away_unnamed(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeChangeSet", 200,
		  SET("CREATE_COMPLETE", "", "AVAILABLE",
		      CHANGE("Modify", "Orders", "AWS::DynamoDB::Table", "True")
			      CHANGE("Remove", "Users", "AWS::DynamoDB::Table", "")),
		  0 },
		USUAL
	};
	static const struct {
		const char *first, *second;
		int want;
		const char *message, *fix;
	} rows[] = {
		{ NULL, NULL, 9,
		  "Orders would lose its data, Users would lose its data, and nobody is there to "
		  "ask",
		  "give --lose Orders --lose Users where that is meant" },
		{ "Users", NULL, 9, "stack 'todobackend': Orders would lose its data, and nobody",
		  "give --lose Orders where that is meant" },
		{ "Users", "Orders", 0, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
		CLEANUP(strv_release) struct strv lose = STRV_INIT;
		const struct deploy_policy policy = { .lose = &lose };
		enum deploy_outcome outcome;

		if (rows[i].first)
			strv_add(&lose, rows[i].first);
		if (rows[i].second)
			strv_add(&lose, rows[i].second);
		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(deploy_with(&fake, &policy, &outcome), rows[i].want);
		assert_non_null(strstr(fake.err.msg.buf, rows[i].message));
		assert_non_null(strstr(fake.err.fix.buf, rows[i].fix));
		assert_int_equal(fake_cfn_called(&fake, "ExecuteChangeSet"), rows[i].want == 0);
		assert_int_equal(fake_cfn_called(&fake, "DeleteChangeSet"), rows[i].want != 0);
	}
}

/* B20: deleted and made anew between two calls: the change set is for a stack nobody looked at. */
static void b20_refuses_a_stack_made_anew(void **state)
{
	static const struct fake_answer answers[] = {
		{ "CreateChangeSet", 200,
		  REPLY("CreateChangeSet", "<Id>" SET_ARN "</Id><StackId>arn:other</StackId>"), 0 },
		USUAL
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(deploy_it(&fake), 3);
	assert_int_equal(fake_cfn_called(&fake, "ExecuteChangeSet"), 0);
}

/* What the file and the template do not say alike is told before any change set is made. */
static void makes_no_change_set_of_parameters_that_do_not_match(void **state)
{
	static const struct {
		struct asked asked;
		const char *msg, *fix;
	} rows[] = {
		{ { TEMPLATE, "Tga", NULL },
		  "stack 'todobackend': parameter 'Tga' is not in template '",
		  "take 'Tga' out of the parameter file, or declare it in the template's "
		  "Parameters" },
		{ { "Parameters: {Tag: {Type: String}, Vpc: {Type: String}}\n"
		    "Resources: {App: {Type: 'AWS::X::Y'}}\n",
		    "Tag", NULL },
		  "stack 'todobackend': parameter 'Vpc' has no value: the template has no default "
		  "for it",
		  "add a line 'Vpc=...' to the parameter file" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const struct fake_answer answers[] = { USUAL };
		const struct deploy_policy policy = { .wait_ms = 0 };
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
		enum deploy_outcome outcome;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(deploy_asked(&fake, &rows[i].asked, &policy, &outcome), 2);
		assert_int_equal(strncmp(fake.err.msg.buf, rows[i].msg, strlen(rows[i].msg)), 0);
		assert_string_equal(fake.err.fix.buf, rows[i].fix);
		assert_string_equal(fake.calls.buf, "DescribeStacks");
	}
}

/* By its size alone, before any call. */
static void sends_no_template_that_is_too_large(void **state)
{
	static const struct {
		size_t len;
		const char *bucket, *msg, *fix;
	} rows[] = {
		{ TEMPLATE_MAX_BODY_BYTES + 1, NULL,
		  "template has 51201 bytes: more than 51200 go through a bucket, and none is set",
		  "name a bucket of your account as stack.bucket in deployer.yml" },
		{ TEMPLATE_MAX_BODY_BYTES + 1, "",
		  "template has 51201 bytes: more than 51200 go through a bucket, and none is set",
		  "name a bucket of your account as stack.bucket in deployer.yml" },
		{ TEMPLATE_MAX_BYTES + 1, "b",
		  "template has 1000001 bytes, and CloudFormation takes at most 1000000",
		  "split it into nested stacks" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(stack_template_release)
		struct stack_template template = STACK_TEMPLATE_INIT;
		CLEANUP(str_release) struct str url = STR_INIT;
		const struct template_bucket bucket = { .name = rows[i].bucket };

		while (template.body.len < rows[i].len)
			str_addc(&template.body, 'x');
		assert_int_equal(template_upload(NULL, &template, &bucket, &url, &err), -1);
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_string_equal(err.msg.buf, rows[i].msg);
		assert_string_equal(err.fix.buf, rows[i].fix);
		assert_int_equal(url.len, 0);
	}
}

/* Without them nobody knows what is new: the change set is taken back, and nothing executed. */
static void executes_nothing_where_the_events_cannot_be_read(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStackEvents", 400, FAULT("ValidationError", "bad"), 0 },
		USUAL,
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(deploy_it(&fake), 1);
	assert_non_null(strstr(fake.err.msg.buf,
			       "stack 'todobackend': reading the events of '" STACK_ARN "': "));
	assert_int_equal(fake_cfn_called(&fake, "ExecuteChangeSet"), 0);
	assert_int_equal(fake_cfn_called(&fake, "DeleteChangeSet"), 1);
}

/* The stack is what was asked for, all but its protection: that is known, or it is not. */
static void says_what_became_of_the_termination_protection(void **state)
{
	static const struct {
		int status;
		const char *body, *msg;
		int want;
	} rows[] = {
		{ 400, FAULT("ValidationError", "no"),
		  "stack 'todobackend': the stack is UPDATE_COMPLETE, but its termination "
		  "protection is as it was: ",
		  1 },
		{ 0, NULL,
		  "stack 'todobackend': the stack is UPDATE_COMPLETE; whether its termination "
		  "protection was changed is not known: ",
		  12 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "UpdateTerminationProtection", rows[i].status, rows[i].body, 0 },
			{ "DescribeStacks", 200, LIVE, 2 },
			{ "DescribeStacks", 0, NULL, 0 },
			USUAL,
		};
		const struct asked asked = { TEMPLATE, "Tag", "true" };
		const struct deploy_policy policy = { .wait_ms = 0 };
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
		enum deploy_outcome outcome;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(deploy_asked(&fake, &asked, &policy, &outcome), rows[i].want);
		assert_int_equal(strncmp(fake.err.msg.buf, rows[i].msg, strlen(rows[i].msg)), 0);
		assert_int_equal(fake_cfn_called(&fake, "ExecuteChangeSet"), 1);
	}
}

/* Ours is over, somebody else's runs already, and what the stack is now nobody answers. */
static void does_not_know_a_stack_that_is_deployed_to_again(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStacks", 200, LIVE, 1 },
		{ "DescribeStacks", 0, NULL, 0 },
		{ "DescribeStackEvents", 200, BEFORE, 1 },
		{ "DescribeStackEvents", 200,
		  EVENTS(ROOT_BY("3", "UPDATE_IN_PROGRESS", "theirs") ROOT("2", "UPDATE_COMPLETE")
				 ROOT_BY("1", "UPDATE_COMPLETE", "older")),
		  0 },
		USUAL,
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(deploy_it(&fake), 12);
	assert_non_null(strstr(fake.err.msg.buf, "stack 'todobackend': "));
	assert_int_equal(fake_cfn_called(&fake, "ExecuteChangeSet"), 1);
}

/* Rule R2: whether the failed stack is being deleted nobody says, and nothing is made over it. */
static void a6_creates_nothing_where_a_deletion_was_not_answered(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStacks", 200, STACK("ROLLBACK_COMPLETE"), 1 },
		{ "DescribeStacks", 0, NULL, 0 },
		{ "ListStackResources", 200,
		  REPLY("ListStackResources", "<StackResourceSummaries/>"), 0 },
		{ "DeleteStack", 0, NULL, 0 },
	};
	const struct deploy_policy policy = { .recreate = true };
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	enum deploy_outcome outcome;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(deploy_with(&fake, &policy, &outcome), 12);
	assert_int_equal(fake_cfn_called(&fake, "DeleteStack"), 1);
	assert_int_equal(fake_cfn_called(&fake, "CreateChangeSet"), 0);
}

/* A change set that was reviewed: of a stack made anew since, and one that another has overtaken.
 */
static void executes_no_reviewed_change_set_that_is_out_of_date(void **state)
{
#define REVIEWED(stack, execution)                                                                 \
	REPLY("DescribeChangeSet",                                                                 \
	      "<ChangeSetId>" SET_ARN "</ChangeSetId><ChangeSetName>deployer-1</ChangeSetName>"    \
	      "<StackId>" stack                                                                    \
	      "</StackId><Status>CREATE_COMPLETE</Status><ExecutionStatus>" execution              \
	      "</ExecutionStatus><Changes/>")
	static const struct {
		const char *set, *msg, *fix;
	} rows[] = {
		{ REVIEWED("arn:other", "AVAILABLE"),
		  "change set '" SET_ARN "' is for another stack, 'arn:other'",
		  "name the change set of stack 'todobackend'" },
		{ REVIEWED(STACK_ARN, "EXECUTE_COMPLETE"),
		  "change set 'deployer-1' was executed already (EXECUTE_COMPLETE)",
		  "'deployer watch' shows how that ends or ended" },
		{ REVIEWED(STACK_ARN, "OBSOLETE"), "change set 'deployer-1' is OBSOLETE",
		  "somebody else deployed in between: plan again" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "DescribeChangeSet", 200, rows[i].set, 0 },
			USUAL,
		};
		const struct deploy_policy policy = { .change_set = SET_ARN };
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
		enum deploy_outcome outcome;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(deploy_with(&fake, &policy, &outcome), 3);
		assert_non_null(strstr(fake.err.msg.buf, rows[i].msg));
		assert_string_equal(fake.err.fix.buf, rows[i].fix);
		/* It is somebody's, who may still want to look at it. */
		assert_int_equal(fake_cfn_called(&fake, "DeleteChangeSet"), 0);
		assert_int_equal(fake_cfn_called(&fake, "ExecuteChangeSet"), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(updates_a_stack),
		cmocka_unit_test(starts_as_the_catalogue_has_it),
		cmocka_unit_test(a9_a18_creates_where_nothing_lives),
		cmocka_unit_test(b14_creates_nothing_on_another_refusal),
		cmocka_unit_test(b1_b2_b3_tells_an_empty_change_set_by_its_whole_reason),
		cmocka_unit_test(b4_executes_a_change_set_without_changes),
		cmocka_unit_test(b5_fills_in_what_the_values_cost),
		cmocka_unit_test(b6_gives_up_on_a_change_set_that_hangs),
		cmocka_unit_test(b7_b8_b12_b24_asks_the_change_set_what_a_failure_means),
		cmocka_unit_test(b9_b24_finds_the_change_set_that_a_lost_reply_made),
		cmocka_unit_test(does_not_ask_for_the_stack_again_once_it_has_ended),
		cmocka_unit_test(a_change_set_whose_deletion_was_not_answered_is_looked_for),
		cmocka_unit_test(b10_b11_b15_says_why_a_change_set_was_refused),
		cmocka_unit_test(b17_says_what_a_validation_found),
		cmocka_unit_test(b13_waits_for_a_busy_stack),
		cmocka_unit_test(b13_stops_waiting_for_a_busy_stack),
		cmocka_unit_test(a6_recreates_on_request_only),
		cmocka_unit_test(follows_an_execution_that_failed_before_it_was_seen),
		cmocka_unit_test(says_that_somebody_else_has_created_the_stack),
		cmocka_unit_test(a2_a13_fixes_forward_on_request),
		cmocka_unit_test(a7_a_declined_creation_ends_when_its_stack_is_gone),
		cmocka_unit_test(f4_f5_asks_what_an_interrupted_call_has_done),
		cmocka_unit_test(f11_does_not_delete_what_somebody_else_creates),
		cmocka_unit_test(a7_creates_after_waiting_for_a_deletion),
		cmocka_unit_test(b17_does_not_recreate_what_is_protected),
		cmocka_unit_test(a6_tells_that_a_failed_stack_could_not_be_deleted),
		cmocka_unit_test(does_not_recreate_what_keeps_resources),
		cmocka_unit_test(executes_nothing_without_the_approval_it_needs),
		cmocka_unit_test(takes_no_data_away_unnamed),
		cmocka_unit_test(b20_refuses_a_stack_made_anew),
		cmocka_unit_test(makes_no_change_set_of_parameters_that_do_not_match),
		cmocka_unit_test(sends_no_template_that_is_too_large),
		cmocka_unit_test(executes_nothing_where_the_events_cannot_be_read),
		cmocka_unit_test(executes_no_reviewed_change_set_that_is_out_of_date),
		cmocka_unit_test(says_what_became_of_the_termination_protection),
		cmocka_unit_test(does_not_know_a_stack_that_is_deployed_to_again),
		cmocka_unit_test(a6_creates_nothing_where_a_deletion_was_not_answered),
	};

	return cmocka_run_group_tests_name("deploy", tests, NULL, NULL);
}
