#include "deploy/follow.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "sys/interrupt.h"

#include <string.h>

/* Polls grow rarer while an operation grows older: calls are shared with the whole account. */
static const struct {
	int64_t until_ms, every_ms;
} pace[] = {
	{ 15 * 1000, 1000 },
	{ 120 * 1000, 2000 },
	{ INT64_MAX, 5000 },
};

#define POLL_MAX_MS 30000

/* Nothing could be read for this long: sight of the operation is lost. */
#define BLIND_MS (10 * 60 * 1000)

/* Pages of events read in one poll: a stack of 500 resources makes about 20 in a whole operation.
 */
#define MAX_PAGES 100

static int64_t now_ms(const struct follow *f)
{
	struct clock *clock = aws_client_clock(f->client);

	return clock->monotonic_ms(clock);
}

void follow_init(struct follow *follow, struct aws_client *client, struct report *report,
		 const char *stack_arn, const char *change_set_arn, const char *token)
{
	*follow = (struct follow){
		.client = client,
		.report = report,
		.stack_arn = stack_arn,
		.change_set_arn = change_set_arn,
		.token = token,
		.last_id = STR_INIT,
		.root_status = STR_INIT,
		.cause = STR_INIT,
	};
	follow->started_ms = follow->last_good_ms = now_ms(follow);
}

void follow_release(struct follow *follow)
{
	str_release(&follow->last_id);
	str_release(&follow->root_status);
	str_release(&follow->cause);
}

static void replace(struct str *s, const char *text)
{
	str_reset(s);
	str_adds(s, text);
}

int follow_skip_history(struct follow *follow, struct error *err)
{
	CLEANUP(cfn_events_release) struct cfn_events events = CFN_EVENTS_INIT;

	if (cfn_describe_events(follow->client, follow->stack_arn, NULL, &events, err) < 0) {
		if (!error_has_code(err, "StackNotFound"))
			return error_wrap(err, "reading the events of '%s'", follow->stack_arn);
		error_release(err);
		return 0;
	}
	if (events.count)
		replace(&follow->last_id, events.items[0].id);
	return 0;
}

static bool is_ours(const struct follow *f, const struct cfn_event *event)
{
	return strcmp(event->client_token, f->token) == 0;
}

static bool is_root(const struct follow *f, const struct cfn_event *event)
{
	return strcmp(event->type, "AWS::CloudFormation::Stack") == 0 &&
	       strcmp(event->physical_id, f->stack_arn) == 0;
}

/* The first failure is the cause; what was cancelled because of it is not (CDK's rule). */
static void note_failure(struct follow *f, const struct cfn_event *event)
{
	if (f->cause.len || !status_is_failed(event->status) || is_root(f, event) ||
	    strcasestr(event->reason, "cancelled"))
		return;
	str_addf(&f->cause, "%s (%s) %s: %s", event->logical_id, event->type, event->status,
		 *event->reason ? event->reason : "no reason given");
}

static void tell(struct follow *f, const struct cfn_event *event)
{
	struct report_event told = {
		.kind = REPORT_EVENT,
		.source = event->logical_id,
		.type = event->type,
		.status = event->status,
		.text = event->reason,
		.elapsed_ms = now_ms(f) - f->started_ms,
	};

	f->report->emit(f->report, &told);
}

static void take_event(struct follow *f, const struct cfn_event *event)
{
	/* A service that sends no tokens at all leaves only the order: everything new is ours. */
	bool has_token = *event->client_token != '\0';

	f->saw_token = f->saw_token || has_token;
	if (has_token && !is_ours(f, event))
		return;
	note_failure(f, event);
	if (is_root(f, event))
		replace(&f->root_status, event->status);
	tell(f, event);
}

static void append(struct cfn_events *all, struct cfn_events *page, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct cfn_event *slot = mem_grow(&all->items, &all->count, sizeof(*slot));

		*slot = page->items[i];
		memset(&page->items[i], 0, sizeof(page->items[i]));
	}
}

/* How many events of the page are newer than the newest one told; *ret_known: that one is on it. */
static size_t count_new(const struct follow *f, const struct cfn_events *page, bool *ret_known)
{
	size_t n = 0;

	while (n < page->count && strcmp(page->items[n].id, f->last_id.buf) != 0)
		n++;
	*ret_known = n < page->count;
	return n;
}

/* All events since the last poll, newest first. One page is enough but after a long silence. */
static int read_new_events(struct follow *f, struct cfn_events *ret, struct error *err)
{
	CLEANUP(str_release) struct str token = STR_INIT;

	for (unsigned pages = 0; pages < MAX_PAGES; pages++) {
		CLEANUP(cfn_events_release) struct cfn_events page = CFN_EVENTS_INIT;
		bool known;

		if (cfn_describe_events(f->client, f->stack_arn, token.len ? token.buf : NULL,
					&page, err) < 0)
			return -1;
		append(ret, &page, count_new(f, &page, &known));
		if (known || !page.next_token.len || strcmp(token.buf, page.next_token.buf) == 0)
			return 0;
		replace(&token, page.next_token.buf);
	}
	return 0;
}

static int poll_events(struct follow *f, struct error *err)
{
	CLEANUP(cfn_events_release) struct cfn_events fresh = CFN_EVENTS_INIT;

	if (read_new_events(f, &fresh, err) < 0)
		return -1;
	for (size_t i = fresh.count; i-- > 0;)
		take_event(f, &fresh.items[i]);
	if (fresh.count)
		replace(&f->last_id, fresh.items[0].id);
	return 0;
}

/* Where events carry no token, the change set itself says whether it was ours that ran. */
static int confirm_change_set(struct follow *f, bool *ret_ours, struct error *err)
{
	CLEANUP(cfn_change_set_release) struct cfn_change_set set = CFN_CHANGE_SET_INIT;

	*ret_ours = f->saw_token || !f->change_set_arn;
	if (*ret_ours)
		return 0;
	if (cfn_describe_change_set(f->client, f->change_set_arn, &set, err) < 0)
		return -1;
	*ret_ours = strcmp(set.execution_status.buf, "EXECUTE_COMPLETE") == 0;
	return 0;
}

/* The events say that it is over: the stack itself must say so too, by ARN. */
static int confirm(struct follow *f, enum stack_verdict *ret_verdict, struct error *err)
{
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;
	enum stack_verdict verdict = stack_status_verdict(f->root_status.buf);
	bool ours;

	if (!f->root_status.len || verdict == VERDICT_RUNNING)
		return 0;
	if (cfn_describe_stack(f->client, f->stack_arn, &stack, err) < 0 ||
	    confirm_change_set(f, &ours, err) < 0)
		return -1;
	if (ours && strcmp(stack.status.buf, f->root_status.buf) == 0)
		*ret_verdict = verdict;
	return 0;
}

static int64_t poll_interval(const struct follow *f)
{
	int64_t age = now_ms(f) - f->started_ms;
	size_t row = 0;
	int64_t base;

	while (age >= pace[row].until_ms)
		row++;
	base = pace[row].every_ms;
	for (unsigned i = 0; i < f->failed_polls && base < POLL_MAX_MS; i++)
		base *= 2;
	return base < POLL_MAX_MS ? base : POLL_MAX_MS;
}

/* A poll failed: only when nothing could be read for long, or never will be, is sight lost. */
static int take_failure(struct follow *f, struct error *err)
{
	f->failed_polls++;
	if (err->kind == ERROR_SIGNAL)
		return -1;
	if (err->kind == ERROR_AUTH || now_ms(f) - f->last_good_ms > BLIND_MS) {
		error_wrap(err, "lost sight of stack '%s'", f->stack_arn);
		return error_become(err, ERROR_OUTCOME);
	}
	if (f->failed_polls == 1)
		report_warning(f->report, "cannot read the stack's events (%s); still watching",
			       err->msg.buf);
	error_release(err);
	return 0;
}

int follow_step(struct follow *follow, enum stack_verdict *ret_verdict, int64_t *ret_wait_ms,
		struct error *err)
{
	enum stack_verdict verdict = VERDICT_RUNNING;

	if (poll_events(follow, err) < 0 || confirm(follow, &verdict, err) < 0) {
		if (take_failure(follow, err) < 0)
			return -1;
	} else {
		follow->failed_polls = 0;
		follow->last_good_ms = now_ms(follow);
	}
	*ret_verdict = verdict;
	*ret_wait_ms = poll_interval(follow);
	return 0;
}

int follow_to_the_end(struct follow *follow, struct error *err)
{
	struct clock *clock = aws_client_clock(follow->client);
	enum stack_verdict verdict;
	int64_t wait_ms;

	while (follow_step(follow, &verdict, &wait_ms, err) == 0) {
		if (verdict != VERDICT_RUNNING)
			return stack_judge(follow->root_status.buf, follow->cause.buf, err);
		clock->sleep_ms(clock, wait_ms);
		if (interrupt_check("watching the stack", err) < 0)
			break;
	}
	error_become(err, ERROR_OUTCOME);
	if (err->fix.len)
		str_adds(&err->fix, "; then 'deployer watch' shows the operation");
	return error_fix(err,
			 "the operation goes on: 'deployer watch' shows it, and the same command "
			 "again is safe");
}
