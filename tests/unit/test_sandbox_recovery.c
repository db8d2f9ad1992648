#include "data/json.h"
#include "sandbox/initial_stack.h"
#include "sandbox/stack.h"
#include "sandbox_client.h"

/* Two parameters of SSM, the second after the first. */
#define TEMPLATE                                                                                   \
	"Parameters:\n"                                                                            \
	"  Tag: {Type: String}\n"                                                                  \
	"Resources:\n"                                                                             \
	"  First: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Ref Tag}}\n"      \
	"  Second:\n"                                                                              \
	"    Type: AWS::SSM::Parameter\n"                                                          \
	"    DependsOn: First\n"                                                                   \
	"    Properties: {Type: String, Value: !Ref Tag}\n"

static void open_with(struct client *client, const char *scenario)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;

	client_open(client);
	assert_int_equal(
		scenario_read(scenario, strlen(scenario), &client->sandbox->scenario, &err), 0);
	assert_int_equal(initial_stack_make_all(client->sandbox, &err), 0);
	stack_advance_all(client->sandbox, client->now_ms);
}

static int change(struct client *client, const char *action, const char *tag, const char *disable)
{
	return client_call(client, "cloudformation", action, "StackName", "app", "TemplateBody",
			   TEMPLATE, "Parameters.member.1.ParameterKey", "Tag",
			   "Parameters.member.1.ParameterValue", tag, "DisableRollback", disable,
			   "ClientRequestToken", tag, NULL);
}

static int call(struct client *client, const char *action)
{
	return client_call(client, "cloudformation", action, "StackName", "app", NULL);
}

static void wait_until_at_rest(struct client *client)
{
	for (int i = 0; i < 1000 && stack_is_busy(stack_find(client->sandbox, "app")); i++) {
		client->now_ms += 1000;
		stack_advance_all(client->sandbox, client->now_ms);
	}
}

static const char *status_of(struct client *client)
{
	assert_int_equal(call(client, "DescribeStacks"), 200);
	return client_text(client, "DescribeStacksResult/Stacks/member/StackStatus");
}

static const char *resource_status(const struct client *client, const char *name)
{
	const json_t *resources = json_object_get(stack_find(client->sandbox, "app"), "Resources");

	return json_text(json_object_get(resources, name), "ResourceStatus");
}

/* ---- statuses ---- */

static const char *const statuses[] = {
	"CREATE_IN_PROGRESS",
	"CREATE_FAILED",
	"CREATE_COMPLETE",
	"ROLLBACK_IN_PROGRESS",
	"ROLLBACK_FAILED",
	"ROLLBACK_COMPLETE",
	"DELETE_IN_PROGRESS",
	"DELETE_FAILED",
	"UPDATE_IN_PROGRESS",
	"UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
	"UPDATE_COMPLETE",
	"UPDATE_FAILED",
	"UPDATE_ROLLBACK_IN_PROGRESS",
	"UPDATE_ROLLBACK_FAILED",
	"UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
	"UPDATE_ROLLBACK_COMPLETE",
	"REVIEW_IN_PROGRESS",
	"IMPORT_IN_PROGRESS",
	"IMPORT_COMPLETE",
	"IMPORT_ROLLBACK_IN_PROGRESS",
	"IMPORT_ROLLBACK_FAILED",
	"IMPORT_ROLLBACK_COMPLETE",
	"SOMETHING_NEW",
};

static void has_a_stack_in_any_status_at_the_start(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		CLEANUP(str_release) struct str scenario = STR_INIT;
		struct client client;

		str_addf(&scenario,
			 "stacks: [{name: app, is_made: true, found: %s, then: CREATE_COMPLETE, "
			 "seconds: 30}]",
			 statuses[i]);
		open_with(&client, scenario.buf);
		assert_string_equal(status_of(&client), statuses[i]);
		client.now_ms += 31000;
		assert_string_equal(status_of(&client), "CREATE_COMPLETE");
		client_close(&client);
	}
}

/* By name it is gone, by its ARN it is still there. */
static void has_a_deleted_stack_at_the_start(void **state)
{
	struct client client;
	const json_t *stack;

	(void)state;
	open_with(&client, "stacks: [{name: app, is_made: true, found: DELETE_COMPLETE}]");
	assert_int_equal(call(&client, "DescribeStacks"), 400);
	stack = json_array_get(sandbox_list(client.sandbox, "Stacks"), 0);
	assert_int_equal(client_call(&client, "cloudformation", "DescribeStacks", "StackName",
				     json_text(stack, "StackId"), NULL),
			 200);
	assert_string_equal(client_text(&client, "DescribeStacksResult/Stacks/member/StackStatus"),
			    "DELETE_COMPLETE");
	client_close(&client);
}

/* ---- going on ---- */

/* An update whose second resource fails, and whose first does not roll back. */
static void open_halted(struct client *client)
{
	open_with(client, "resources:\n"
			  "- {logical_id: Second, action: UPDATE, outcome: fail, count: 1}\n"
			  "- {logical_id: First, action: ROLLBACK, outcome: fail, count: 1, "
			  "reason: gone}\n");
	assert_int_equal(change(client, "CreateStack", "1", "false"), 200);
	wait_until_at_rest(client);
	assert_int_equal(change(client, "UpdateStack", "2", "false"), 200);
	wait_until_at_rest(client);
	assert_string_equal(status_of(client), "UPDATE_ROLLBACK_FAILED");
}

static void continues_a_rollback_that_failed(void **state)
{
	struct client client;

	(void)state;
	open_halted(&client);
	assert_int_equal(call(&client, "ContinueUpdateRollback"), 200);
	assert_string_equal(status_of(&client), "UPDATE_ROLLBACK_IN_PROGRESS");
	wait_until_at_rest(&client);
	assert_string_equal(status_of(&client), "UPDATE_ROLLBACK_COMPLETE");
	assert_string_equal(client_text(&client, "DescribeStacksResult/Stacks/member/Parameters/"
						 "member/ParameterValue"),
			    "1");
	assert_int_equal(call(&client, "ContinueUpdateRollback"), 400);
	client_close(&client);
}

static void skips_only_what_failed_in_the_rollback(void **state)
{
	struct client client;

	(void)state;
	open_halted(&client);
	assert_int_equal(client_call(&client, "cloudformation", "ContinueUpdateRollback",
				     "StackName", "app", "ResourcesToSkip.member.1", "Nothing",
				     NULL),
			 400);
	assert_string_equal(status_of(&client), "UPDATE_ROLLBACK_FAILED");
	assert_int_equal(client_call(&client, "cloudformation", "ContinueUpdateRollback",
				     "StackName", "app", "ResourcesToSkip.member.1", "First", NULL),
			 200);
	assert_string_equal(resource_status(&client, "First"), "UPDATE_COMPLETE");
	wait_until_at_rest(&client);
	assert_string_equal(status_of(&client), "UPDATE_ROLLBACK_COMPLETE");
	client_close(&client);
}

static void rolls_back_what_was_left_as_it_failed(void **state)
{
	struct client client;

	(void)state;
	open_with(&client, "resources:\n"
			   "- {logical_id: Second, action: UPDATE, outcome: fail, count: 1}\n");
	assert_int_equal(change(&client, "CreateStack", "1", "false"), 200);
	wait_until_at_rest(&client);
	assert_int_equal(call(&client, "RollbackStack"), 400);
	assert_int_equal(change(&client, "UpdateStack", "2", "true"), 200);
	wait_until_at_rest(&client);
	assert_string_equal(status_of(&client), "UPDATE_FAILED");
	assert_int_equal(call(&client, "RollbackStack"), 200);
	wait_until_at_rest(&client);
	assert_string_equal(status_of(&client), "UPDATE_ROLLBACK_COMPLETE");
	assert_string_equal(client_text(&client, "DescribeStacksResult/Stacks/member/Parameters/"
						 "member/ParameterValue"),
			    "1");
	client_close(&client);
}

/* ---- events ---- */

static void tells_the_failed_events_of_an_operation(void **state)
{
	const json_t *events, *last;
	struct client client;

	(void)state;
	open_halted(&client);
	assert_int_equal(client_call(&client, "cloudformation", "DescribeEvents", "StackName",
				     "app", "Filters.FailedEvents", "true", NULL),
			 200);
	/* Newest first: the stack itself, its first resource, and what made it all. */
	assert_string_equal(client_text(&client, "DescribeEventsResult/OperationEvents/member/"
						 "EventType"),
			    "STACK_EVENT");
	assert_non_null(strstr(client.reply.body.buf, "PROVISIONING_ERROR"));
	assert_null(strstr(client.reply.body.buf, "PROGRESS_EVENT"));
	events = json_object_get(stack_find(client.sandbox, "app"), "Events");
	last = json_array_get(events, json_array_size(events) - 1);
	assert_string_equal(json_text(last, "OperationType"), "ROLLBACK");
	assert_string_equal(json_text(json_array_get(events, 0), "OperationType"), "CREATE_STACK");
	assert_string_equal(json_text(last, "ClientRequestToken"), "2");
	client_close(&client);
}

static void lacks_operations_that_are_yet_to_come(void **state)
{
	struct client client;

	(void)state;
	open_with(&client, "{lacks: [DescribeEvents], stacks: [{name: app, is_made: true}]}");
	assert_int_equal(call(&client, "DescribeEvents"), 400);
	assert_refused(&client, "InvalidAction",
		       "Could not find operation DescribeEvents for version 2010-05-15");
	assert_int_equal(call(&client, "DescribeStackEvents"), 200);
	client_close(&client);
}

/* ---- change sets ---- */

static const struct {
	const char *entry, *status, *execution, *reason;
} change_sets[] = {
	{ "outcome: fail, reason: No updates are to be performed.", "FAILED", "UNAVAILABLE",
	  "No updates are to be performed." },
	{ "outcome: stuck", "CREATE_IN_PROGRESS", "UNAVAILABLE", "" },
	{ "outcome: obsolete", "CREATE_COMPLETE", "OBSOLETE", "" },
	{ "outcome: warn, reason: '[WARN] incomplete'", "CREATE_COMPLETE", "AVAILABLE",
	  "[WARN] incomplete" },
};

#define CHANGE_SET(member) client_text(&client, "DescribeChangeSetResult/" member)

static void makes_change_sets_that_go_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(change_sets) / sizeof(change_sets[0]); i++) {
		CLEANUP(str_release) struct str scenario = STR_INIT;
		struct client client;

		str_addf(&scenario, "{change_sets: [{%s}], stacks: [{name: app, is_made: true}]}",
			 change_sets[i].entry);
		open_with(&client, scenario.buf);
		assert_int_equal(client_call(&client, "cloudformation", "CreateChangeSet",
					     "StackName", "app", "ChangeSetName", "c",
					     "TemplateBody", TEMPLATE,
					     "Parameters.member.1.ParameterKey", "Tag",
					     "Parameters.member.1.ParameterValue", "2", NULL),
				 200);
		client.now_ms += 60000;
		assert_int_equal(client_call(&client, "cloudformation", "DescribeChangeSet",
					     "StackName", "app", "ChangeSetName", "c", NULL),
				 200);
		assert_string_equal(CHANGE_SET("Status"), change_sets[i].status);
		assert_string_equal(CHANGE_SET("ExecutionStatus"), change_sets[i].execution);
		assert_string_equal(CHANGE_SET("StatusReason") ? CHANGE_SET("StatusReason") : "",
				    change_sets[i].reason);
		client_close(&client);
	}
}

/* ---- pages ---- */

/* Turns the pages of a list and counts the elements that begin with `mark`. */
static size_t count_all(struct client *client, const char *action, const char *mark,
			size_t *ret_pages)
{
	CLEANUP(str_release) struct str token = STR_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;
	size_t count = 0;

	str_addf(&path, "%sResult/NextToken", action);
	for (*ret_pages = 1; *ret_pages < 1000; ++*ret_pages) {
		const char *next, *p;

		assert_int_equal(client_call(client, "cloudformation", action, "StackName", "app",
					     token.len ? "NextToken" : NULL, token.buf, NULL),
				 200);
		for (p = client->reply.body.buf; (p = strstr(p, mark)); p++)
			count++;
		next = client_text(client, path.buf);
		if (!next || !*next)
			return count;
		str_reset(&token);
		str_adds(&token, next);
	}
	fail_msg("the pages have no end");
	return 0;
}

static void serves_a_large_stack_by_pages(void **state)
{
	CLEANUP(str_release) struct str scenario = STR_INIT;
	struct client client;
	size_t pages;

	(void)state;
	str_adds(&scenario,
		 "{stacks: [{name: app, is_made: true, found: UPDATE_COMPLETE, events: 10000, "
		 "template: \"Resources:");
	for (int i = 0; i < 500; i++)
		str_addf(&scenario, "\\n  P%d: {Type: AWS::SSM::Parameter, Properties: {Value: x}}",
			 i);
	str_adds(&scenario, "\"}]}");
	open_with(&client, scenario.buf);
	assert_int_equal(count_all(&client, "ListStackResources", "<LogicalResourceId>", &pages),
			 500);
	assert_int_equal(pages, 5);
	/* Those of the creation: three a resource, the stack's two, and the status at the end. */
	assert_int_equal(count_all(&client, "DescribeStackEvents", "<EventId>", &pages),
			 10000 + 500 * 3 + 3);
	assert_int_equal(pages, 116);
	assert_int_equal(call(&client, "DescribeStackResources"), 200);
	client_close(&client);
}

static void makes_pages_as_small_as_told(void **state)
{
	struct client client;
	size_t pages;

	(void)state;
	open_with(&client, "{page_size: 2, stacks: [{name: app, is_made: true, found: "
			   "UPDATE_COMPLETE, events: "
			   "5}]}");
	assert_int_equal(count_all(&client, "DescribeStackEvents", "<EventId>", &pages), 11);
	assert_int_equal(pages, 6);
	client_close(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_a_stack_in_any_status_at_the_start),
		cmocka_unit_test(has_a_deleted_stack_at_the_start),
		cmocka_unit_test(continues_a_rollback_that_failed),
		cmocka_unit_test(skips_only_what_failed_in_the_rollback),
		cmocka_unit_test(rolls_back_what_was_left_as_it_failed),
		cmocka_unit_test(tells_the_failed_events_of_an_operation),
		cmocka_unit_test(lacks_operations_that_are_yet_to_come),
		cmocka_unit_test(makes_change_sets_that_go_wrong),
		cmocka_unit_test(serves_a_large_stack_by_pages),
		cmocka_unit_test(makes_pages_as_small_as_told),
	};

	return cmocka_run_group_tests_name("sandbox_recovery", tests, NULL, NULL);
}
