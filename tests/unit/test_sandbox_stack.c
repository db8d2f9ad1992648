#include "data/json.h"
#include "sandbox/certificate.h"
#include "sandbox/server.h"
#include "sandbox/stack.h"
#include "sandbox_client.h"
#include "sys/file.h"

#include <stdlib.h>

/* A service on a task definition of a cluster; the tag replaces the task definition. */
#define TEMPLATE                                                                                   \
	"Parameters:\n"                                                                            \
	"  Tag: {Type: String}\n"                                                                  \
	"  Password: {Type: String, NoEcho: true, Default: s3cr3t}\n"                              \
	"Resources:\n"                                                                             \
	"  Service:\n"                                                                             \
	"    Type: AWS::ECS::Service\n"                                                            \
	"    Properties: {Cluster: !Ref Cluster, TaskDefinition: !Ref Task}\n"                     \
	"  Cluster: {Type: AWS::ECS::Cluster}\n"                                                   \
	"  Task:\n"                                                                                \
	"    Type: AWS::ECS::TaskDefinition\n"                                                     \
	"    Properties: {Family: app, ContainerDefinitions: [{Image: !Sub 'app:${Tag}'}]}\n"      \
	"Outputs: {Tag: {Value: !Ref Tag}}\n"

static void open_with(struct client *client, const char *scenario)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;

	client_open(client);
	if (scenario)
		assert_int_equal(
			scenario_read(scenario, strlen(scenario), &client->sandbox->scenario, &err),
			0);
}

static int change(struct client *client, const char *action, const char *tag, const char *token)
{
	return client_call(client, "cloudformation", action, "StackName", "app", "TemplateBody",
			   TEMPLATE, "Parameters.member.1.ParameterKey", "Tag",
			   "Parameters.member.1.ParameterValue", tag, "ClientRequestToken", token,
			   NULL);
}

static const char *describe(struct client *client, const char *path)
{
	CLEANUP(str_release) struct str whole = STR_INIT;

	assert_int_equal(
		client_call(client, "cloudformation", "DescribeStacks", "StackName", "app", NULL),
		200);
	str_addf(&whole, "DescribeStacksResult/Stacks/member/%s", path);
	return client_text(client, whole.buf);
}

/* Every status the stack itself went through, as its events tell it, oldest first. */
static void history(struct client *client, struct str *out)
{
	const json_t *stack = stack_find(client->sandbox, "app");
	const json_t *event;
	size_t i;

	if (!stack)
		stack = json_array_get(sandbox_list(client->sandbox, "Stacks"), 0);
	str_reset(out);
	json_array_foreach(json_object_get(stack, "Events"), i, event)
	{
		if (strcmp(json_text(event, "ResourceType"), "AWS::CloudFormation::Stack") == 0)
			str_addf(out, "%s%s", out->len ? " " : "",
				 json_text(event, "ResourceStatus"));
	}
}

static void assert_history(struct client *client, const char *want)
{
	CLEANUP(str_release) struct str got = STR_INIT;

	history(client, &got);
	assert_string_equal(got.buf, want);
}

/* One line an event: "Cluster CREATE_IN_PROGRESS id Resource creation Initiated". */
static void list_events(struct client *client, size_t from, struct str *out)
{
	const json_t *events = json_object_get(stack_find(client->sandbox, "app"), "Events");

	for (size_t i = from; i < json_array_size(events); i++) {
		const json_t *event = json_array_get(events, i);
		const char *reason = json_text(event, "ResourceStatusReason");

		str_addf(out, "%s %s%s%s%s\n", json_text(event, "LogicalResourceId"),
			 json_text(event, "ResourceStatus"),
			 *json_text(event, "PhysicalResourceId") ? " id" : "", reason ? " " : "",
			 reason ? reason : "");
	}
}

/* Asks every second, as a client would, until the stack is at rest. */
static void wait_until_at_rest(struct client *client)
{
	for (int i = 0; i < 100000; i++) {
		client->now_ms += 1000;
		stack_advance_all(client->sandbox, client->now_ms);
		if (!stack_find(client->sandbox, "app") ||
		    !stack_is_busy(stack_find(client->sandbox, "app")))
			return;
	}
	fail_msg("the stack never comes to rest");
}

static void creates_in_order_of_dependency(void **state)
{
	CLEANUP(str_release) struct str events = STR_INIT;
	struct client client;

	(void)state;
	open_with(&client, NULL);
	assert_int_equal(change(&client, "CreateStack", "1", "token-1"), 200);
	assert_string_equal(describe(&client, "StackStatus"), "CREATE_IN_PROGRESS");
	wait_until_at_rest(&client);
	list_events(&client, 0, &events);
	assert_string_equal(events.buf,
			    "app CREATE_IN_PROGRESS id User Initiated\n"
			    "Cluster CREATE_IN_PROGRESS\n"
			    "Task CREATE_IN_PROGRESS\n"
			    "Task CREATE_IN_PROGRESS id Resource creation Initiated\n"
			    "Cluster CREATE_IN_PROGRESS id Resource creation Initiated\n"
			    "Task CREATE_COMPLETE id\n"
			    "Cluster CREATE_COMPLETE id\n"
			    "Service CREATE_IN_PROGRESS\n"
			    "Service CREATE_IN_PROGRESS id Resource creation Initiated\n"
			    "Service CREATE_COMPLETE id\n"
			    "app CREATE_COMPLETE id\n");
	assert_string_equal(describe(&client, "Outputs/member/OutputValue"), "1");
	client_close(&client);
}

static void puts_the_callers_token_in_every_event(void **state)
{
	const json_t *event;
	struct client client;
	size_t i;

	(void)state;
	open_with(&client, NULL);
	change(&client, "CreateStack", "1", "token-1");
	wait_until_at_rest(&client);
	json_array_foreach(json_object_get(stack_find(client.sandbox, "app"), "Events"), i, event)
		assert_string_equal(json_text(event, "ClientRequestToken"), "token-1");
	assert_true(i > 10);
	client_close(&client);
}

static void hides_what_is_not_to_be_echoed(void **state)
{
	struct client client;

	(void)state;
	open_with(&client, NULL);
	change(&client, "CreateStack", "1", "t");
	describe(&client, "StackStatus");
	assert_null(strstr(client.reply.body.buf, "s3cr3t"));
	assert_non_null(strstr(client.reply.body.buf, "<ParameterValue>****</ParameterValue>"));
	client_close(&client);
}

static void replaces_and_then_cleans_up(void **state)
{
	CLEANUP(str_release) struct str events = STR_INIT;
	struct client client;
	size_t before;

	(void)state;
	open_with(&client, NULL);
	change(&client, "CreateStack", "1", "t");
	wait_until_at_rest(&client);
	before = json_array_size(json_object_get(stack_find(client.sandbox, "app"), "Events"));
	assert_int_equal(change(&client, "UpdateStack", "2", "u"), 200);
	wait_until_at_rest(&client);
	list_events(&client, before, &events);
	assert_string_equal(events.buf,
			    "app UPDATE_IN_PROGRESS id User Initiated\n"
			    "Task UPDATE_IN_PROGRESS id Requested update requires the creation of "
			    "a new physical resource; hence creating one.\n"
			    "Task UPDATE_IN_PROGRESS id Resource creation Initiated\n"
			    "Task UPDATE_COMPLETE id\n"
			    "Service UPDATE_IN_PROGRESS id\n"
			    "Service UPDATE_COMPLETE id\n"
			    "app UPDATE_COMPLETE_CLEANUP_IN_PROGRESS id\n"
			    "Task DELETE_IN_PROGRESS id\n"
			    "Task DELETE_COMPLETE id\n"
			    "app UPDATE_COMPLETE id\n");
	assert_int_equal(client_call(&client, "cloudformation", "DescribeStackResource",
				     "StackName", "app", "LogicalResourceId", "Task", NULL),
			 200);
	assert_string_equal(client_text(&client, "DescribeStackResourceResult/StackResourceDetail/"
						 "PhysicalResourceId"),
			    "arn:aws:ecs:us-east-1:123456789012:task-definition/app:2");
	client_close(&client);
}

static void rolls_a_failed_creation_back(void **state)
{
	CLEANUP(str_release) struct str events = STR_INIT;
	struct client client;

	(void)state;
	open_with(&client, "resources:\n- {logical_id: Service, action: CREATE, outcome: fail, "
			   "reason: no luck}\n");
	change(&client, "CreateStack", "1", "t");
	wait_until_at_rest(&client);
	assert_history(&client, "CREATE_IN_PROGRESS ROLLBACK_IN_PROGRESS ROLLBACK_COMPLETE");
	list_events(&client, 0, &events);
	assert_non_null(strstr(events.buf, "Service CREATE_FAILED id no luck\n"));
	assert_non_null(strstr(events.buf,
			       "app ROLLBACK_IN_PROGRESS id The following resource(s) failed to "
			       "create: [Service]. Rollback requested by user.\n"));
	assert_non_null(strstr(events.buf, "Cluster DELETE_COMPLETE id\n"));
	assert_int_equal(change(&client, "UpdateStack", "2", "u"), 400);
	assert_non_null(strstr(client_text(&client, "Error/Message"),
			       "is in ROLLBACK_COMPLETE state and can not be updated."));
	client_close(&client);
}

static void breaks_off_what_runs_beside_a_failure(void **state)
{
	CLEANUP(str_release) struct str events = STR_INIT;
	struct client client;

	(void)state;
	open_with(&client, "resources:\n- {logical_id: Task, outcome: fail, reason: no}\n"
			   "- {logical_id: Cluster, outcome: slow, seconds: 500}\n");
	change(&client, "CreateStack", "1", "t");
	wait_until_at_rest(&client);
	list_events(&client, 0, &events);
	assert_non_null(strstr(events.buf, "Cluster CREATE_FAILED Resource creation cancelled\n"));
	assert_non_null(strstr(events.buf, "failed to create: [Task, Cluster]. "));
	assert_null(strstr(events.buf, "Service"));
	client_close(&client);
}

static void leaves_a_failed_creation_where_told(void **state)
{
	struct client client;

	(void)state;
	open_with(&client, "resources:\n- {logical_id: Service, outcome: fail}\n");
	client_call(&client, "cloudformation", "CreateStack", "StackName", "app", "TemplateBody",
		    TEMPLATE, "Parameters.member.1.ParameterKey", "Tag",
		    "Parameters.member.1.ParameterValue", "1", "DisableRollback", "true", NULL);
	wait_until_at_rest(&client);
	assert_history(&client, "CREATE_IN_PROGRESS CREATE_FAILED");
	client_close(&client);
}

static void rolls_a_failed_update_back_to_what_was(void **state)
{
	CLEANUP(str_release) struct str events = STR_INIT;
	struct client client;

	(void)state;
	open_with(&client, "resources:\n- {type: 'AWS::ECS::Service', action: UPDATE, outcome: "
			   "fail, reason: did not stabilize, count: 1}\n");
	change(&client, "CreateStack", "1", "t");
	wait_until_at_rest(&client);
	change(&client, "UpdateStack", "2", "u");
	wait_until_at_rest(&client);
	assert_history(&client, "CREATE_IN_PROGRESS CREATE_COMPLETE UPDATE_IN_PROGRESS "
				"UPDATE_ROLLBACK_IN_PROGRESS "
				"UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS "
				"UPDATE_ROLLBACK_COMPLETE");
	assert_string_equal(describe(&client, "Parameters/member/ParameterValue"), "1");
	assert_string_equal(describe(&client, "Outputs/member/OutputValue"), "1");
	client_call(&client, "cloudformation", "DescribeStackResource", "StackName", "app",
		    "LogicalResourceId", "Task", NULL);
	assert_string_equal(client_text(&client, "DescribeStackResourceResult/StackResourceDetail/"
						 "PhysicalResourceId"),
			    "arn:aws:ecs:us-east-1:123456789012:task-definition/app:1");
	list_events(&client, 0, &events);
	assert_non_null(strstr(events.buf, "UPDATE_ROLLBACK_IN_PROGRESS id The following "
					   "resource(s) failed to update: [Service]. \n"));
	assert_int_equal(change(&client, "UpdateStack", "3", "v"), 200);
	wait_until_at_rest(&client);
	assert_string_equal(describe(&client, "StackStatus"), "UPDATE_COMPLETE");
	client_close(&client);
}

static void gets_stuck_where_the_rollback_fails_too(void **state)
{
	struct client client;

	(void)state;
	open_with(&client, "resources:\n- {logical_id: Service, action: UPDATE, outcome: fail}\n");
	change(&client, "CreateStack", "1", "t");
	wait_until_at_rest(&client);
	change(&client, "UpdateStack", "2", "u");
	wait_until_at_rest(&client);
	assert_history(&client, "CREATE_IN_PROGRESS CREATE_COMPLETE UPDATE_IN_PROGRESS "
				"UPDATE_ROLLBACK_IN_PROGRESS UPDATE_ROLLBACK_FAILED");
	client_close(&client);
}

static void continues_a_rollback_that_failed(void **state)
{
	struct client client;

	(void)state;
	open_with(&client, "resources:\n"
			   "- {logical_id: Service, action: UPDATE, outcome: fail, count: 1}\n"
			   "- {logical_id: Service, action: ROLLBACK, outcome: fail}\n");
	change(&client, "CreateStack", "1", "t");
	wait_until_at_rest(&client);
	assert_int_equal(client_call(&client, "cloudformation", "ContinueUpdateRollback",
				     "StackName", "app", NULL),
			 400);
	change(&client, "UpdateStack", "2", "u");
	wait_until_at_rest(&client);
	assert_string_equal(describe(&client, "StackStatus"), "UPDATE_ROLLBACK_FAILED");
	assert_int_equal(client_call(&client, "cloudformation", "ContinueUpdateRollback",
				     "StackName", "app", "ResourcesToSkip.member.1", "Cluster",
				     NULL),
			 400);
	assert_refused(&client, "ValidationError",
		       "Resource Cluster cannot be skipped: it is not in UPDATE_FAILED");
	/* It fails again, and then without what cannot go back. */
	assert_int_equal(client_call(&client, "cloudformation", "ContinueUpdateRollback",
				     "StackName", "app", NULL),
			 200);
	wait_until_at_rest(&client);
	assert_string_equal(describe(&client, "StackStatus"), "UPDATE_ROLLBACK_FAILED");
	assert_int_equal(client_call(&client, "cloudformation", "ContinueUpdateRollback",
				     "StackName", "app", "ResourcesToSkip.member.1", "Service",
				     "ClientRequestToken", "c", NULL),
			 200);
	wait_until_at_rest(&client);
	assert_string_equal(describe(&client, "StackStatus"), "UPDATE_ROLLBACK_COMPLETE");
	client_close(&client);
}

static void rolls_back_what_failed_without_a_rollback(void **state)
{
	struct client client;

	(void)state;
	open_with(&client,
		  "resources:\n- {logical_id: Service, action: CREATE, outcome: fail, count: 1}\n");
	assert_int_equal(client_call(&client, "cloudformation", "CreateStack", "StackName", "app",
				     "TemplateBody", TEMPLATE, "Parameters.member.1.ParameterKey",
				     "Tag", "Parameters.member.1.ParameterValue", "1",
				     "DisableRollback", "true", NULL),
			 200);
	wait_until_at_rest(&client);
	assert_string_equal(describe(&client, "StackStatus"), "CREATE_FAILED");
	assert_int_equal(
		client_call(&client, "cloudformation", "RollbackStack", "StackName", "app", NULL),
		200);
	wait_until_at_rest(&client);
	assert_string_equal(describe(&client, "StackStatus"), "ROLLBACK_COMPLETE");
	assert_int_equal(
		client_call(&client, "cloudformation", "RollbackStack", "StackName", "app", NULL),
		400);
	client_close(&client);
}

/* A scenario's list "stacks": found so, stale reads, and another end than the usual one. */
static void puts_stacks_into_the_guise_of_a_scenario(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	static const char text[] =
		"stacks:\n"
		"- {name: app, found: IMPORT_IN_PROGRESS, seconds: 60, then: IMPORT_COMPLETE}\n"
		"- {name: app, stale: 2}\n"
		"- {name: app, ends: MIGRATE_COMPLETE}\n"
		"- {name: other, found: DELETE_FAILED}\n";
	struct client client;

	(void)state;
	open_with(&client, NULL);
	change(&client, "CreateStack", "1", "t");
	wait_until_at_rest(&client);
	assert_int_equal(scenario_read(text, strlen(text), &client.sandbox->scenario, &err), 0);
	assert_string_equal(describe(&client, "StackStatus"), "IMPORT_IN_PROGRESS");
	client.now_ms += 60 * 1000;
	assert_string_equal(describe(&client, "StackStatus"), "IMPORT_COMPLETE");
	assert_int_equal(change(&client, "UpdateStack", "2", "u"), 200);
	assert_string_equal(describe(&client, "StackStatus"), "IMPORT_COMPLETE");
	assert_string_equal(describe(&client, "StackStatus"), "IMPORT_COMPLETE");
	assert_string_equal(describe(&client, "StackStatus"), "UPDATE_IN_PROGRESS");
	wait_until_at_rest(&client);
	assert_string_equal(describe(&client, "StackStatus"), "MIGRATE_COMPLETE");
	client_close(&client);
}

static void cancels_an_update_that_runs(void **state)
{
	struct client client;

	(void)state;
	open_with(
		&client,
		"resources:\n- {logical_id: Service, action: UPDATE, outcome: stuck, count: 1}\n");
	change(&client, "CreateStack", "1", "t");
	wait_until_at_rest(&client);
	change(&client, "UpdateStack", "2", "u");
	client.now_ms += 3600 * 1000 * 24;
	assert_string_equal(describe(&client, "StackStatus"), "UPDATE_IN_PROGRESS");
	assert_int_equal(client_call(&client, "cloudformation", "CancelUpdateStack", "StackName",
				     "app", NULL),
			 200);
	assert_string_equal(describe(&client, "StackStatus"), "UPDATE_ROLLBACK_IN_PROGRESS");
	wait_until_at_rest(&client);
	assert_string_equal(describe(&client, "StackStatus"), "UPDATE_ROLLBACK_COMPLETE");
	assert_int_equal(client_call(&client, "cloudformation", "CancelUpdateStack", "StackName",
				     "app", NULL),
			 400);
	assert_refused(&client, "ValidationError",
		       "CancelUpdateStack cannot be called from current stack status");
	client_close(&client);
}

static void refuses_a_second_operation(void **state)
{
	struct client client;

	(void)state;
	open_with(&client, NULL);
	change(&client, "CreateStack", "1", "t");
	assert_int_equal(change(&client, "UpdateStack", "2", "u"), 400);
	assert_non_null(strstr(client_text(&client, "Error/Message"),
			       "is in CREATE_IN_PROGRESS state and can not be updated."));
	assert_int_equal(change(&client, "CreateStack", "1", "t"), 400);
	assert_refused(&client, "AlreadyExistsException", "Stack [app] already exists");
	client_close(&client);
}

static void deletes_all_but_what_is_retained(void **state)
{
	static const char text[] =
		"Resources:\n  A: {Type: AWS::SNS::Topic, DeletionPolicy: Retain}\n"
		"  B: {Type: AWS::SNS::Topic, DependsOn: A}\n";
	CLEANUP(str_release) struct str arn = STR_INIT;
	struct client client;

	(void)state;
	open_with(&client, NULL);
	client_call(&client, "cloudformation", "CreateStack", "StackName", "app", "TemplateBody",
		    text, NULL);
	str_adds(&arn, client_text(&client, "CreateStackResult/StackId"));
	wait_until_at_rest(&client);
	assert_int_equal(
		client_call(&client, "cloudformation", "DeleteStack", "StackName", "app", NULL),
		200);
	wait_until_at_rest(&client);
	assert_int_equal(
		client_call(&client, "cloudformation", "DescribeStacks", "StackName", "app", NULL),
		400);
	assert_refused(&client, "ValidationError", "Stack with id app does not exist");
	assert_int_equal(client_call(&client, "cloudformation", "DescribeStackEvents", "StackName",
				     "app", NULL),
			 400);
	assert_refused(&client, "ValidationError", "Stack [app] does not exist");
	assert_int_equal(client_call(&client, "cloudformation", "DescribeStackEvents", "StackName",
				     arn.buf, NULL),
			 200);
	assert_non_null(strstr(client.reply.body.buf, "DELETE_SKIPPED"));
	assert_non_null(strstr(client.reply.body.buf, "DELETE_COMPLETE"));
	client_close(&client);
}

static void fails_to_delete_what_does_not_let_go(void **state)
{
	struct client client;

	(void)state;
	open_with(&client,
		  "resources:\n- {logical_id: Cluster, action: DELETE, outcome: fail, reason: in "
		  "use}\n");
	change(&client, "CreateStack", "1", "t");
	wait_until_at_rest(&client);
	client_call(&client, "cloudformation", "DeleteStack", "StackName", "app", NULL);
	wait_until_at_rest(&client);
	assert_string_equal(describe(&client, "StackStatus"), "DELETE_FAILED");
	assert_string_equal(describe(&client, "StackStatusReason"),
			    "The following resource(s) failed to delete: [Cluster]. ");
	client_close(&client);
}

/* The times of events are those at which things happened, not those at which somebody asked. */
static void happens_at_its_own_time_however_often_one_asks(void **state)
{
	CLEANUP(str_release) struct str often = STR_INIT;
	CLEANUP(str_release) struct str once = STR_INIT;

	(void)state;
	for (int asks_once = 0; asks_once < 2; asks_once++) {
		struct str *out = asks_once ? &once : &often;
		struct client client;
		json_t *event;
		size_t i;

		open_with(&client, NULL);
		change(&client, "CreateStack", "1", "t");
		if (asks_once)
			client.now_ms += 3600 * 1000;
		wait_until_at_rest(&client);
		json_array_foreach(json_object_get(stack_find(client.sandbox, "app"), "Events"), i,
				   event)
			str_addf(out, "%s %lld\n", json_text(event, "ResourceStatus"),
				 json_integer_value(json_object_get(event, "Timestamp")));
		client_close(&client);
	}
	assert_string_equal(once.buf, often.buf);
}

static void pages_events_from_the_newest(void **state)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP(str_release) struct str token = STR_INIT;
	struct client client;
	size_t seen = 0, pages = 0, all;

	(void)state;
	open_with(&client, NULL);
	str_adds(&text, "Resources:\n");
	for (int i = 0; i < 80; i++)
		str_addf(&text, "  T%d: {Type: AWS::SNS::Topic}\n", i);
	client_call(&client, "cloudformation", "CreateStack", "StackName", "app", "TemplateBody",
		    text.buf, NULL);
	wait_until_at_rest(&client);
	all = json_array_size(json_object_get(stack_find(client.sandbox, "app"), "Events"));
	do {
		assert_int_equal(client_call(&client, "cloudformation", "DescribeStackEvents",
					     "StackName", "app",
					     token.len ? "NextToken" : (const char *)NULL,
					     token.buf, NULL),
				 200);
		seen += xml_child(xml_child(client.xml, "DescribeStackEventsResult"), "StackEvents")
				->count;
		str_reset(&token);
		str_adds(&token, client_text(&client, "DescribeStackEventsResult/NextToken"));
		pages++;
	} while (token.len);
	assert_int_equal(seen, all);
	assert_int_equal(pages, (all + 99) / 100);
	client_close(&client);
}

static void goes_on_where_it_was_after_a_restart(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *dir = NULL;
	struct sandbox_options options = { .speed = 1 };
	struct client client;

	(void)state;
	assert_int_equal(file_make_private_dir("test-sandbox", &dir, &err), 0);
	open_with(&client, NULL);
	sandbox_free(client.sandbox);
	options.clock = &client.clock;
	options.state_dir = dir;
	assert_int_equal(sandbox_open(&options, &client.sandbox, &err), 0);
	change(&client, "CreateStack", "1", "t");
	client.now_ms += 3000;
	assert_string_equal(describe(&client, "StackStatus"), "CREATE_IN_PROGRESS");
	assert_int_equal(sandbox_save(client.sandbox, &err), 0);
	sandbox_free(client.sandbox);
	assert_int_equal(sandbox_open(&options, &client.sandbox, &err), 0);
	assert_string_equal(describe(&client, "StackStatus"), "CREATE_IN_PROGRESS");
	wait_until_at_rest(&client);
	assert_string_equal(describe(&client, "StackStatus"), "CREATE_COMPLETE");
	options.account = "999999999999";
	client_close(&client);
	client.sandbox = NULL;
	assert_int_equal(sandbox_open(&options, &client.sandbox, &err), -1);
	assert_non_null(strstr(err.msg.buf, "is of account 123456789012, not 999999999999"));
	file_remove_tree(dir);
}

static void says_that_it_cannot_be_kept(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *dir = NULL;
	CLEANUP_FREE char *want = NULL;
	struct sandbox_options options = { .speed = 1 };
	struct client client;

	(void)state;
	assert_int_equal(file_make_private_dir("test-sandbox", &dir, &err), 0);
	open_with(&client, NULL);
	sandbox_free(client.sandbox);
	options.clock = &client.clock;
	options.state_dir = dir;
	assert_int_equal(sandbox_open(&options, &client.sandbox, &err), 0);
	file_remove_tree(dir);
	assert_int_equal(sandbox_save(client.sandbox, &err), -1);
	want = mem_printf("saving the sandbox's state: cannot write '%s/account.json': No such "
			  "file or directory",
			  dir);
	assert_int_equal(err.kind, ERROR_SYSTEM);
	assert_string_equal(err.msg.buf, want);
	client_close(&client);
}

static void gives_out_texts_alone(void **state)
{
	struct client client;

	(void)state;
	client_open(&client);
	assert_int_equal(client_call(&client, "cloudformation", "CreateStack", "StackName", "app",
				     "TemplateBody",
				     "Resources: {T: {Type: AWS::SNS::Topic}}\n"
				     "Outputs: {O: {Value: [a]}}\n",
				     NULL),
			 400);
	assert_refused(&client, "ValidationError",
		       "Template format error: Output O is malformed. The Value field of every "
		       "Outputs member must evaluate to a String.");
	client_close(&client);
}

/* An address of the documentation's, which no machine has (RFC 5737). */
static void says_where_it_cannot_listen(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str key = STR_INIT;
	CLEANUP(str_release) struct str certificate = STR_INIT;
	struct server_tls tls = { .address = "192.0.2.1" };
	struct server *server = NULL;
	struct client client;

	(void)state;
	assert_int_equal(certificate_make(tls.address, &key, &certificate, &err), 0);
	tls.key = key.buf;
	tls.certificate = certificate.buf;
	client_open(&client);
	assert_int_equal(server_start_tls(client.sandbox, &tls, &server, &err), -1);
	assert_int_equal(err.kind, ERROR_SYSTEM);
	assert_string_equal(err.msg.buf,
			    "cannot listen on 192.0.2.1: Cannot assign requested address");
	client_close(&client);
}

/* ---- change sets ---- */

static int create_change_set(struct client *client, const char *type, const char *name,
			     const char *tag, const char *token)
{
	return client_call(client, "cloudformation", "CreateChangeSet", "StackName", "app",
			   "ChangeSetName", name, "ChangeSetType", type, "TemplateBody", TEMPLATE,
			   "Parameters.member.1.ParameterKey", "Tag",
			   "Parameters.member.1.ParameterValue", tag, "ClientToken", token, NULL);
}

static const char *change_set_text(struct client *client, const char *name, const char *path)
{
	CLEANUP(str_release) struct str whole = STR_INIT;

	assert_int_equal(client_call(client, "cloudformation", "DescribeChangeSet", "StackName",
				     "app", "ChangeSetName", name, NULL),
			 200);
	str_addf(&whole, "DescribeChangeSetResult/%s", path);
	return client_text(client, whole.buf);
}

static int execute(struct client *client, const char *name, const char *token)
{
	return client_call(client, "cloudformation", "ExecuteChangeSet", "StackName", "app",
			   "ChangeSetName", name, "ClientRequestToken", token, NULL);
}

static void deploys_by_change_set(void **state)
{
	struct client client;

	(void)state;
	open_with(&client, NULL);
	assert_int_equal(create_change_set(&client, "CREATE", "one", "1", "t"), 200);
	assert_string_equal(describe(&client, "StackStatus"), "REVIEW_IN_PROGRESS");
	assert_string_equal(change_set_text(&client, "one", "Status"), "CREATE_PENDING");
	client.now_ms += 1500;
	assert_string_equal(change_set_text(&client, "one", "Status"), "CREATE_IN_PROGRESS");
	assert_int_equal(execute(&client, "one", "x"), 400);
	assert_string_equal(client_text(&client, "Error/Code"), "InvalidChangeSetStatus");
	client.now_ms += 2000;
	assert_string_equal(change_set_text(&client, "one", "Status"), "CREATE_COMPLETE");
	assert_string_equal(change_set_text(&client, "one", "Changes/member/ResourceChange/Action"),
			    "Add");
	assert_int_equal(execute(&client, "one", "x"), 200);
	assert_int_equal(execute(&client, "one", "x"), 200); /* a reply that got lost */
	assert_int_equal(execute(&client, "one", "y"), 400);
	wait_until_at_rest(&client);
	assert_history(&client, "REVIEW_IN_PROGRESS CREATE_IN_PROGRESS CREATE_COMPLETE");
	client_close(&client);
}

static void says_what_a_change_set_changes(void **state)
{
	struct client client;

	(void)state;
	open_with(&client, NULL);
	change(&client, "CreateStack", "1", "t");
	wait_until_at_rest(&client);
	assert_int_equal(create_change_set(&client, "UPDATE", "two", "2", "t"), 200);
	client.now_ms += 5000;
	assert_string_equal(
		change_set_text(&client, "two", "Changes/member/ResourceChange/LogicalResourceId"),
		"Task");
	assert_string_equal(
		change_set_text(&client, "two", "Changes/member/ResourceChange/Replacement"),
		"True");
	assert_string_equal(change_set_text(&client, "two",
					    "Changes/member/ResourceChange/Details/member/"
					    "CausingEntity"),
			    "Tag");
	client_close(&client);
}

static void fails_a_change_set_without_changes(void **state)
{
	struct client client;

	(void)state;
	open_with(&client, NULL);
	change(&client, "CreateStack", "1", "t");
	wait_until_at_rest(&client);
	create_change_set(&client, "UPDATE", "same", "1", "t");
	client.now_ms += 5000;
	assert_string_equal(change_set_text(&client, "same", "Status"), "FAILED");
	assert_string_equal(change_set_text(&client, "same", "StatusReason"),
			    "The submitted information didn't contain changes. Submit different "
			    "information to create a change set.");
	assert_int_equal(change(&client, "UpdateStack", "1", "u"), 400);
	assert_refused(&client, "ValidationError", "No updates are to be performed.");
	client_close(&client);
}

static void makes_one_change_set_of_a_call_made_twice(void **state)
{
	CLEANUP(str_release) struct str first = STR_INIT;
	struct client client;

	(void)state;
	open_with(&client, NULL);
	create_change_set(&client, "CREATE", "one", "1", "t");
	str_adds(&first, client_text(&client, "CreateChangeSetResult/Id"));
	assert_int_equal(create_change_set(&client, "CREATE", "one", "1", "t"), 200);
	assert_string_equal(client_text(&client, "CreateChangeSetResult/Id"), first.buf);
	assert_int_equal(create_change_set(&client, "CREATE", "one", "2", "t"), 400);
	assert_refused(&client, "AlreadyExistsException",
		       "ChangeSet one cannot be created due to a mismatch with existing attribute "
		       "Parameters");
	client_close(&client);
}

static void drops_the_other_change_sets(void **state)
{
	struct client client;

	(void)state;
	open_with(&client, NULL);
	create_change_set(&client, "CREATE", "one", "1", "t");
	create_change_set(&client, "CREATE", "two", "2", "t");
	client.now_ms += 5000;
	execute(&client, "one", "x");
	assert_int_equal(client_call(&client, "cloudformation", "DescribeChangeSet", "StackName",
				     "app", "ChangeSetName", "two", NULL),
			 404);
	assert_refused(&client, "ChangeSetNotFound", "ChangeSet [two] does not exist");
	client_close(&client);
}

static void asks_for_capabilities_and_leaves_no_stack_behind(void **state)
{
	struct client client;

	(void)state;
	open_with(&client, NULL);
	assert_int_equal(client_call(&client, "cloudformation", "CreateChangeSet", "StackName",
				     "app", "ChangeSetName", "one", "ChangeSetType", "CREATE",
				     "TemplateBody", "Resources: {R: {Type: AWS::IAM::Role}}",
				     NULL),
			 400);
	assert_refused(&client, "InsufficientCapabilitiesException",
		       "Requires capabilities : [CAPABILITY_IAM]");
	assert_null(stack_find(client.sandbox, "app"));
	client_close(&client);
}

static void refuses_a_template_over_the_quota(void **state)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	struct client client;

	(void)state;
	open_with(&client, NULL);
	str_adds(&text, "Resources: {T: {Type: AWS::SNS::Topic}}\n#");
	while (text.len <= 51200)
		str_addc(&text, 'x');
	assert_int_equal(client_call(&client, "cloudformation", "CreateStack", "StackName", "app",
				     "TemplateBody", text.buf, NULL),
			 400);
	assert_true(str_ends_with(&client.reply.body, "</ErrorResponse>\n"));
	assert_non_null(strstr(client_text(&client, "Error/Message"),
			       "at 'templateBody' failed to satisfy constraint: Member must have "
			       "length less than or equal to 51200"));
	client_close(&client);
}

/* ---- faults on calls ---- */

static void plays_the_faults_of_a_scenario(void **state)
{
	static const char scenario[] = "faults:\n"
				       "- {action: DescribeStacks, reply: throttle, from: 2}\n"
				       "- {action: DescribeStacks, reply: error, from: 3, status: "
				       "503, body: <html>}\n"
				       "- {action: CreateStack, reply: lost}\n"
				       "- {action: DeleteStack, reply: drop}\n";
	struct client client;

	(void)state;
	open_with(&client, scenario);
	change(&client, "CreateStack", "1", "t");
	assert_int_equal(client.reply.fate, REPLY_DROP);
	assert_non_null(stack_find(client.sandbox, "app"));
	assert_string_equal(describe(&client, "StackStatus"), "CREATE_IN_PROGRESS");
	assert_int_equal(client_call(&client, "cloudformation", "DescribeStacks", NULL), 400);
	assert_refused(&client, "Throttling", "Rate exceeded");
	assert_int_equal(client_call(&client, "cloudformation", "DescribeStacks", NULL), 503);
	assert_string_equal(client.reply.body.buf, "<html>");
	wait_until_at_rest(&client);
	client_call(&client, "cloudformation", "DeleteStack", "StackName", "app", NULL);
	assert_int_equal(client.reply.fate, REPLY_DROP);
	assert_string_equal(describe(&client, "StackStatus"), "CREATE_COMPLETE");
	client_close(&client);
}

static void says_what_is_wrong_with_a_scenario(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "faults: 1", "'faults' must be a list" },
		{ "fault: []", "'fault' is not a key of a scenario" },
		{ "faults: [{action: X}]", "faults, entry 1: 'reply' is missing" },
		{ "faults: [{action: X, reply: never}]",
		  "faults, entry 1: 'reply' cannot be 'never'" },
		{ "faults: [{action: X, reply: drop, form: 2}]",
		  "faults, entry 1: 'form' is not a key here" },
		{ "resources: [{outcome: fail, seconds: soon}]",
		  "resources, entry 1: 'seconds' must be a number" },
		{ "resources: [{outcome: fail, count: -1}]",
		  "resources, entry 1: 'count' is out of range" },
		{ "faults: [x]", "faults, entry 1: not a mapping" },
		{ "services: [{outcome: crash, log: [1]}]",
		  "services, entry 1: 'log' must be a list of texts" },
		{ "page_size: 0", "'page_size' must be a number from 1" },
		{ "page_size: all", "'page_size' must be a number from 1" },
		{ "[]", "not a mapping with 'faults' or 'resources'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(scenario_release) struct scenario scenario = SCENARIO_INIT;

		assert_int_equal(scenario_read(rows[i].in, strlen(rows[i].in), &scenario, &err),
				 -1);
		assert_string_equal(err.msg.buf, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creates_in_order_of_dependency),
		cmocka_unit_test(puts_the_callers_token_in_every_event),
		cmocka_unit_test(hides_what_is_not_to_be_echoed),
		cmocka_unit_test(replaces_and_then_cleans_up),
		cmocka_unit_test(rolls_a_failed_creation_back),
		cmocka_unit_test(breaks_off_what_runs_beside_a_failure),
		cmocka_unit_test(leaves_a_failed_creation_where_told),
		cmocka_unit_test(rolls_a_failed_update_back_to_what_was),
		cmocka_unit_test(gets_stuck_where_the_rollback_fails_too),
		cmocka_unit_test(continues_a_rollback_that_failed),
		cmocka_unit_test(rolls_back_what_failed_without_a_rollback),
		cmocka_unit_test(puts_stacks_into_the_guise_of_a_scenario),
		cmocka_unit_test(cancels_an_update_that_runs),
		cmocka_unit_test(refuses_a_second_operation),
		cmocka_unit_test(deletes_all_but_what_is_retained),
		cmocka_unit_test(fails_to_delete_what_does_not_let_go),
		cmocka_unit_test(happens_at_its_own_time_however_often_one_asks),
		cmocka_unit_test(pages_events_from_the_newest),
		cmocka_unit_test(goes_on_where_it_was_after_a_restart),
		cmocka_unit_test(says_that_it_cannot_be_kept),
		cmocka_unit_test(gives_out_texts_alone),
		cmocka_unit_test(says_where_it_cannot_listen),
		cmocka_unit_test(deploys_by_change_set),
		cmocka_unit_test(says_what_a_change_set_changes),
		cmocka_unit_test(fails_a_change_set_without_changes),
		cmocka_unit_test(makes_one_change_set_of_a_call_made_twice),
		cmocka_unit_test(drops_the_other_change_sets),
		cmocka_unit_test(asks_for_capabilities_and_leaves_no_stack_behind),
		cmocka_unit_test(refuses_a_template_over_the_quota),
		cmocka_unit_test(plays_the_faults_of_a_scenario),
		cmocka_unit_test(says_what_is_wrong_with_a_scenario),
	};

	return cmocka_run_group_tests_name("sandbox_stack", tests, NULL, NULL);
}
