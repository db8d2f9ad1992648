/*
 * Follows an operation on a stack of 500 resources, and says what its history costs: peak memory of
 * a process that meets 100 earlier events, 10,000 of them, and an operation that makes 10,000
 * itself; and how many pages of events a poll reads. Events come at 18 a second, so that one page
 * holds those of the longest wait between two polls. Time is simulated. Fails where memory grows by
 * a tenth, or a poll reads more than a page.
 *
 * With a number, it follows one operation that makes so many events more than its resources need,
 * for scale.py to count.
 */
#include "stack/follow.h"
#include "aws/client.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "net/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define RESOURCES  500
#define PAGE_SIZE  100
#define PER_SECOND 18
#define STACK_ARN  "arn:aws:cloudformation:us-east-1:123456789012:stack/app/51af3dc0-da77-11e4-872e"
#define TOKEN	   "deployer-1"
#define START_MS   1440938160000

/* A stack whose events are made when they are asked for: the first `history` are older. */
struct world {
	struct http http;
	struct clock clock;
	int64_t now_ms;
	size_t history;
	size_t made; /* by the operation, its own beginning and end among them */
	unsigned pages;
};

static struct world *world_of(struct clock *clock)
{
	return (struct world *)(void *)((char *)clock - offsetof(struct world, clock));
}

static int64_t now_of(struct clock *clock)
{
	return world_of(clock)->now_ms;
}

static void sleep_on(struct clock *clock, int64_t ms)
{
	world_of(clock)->now_ms += ms;
}

/* How many events there are by now. */
static size_t count_events(const struct world *w)
{
	size_t made = (size_t)(w->now_ms - START_MS) * PER_SECOND / 1000;

	return w->history + (made < w->made ? made : w->made);
}

/* The operation's own beginning and end, and between them each resource's in turn. */
static void add_event(const struct world *w, size_t i, struct str *out)
{
	bool is_own = i >= w->history;
	size_t step = is_own ? i - w->history : i + 1;
	bool is_last = is_own && step + 1 == w->made;
	CLEANUP(str_release) struct str time = STR_INIT;

	clock_format_rfc3339(START_MS + ((int64_t)i - (int64_t)w->history) * 1000 / PER_SECOND,
			     &time);
	str_addf(out, "<member><EventId>e-%zu</EventId><StackId>" STACK_ARN "</StackId>", i);
	if (step == 0 || is_last)
		str_adds(out,
			 "<LogicalResourceId>app</LogicalResourceId><PhysicalResourceId>" STACK_ARN
			 "</PhysicalResourceId><ResourceType>AWS::CloudFormation::Stack</"
			 "ResourceType>");
	else
		str_addf(out,
			 "<LogicalResourceId>Resource%zu</LogicalResourceId>"
			 "<PhysicalResourceId>p-%zu</PhysicalResourceId>"
			 "<ResourceType>AWS::SSM::Parameter</ResourceType>",
			 (step - 1) / 2 % RESOURCES, step);
	str_addf(out,
		 "<ResourceStatus>%s</ResourceStatus><ClientRequestToken>%s</ClientRequestToken>"
		 "<Timestamp>%s</Timestamp></member>",
		 step == 0 || (!is_last && step % 2) ? "UPDATE_IN_PROGRESS" : "UPDATE_COMPLETE",
		 is_own ? TOKEN : "older", time.buf);
}

/* The token is the number of events that are older than the page before. */
static void answer_events(struct world *w, const char *form, struct str *out)
{
	const char *token = strstr(form, "&NextToken=");
	size_t left = count_events(w);
	uint64_t from;

	if (token && slice_to_u64((struct slice){ token + 11, strspn(token + 11, "0123456789") },
				  left, &from))
		left = (size_t)from;
	w->pages++;
	str_adds(out, "<DescribeStackEventsResponse><DescribeStackEventsResult><StackEvents>");
	for (size_t i = 0; i < PAGE_SIZE && left; i++)
		add_event(w, --left, out);
	str_adds(out, "</StackEvents>");
	if (left)
		str_addf(out, "<NextToken>%zu</NextToken>", left);
	str_adds(out, "</DescribeStackEventsResult><ResponseMetadata><RequestId>r</RequestId>"
		      "</ResponseMetadata></DescribeStackEventsResponse>");
}

static void answer_stack(const struct world *w, struct str *out)
{
	bool is_over = count_events(w) == w->history + w->made;

	str_addf(out,
		 "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackId>" STACK_ARN
		 "</StackId><StackName>app</StackName><StackStatus>%s</StackStatus></member>"
		 "</Stacks></DescribeStacksResult><ResponseMetadata><RequestId>r</RequestId>"
		 "</ResponseMetadata></DescribeStacksResponse>",
		 is_over ? "UPDATE_COMPLETE" : "UPDATE_IN_PROGRESS");
}

static int answer(struct http *http, const struct http_request *request, struct http_response *ret,
		  struct error *err)
{
	struct world *w = (struct world *)http;
	CLEANUP_FREE char *form = mem_strndup(request->body, request->body_len);

	(void)err;
	http_response_release(ret);
	ret->status = 200;
	if (strstr(form, "Action=DescribeStackEvents"))
		answer_events(w, form, &ret->body);
	else
		answer_stack(w, &ret->body);
	return 0;
}

static int follow_it(struct world *w, struct aws_client *client, unsigned *ret_polls)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(follow_release) struct follow follow;
	enum stack_verdict verdict = VERDICT_RUNNING;

	follow_init(&follow, client, &report_none, STACK_ARN, "arn:set", TOKEN);
	follow.progress.total = RESOURCES;
	if (follow_skip_history(&follow, &err) < 0)
		return -1;
	w->pages = 0;
	while (verdict == VERDICT_RUNNING) {
		int64_t wait_ms;

		if (follow_step(&follow, &verdict, &wait_ms, &err) < 0)
			return -1;
		(*ret_polls)++;
		w->now_ms += wait_ms;
	}
	return verdict == VERDICT_DONE && follow.progress.ready.count == RESOURCES ? 0 : -1;
}

/* In a process of its own: follows, prints what it read, and exits with 1 where that was too much.
 */
static _Noreturn void play(size_t history, size_t made)
{
	char *const vars[] = { (char[]){ "HOME=/nonexistent" },
			       (char[]){ "AWS_ACCESS_KEY_ID=AKIDEXAMPLE" },
			       (char[]){ "AWS_SECRET_ACCESS_KEY=secret" }, NULL };
	static const struct aws_options options = { .endpoint_url = "http://127.0.0.1:1",
						    .region = "us-east-1" };
	struct world w = { .http = { answer },
			   .clock = { now_of, now_of, sleep_on },
			   .now_ms = START_MS,
			   .history = history,
			   .made = made };
	struct env env = { vars };
	const struct aws_context context = { &w.http, &w.clock, &env, &report_none };
	struct error err = ERROR_INIT;
	struct aws_client *client;
	unsigned polls = 0;
	int result;

	if (aws_client_new(&options, &context, &client, &err) < 0)
		exit(2);
	result = follow_it(&w, client, &polls);
	aws_client_free(client);
	printf("%6zu earlier events, %6zu of the operation: %4u polls, %.2f pages a poll, ",
	       history, made, polls, (double)w.pages / polls);
	(void)fflush(stdout);
	exit(result < 0 ? 2 : w.pages > polls);
}

/* Peak memory of such a process in kB; ends the benchmark where it fails. */
static long measure(size_t history, size_t made)
{
	struct rusage used;
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		play(history, made);
	if (pid < 0 || wait4(pid, &status, 0, &used) < 0 || status != 0) {
		printf("\nfailed: status %d\n", WEXITSTATUS(status));
		exit(1);
	}
	printf("peak %ld kB\n", used.ru_maxrss);
	(void)fflush(stdout);
	return used.ru_maxrss;
}

int main(int argc, char **argv)
{
	const size_t usual = 2 * RESOURCES + 2;
	double few, ratio, long_ratio;
	uint64_t made;

	if (argc == 2 && slice_to_u64(slice_of(argv[1]), 1000000, &made))
		play(100, usual + made);
	few = (double)measure(100, usual);
	ratio = (double)measure(10000, usual) / few;
	long_ratio = (double)measure(100, 10002) / few;
	printf("peak memory, 10,000 events beside 100: %.2f times; an operation of 10,000: %.2f "
	       "times\n",
	       ratio, long_ratio);
	return ratio < 1.1 && long_ratio < 1.1 ? 0 : 1;
}
