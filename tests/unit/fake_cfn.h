#ifndef TESTS_UNIT_FAKE_CFN_H
#define TESTS_UNIT_FAKE_CFN_H

#include "aws/client.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/report.h"
#include "fake_clock.h"
#include "net/http.h"
#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define STACK_ARN "arn:aws:cloudformation:us-east-1:123456789012:stack/todobackend/51af3dc0"
#define SET_ARN	  "arn:aws:cloudformation:us-east-1:123456789012:changeSet/deployer-1/9c4a"

#define REPLY(operation, result)                                                                   \
	"<" operation "Response xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">"    \
	"<" operation "Result>" result "</" operation "Result>"                                    \
	"<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></" operation "Response>"
#define FAULT(code, message)                                                                       \
	"<ErrorResponse><Error><Type>Sender</Type><Code>" code "</Code><Message>" message          \
	"</Message></Error><RequestId>r</RequestId></ErrorResponse>"

/* A stack in a status; an event of a resource; the stack's own event. Newest first, as the service
 * has them. "@TOKEN@" is the token of the operation that was asked for. */
#define STACK(status) STACK_WITH(status, "")
#define STACK_WITH(status, more)                                                                   \
	REPLY("DescribeStacks", "<Stacks><member><StackId>" STACK_ARN                              \
				"</StackId><StackName>todobackend</StackName><StackStatus>" status \
				"</StackStatus>" more "</member></Stacks>")
#define EVENT_OF(stack, id, logical, physical, type, status, reason, token)                        \
	"<member><EventId>" id "</EventId><StackId>" stack "</StackId><LogicalResourceId>" logical \
	"</LogicalResourceId><PhysicalResourceId>" physical                                        \
	"</PhysicalResourceId><ResourceType>" type "</ResourceType><ResourceStatus>" status        \
	"</ResourceStatus><ResourceStatusReason>" reason                                           \
	"</ResourceStatusReason><ClientRequestToken>" token "</ClientRequestToken></member>"
#define EVENT(id, logical, status, reason)                                                         \
	EVENT_OF(STACK_ARN, id, logical, "p-" logical, "AWS::X::Y", status, reason, "@TOKEN@")
#define ROOT(id, status) ROOT_BY(id, status, "@TOKEN@")
#define ROOT_BY(id, status, token)                                                                 \
	EVENT_OF(STACK_ARN, id, "todobackend", STACK_ARN, "AWS::CloudFormation::Stack", status,    \
		 "", token)
#define EVENTS(members) REPLY("DescribeStackEvents", "<StackEvents>" members "</StackEvents>")
#define SET(status, reason, execution, changes)                                                    \
	REPLY("DescribeChangeSet",                                                                 \
	      "<ChangeSetId>" SET_ARN "</ChangeSetId><Status>" status                              \
	      "</Status><StatusReason>" reason "</StatusReason><ExecutionStatus>" execution        \
	      "</ExecutionStatus><Changes>" changes "</Changes>")
#define CHANGE(action, logical, type, replacement)                                                 \
	"<member><Type>Resource</Type><ResourceChange><Action>" action                             \
	"</Action><LogicalResourceId>" logical "</LogicalResourceId><ResourceType>" type           \
	"</ResourceType><Replacement>" replacement "</Replacement></ResourceChange></member>"

/*
 * An answer to one operation, given `times` times (0: always); status 0: none comes;
 * INTERRUPTED: a signal comes before it.
 */
#define INTERRUPTED (-1)

struct fake_answer {
	const char *action;
	int status;
	const char *body;
	unsigned times;
};

/* Keeps what it is told, a line an event. */
struct fake_report {
	struct report report;
	struct str told;
};

/*
 * A CloudFormation of canned answers, and an ECS and what else there is: each call takes the first
 * row of its action that is not used up. What was called stays in `calls` ("DescribeStacks
 * CreateChangeSet ...").
 */
struct fake_cfn {
	struct http http;
	struct fake_report report;
	struct fake_clock clock;
	struct env env;
	const struct fake_answer *answers;
	size_t count;
	unsigned used[64];
	struct str calls;
	struct str token;
	struct str last_form;
	bool saw_disable_rollback; /* in a call */
	struct aws_client *client;
	struct error err;
};

static inline void fake_field(const char *form, const char *name, struct str *out)
{
	CLEANUP_FREE char *key = mem_printf("&%s=", name);
	const char *at = strstr(form, key);

	if (!at)
		return;
	at += strlen(key);
	str_add(out, at, strcspn(at, "&"));
}

/* The JSON services name the operation in a header: "X-Amz-Target:
 * AmazonEC2...V20141113.ListTasks". */
static inline void fake_target(const struct http_request *request, struct str *out)
{
	for (size_t i = 0; i < request->headers.count; i++) {
		const char *header = request->headers.v[i];

		if (strncasecmp(header, "X-Amz-Target:", 13) == 0)
			str_adds(out, strrchr(header, '.') + 1);
	}
}

static inline void fake_substitute(const struct fake_cfn *fake, const char *body, struct str *out)
{
	const char *at;

	for (; (at = strstr(body, "@TOKEN@")); body = at + strlen("@TOKEN@")) {
		str_add(out, body, (size_t)(at - body));
		str_adds(out, fake->token.buf);
	}
	str_adds(out, body);
}

static inline int fake_send(struct http *http, const struct http_request *request,
			    struct http_response *ret, struct error *err)
{
	struct fake_cfn *fake = (struct fake_cfn *)http;
	CLEANUP(str_release) struct str form = STR_INIT;
	CLEANUP(str_release) struct str action = STR_INIT;

	str_addc(&form, '&');
	str_add(&form, request->body, request->body_len);
	fake_field(form.buf, "Action", &action);
	if (!action.len)
		fake_target(request, &action);
	str_addf(&fake->calls, "%s%s", fake->calls.len ? " " : "", action.buf);
	if (strstr(form.buf, "&DisableRollback=true"))
		fake->saw_disable_rollback = true;
	str_reset(&fake->last_form);
	str_adds(&fake->last_form, form.buf);
	if (strcmp(action.buf, "ExecuteChangeSet") == 0 ||
	    strcmp(action.buf, "ContinueUpdateRollback") == 0 ||
	    strcmp(action.buf, "RollbackStack") == 0) {
		str_reset(&fake->token);
		fake_field(form.buf, "ClientRequestToken", &fake->token);
	}
	for (size_t i = 0; i < fake->count; i++) {
		const struct fake_answer *answer = &fake->answers[i];

		if (strcmp(answer->action, action.buf) != 0 ||
		    (answer->times && fake->used[i] == answer->times))
			continue;
		fake->used[i]++;
		if (answer->status == INTERRUPTED)
			return error_set_signal(err, SIGINT, action.buf);
		if (answer->status == 0) {
			error_set(err, ERROR_NETWORK, "the connection was reset");
			return -1;
		}
		http_response_release(ret);
		ret->status = answer->status;
		fake_substitute(fake, answer->body, &ret->body);
		return 0;
	}
	fail_msg("no answer to %s after: %s", action.buf, fake->calls.buf);
	return -1;
}

static inline void fake_emit(struct report *report, const struct report_event *event)
{
	struct fake_report *fake = (struct fake_report *)report;

	if (event->kind == REPORT_EVENT) {
		str_addf(&fake->told, "%s %s %d/%d", event->source, event->status, (int)event->done,
			 (int)event->total);
		if (event->usual_ms)
			str_addf(&fake->told, " usually %d", (int)(event->usual_ms / 1000));
		str_addc(&fake->told, '\n');
	} else
		str_addf(&fake->told, "%s%s%s%s\n",
			 event->kind == REPORT_WARNING ? "warning: " : "",
			 event->kind == REPORT_STATE && event->source ? event->source : "",
			 event->kind == REPORT_STATE && event->source ? ": " : "", event->text);
}

static char *const fake_cfn_vars[] = {
	(char[]){ "HOME=/nonexistent" },
	(char[]){ "AWS_ACCESS_KEY_ID=AKIDEXAMPLE" },
	(char[]){ "AWS_SECRET_ACCESS_KEY=secret" },
	(char[]){ "AWS_MAX_ATTEMPTS=1" },
	NULL,
};

static inline void fake_cfn_set_up(struct fake_cfn *fake, const struct fake_answer *answers,
				   size_t count)
{
	static const struct aws_options options = { .endpoint_url = "http://127.0.0.1:4566",
						    .region = "us-east-1" };
	struct aws_context context;

	*fake = (struct fake_cfn){
		.http = { fake_send },
		.report = { { fake_emit }, STR_INIT },
		.clock = FAKE_CLOCK(1440938160000),
		.env = { fake_cfn_vars },
		.answers = answers,
		.count = count,
		.calls = STR_INIT,
		.token = STR_INIT,
		.last_form = STR_INIT,
		.err = ERROR_INIT,
	};
	assert_true(count <= sizeof(fake->used) / sizeof(fake->used[0]));
	context = (struct aws_context){ &fake->http, &fake->clock.clock, &fake->env, &report_none };
	assert_int_equal(aws_client_new(&options, &context, &fake->client, &fake->err), 0);
}

static inline void fake_cfn_tear_down(struct fake_cfn *fake)
{
	aws_client_free(fake->client);
	str_release(&fake->calls);
	str_release(&fake->report.told);
	str_release(&fake->token);
	str_release(&fake->last_form);
	error_release(&fake->err);
}

/* How often an operation was called. */
static inline unsigned fake_cfn_called(const struct fake_cfn *fake, const char *action)
{
	unsigned n = 0;
	size_t len = strlen(action);

	for (const char *at = fake->calls.buf; (at = strstr(at, action)); at += len)
		n += at[len] == ' ' || at[len] == '\0';
	return n;
}

#define FAKE_CFN_SET_UP(fake, answers)                                                             \
	fake_cfn_set_up(&(fake), (answers), sizeof(answers) / sizeof((answers)[0]))

#endif
