#include "stack/follow_events.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "stack/follow_answers.h"
#include "stack/follow_rollouts.h"

#include <stdlib.h>
#include <string.h>

/* Pages of events read in one poll: a stack of 500 resources makes about 20 in a whole operation.
 */
#define MAX_PAGES 100

/* Pages of earlier events from which is learned how long things usually take. */
#define HISTORY_PAGES 3

/* How many events the service puts on a page. */
#define PAGE_SIZE 100

static int64_t monotonic_ms(const struct follow *f)
{
	struct clock *clock = aws_client_clock(f->client);

	return clock->monotonic_ms(clock);
}

void follow_add_stack(struct follow *follow, const char *arn, const char *prefix, int64_t since_ms)
{
	struct follow_stack *stack =
		mem_grow(&follow->stacks, &follow->stack_count, sizeof(*stack));

	stack->arn = mem_strdup(arn);
	stack->prefix = mem_strdup(prefix);
	stack->last_id = (struct str)STR_INIT;
	stack->since_ms = since_ms;
}

static void replace(struct str *s, const char *text)
{
	str_reset(s);
	str_adds(s, text);
}

static bool is_stack(const struct cfn_event *event)
{
	return strcmp(event->type, "AWS::CloudFormation::Stack") == 0;
}

static bool is_root(const struct follow *f, const struct cfn_event *event)
{
	return is_stack(event) && strcmp(event->physical_id, f->stack_arn) == 0;
}

/* A cancellation has a token of its own, made from that of the operation, or is somebody else's. */
static bool is_ours(const struct follow *f, const struct cfn_event *event)
{
	return strncmp(event->client_token, f->token, strlen(f->token)) == 0 ||
	       (f->other_token.len && strcmp(event->client_token, f->other_token.buf) == 0);
}

static bool is_cancellation(const struct follow *f, const struct cfn_event *event)
{
	size_t len = strlen(f->token);

	return strncmp(event->client_token, f->token, len) == 0 &&
	       strcmp(event->client_token + len, FOLLOW_CANCEL_SUFFIX) == 0;
}

static bool is_over(const struct follow *f)
{
	return f->root_status.len && stack_status_verdict(f->root_status.buf) != VERDICT_RUNNING;
}

static bool in_rollback(const struct follow *f)
{
	return strstr(f->root_status.buf, "ROLLBACK") != NULL;
}

/*
 * A nested stack: its events are read from now on. Its first event in the parent may come before it
 * has an ARN. One that is over is read once more.
 */
static void note_nested(struct follow *f, const struct cfn_event *event, const char *name)
{
	bool is_running = !!strstr(event->status, "_IN_PROGRESS");

	if (!is_stack(event) || strncmp(event->physical_id, "arn:", 4) != 0)
		return;
	for (size_t i = 0; i < f->stack_count; i++) {
		if (strcmp(f->stacks[i].arn, event->physical_id) != 0)
			continue;
		f->stacks[i].is_over = i && !is_running;
		f->stacks[i].is_read = f->stacks[i].is_read && !is_running;
		return;
	}
	if (is_running) {
		CLEANUP_FREE char *prefix = mem_printf("%s/", name);

		follow_add_stack(f, event->physical_id, prefix, event->time_ms);
	}
}

/*
 * How long ago an event happened, by this machine's clock: a joined operation began before we did.
 * Never in the future, whatever the two clocks say.
 */
static int64_t event_monotonic_ms(const struct follow *f, const struct cfn_event *event)
{
	struct clock *clock = aws_client_clock(f->client);
	int64_t ago_ms = clock->wall_ms(clock) - event->time_ms;

	return monotonic_ms(f) - (event->time_ms && ago_ms > 0 ? ago_ms : 0);
}

/* Time in the operation, by the service's own clock where it sends one. */
static int64_t elapsed_ms(const struct follow *f, const struct cfn_event *event)
{
	if (f->first_event_ms && event->time_ms)
		return event->time_ms - f->first_event_ms;
	return monotonic_ms(f) - f->started_ms;
}

static void tell(struct follow *f, const struct cfn_event *event, const char *name)
{
	const struct progress *progress = &f->progress;
	bool is_counted = progress->total && !in_rollback(f) && !is_root(f, event);
	struct report_event told = {
		.kind = REPORT_EVENT,
		.source = name,
		.type = event->type,
		.status = event->status,
		.text = event->reason,
		.elapsed_ms = elapsed_ms(f, event),
		.usual_ms = usual_find(&f->usual, event->logical_id, event->status),
		.done = is_counted ? progress->ready.count : 0,
		.total = is_counted ? progress->total : 0,
	};

	f->report->emit(f->report, &told);
	f->last_told_ms = monotonic_ms(f);
}

/* What could not be deleted after an update does not undo it (facts: A11). */
static void warn_of_leftover(struct follow *f, const struct cfn_event *event, const char *name)
{
	if (strcmp(f->root_status.buf, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS") == 0 &&
	    strcmp(event->status, "DELETE_FAILED") == 0)
		report_warning(f->report, "the former '%s' is left behind: %s", name,
			       event->reason);
}

/*
 * Somebody else turns our operation back, or deletes the stack: that has their token, and our
 * operation ends with it.
 */
static bool is_turned(const struct follow *f, const struct cfn_event *event)
{
	return is_root(f, event) && f->root_status.len && !is_over(f) &&
	       (strstr(event->status, "ROLLBACK_IN_PROGRESS") ||
		strcmp(event->status, "DELETE_IN_PROGRESS") == 0);
}

static void take_turn(struct follow *f, const struct cfn_event *event)
{
	replace(&f->other_token, event->client_token);
	report_warning(f->report, "somebody else %s (token '%s')",
		       strstr(event->status, "ROLLBACK") ? "has the operation rolled back"
							 : "deletes the stack",
		       event->client_token);
}

/* Whether an event of the root stack belongs to the operation; notes where it tells of its end. */
static bool belongs(struct follow *f, const struct cfn_event *event)
{
	if (is_ours(f, event))
		return true;
	if (is_turned(f, event)) {
		take_turn(f, event);
		return true;
	}
	f->is_superseded = f->is_superseded || (is_root(f, event) && is_over(f));
	return false;
}

static void take_event(struct follow *f, size_t index, const struct cfn_event *event)
{
	CLEANUP_FREE char *name = mem_printf("%s%s", f->stacks[index].prefix, event->logical_id);
	/* A service that sends no tokens at all leaves only the order: everything new is ours. */
	bool has_token = *event->client_token != '\0';
	bool is_own = index && strcmp(event->physical_id, f->stacks[index].arn) == 0;

	f->saw_token = f->saw_token || has_token;
	if (!index && has_token && !belongs(f, event))
		return;
	if (!f->first_event_ms)
		f->first_event_ms = event->time_ms;
	cause_note(&f->cause, event, f->stacks[index].prefix, in_rollback(f));
	f->is_cancelled = f->is_cancelled || is_cancellation(f, event);
	if (is_root(f, event))
		replace(&f->root_status, event->status);
	else if (!is_own)
		progress_note(&f->progress, event, name, index == 0 && !in_rollback(f),
			      event_monotonic_ms(f, event));
	/* The parent tells of a nested stack what the stack says of itself. */
	if (!is_own)
		tell(f, event, name);
	warn_of_leftover(f, event, name);
	follow_note_service(f, f->stacks[index].arn, event, name);
	follow_note_custom(f, f->stacks[index].arn, event, name, event_monotonic_ms(f, event));
	note_nested(f, event, name);
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
static size_t count_new(const struct follow_stack *stack, const struct cfn_events *page,
			bool *ret_known)
{
	size_t n = 0;

	while (n < page->count && strcmp(page->items[n].id, stack->last_id.buf) != 0 &&
	       page->items[n].time_ms >= stack->since_ms)
		n++;
	*ret_known = n < page->count;
	return n;
}

/* Older pages, as far as they are worth reading; what cannot be read of them is left out. */
static void add_older_pages(const struct follow *f, struct cfn_events *events)
{
	CLEANUP(str_release) struct str token = STR_INIT;

	str_adds(&token, events->next_token.buf);
	for (unsigned pages = 1; pages < HISTORY_PAGES && token.len; pages++) {
		CLEANUP(cfn_events_release) struct cfn_events page = CFN_EVENTS_INIT;
		CLEANUP(error_release) struct error blind = ERROR_INIT;

		if (cfn_describe_events(f->client, f->stack_arn, token.buf, &page, &blind) < 0)
			return;
		append(events, &page, page.count);
		replace(&token, page.next_token.buf);
	}
}

/* The newest page and a few older ones, learned from. */
static int read_history(struct follow *f, struct cfn_events *ret, struct error *err)
{
	if (cfn_describe_events(f->client, f->stack_arn, NULL, ret, err) < 0)
		return -1;
	add_older_pages(f, ret);
	for (size_t i = ret->count; i-- > 0;)
		usual_learn(&f->usual, &ret->items[i]);
	return 0;
}

int follow_read_history(struct follow *follow, struct error *err)
{
	CLEANUP(cfn_events_release) struct cfn_events events = CFN_EVENTS_INIT;

	if (read_history(follow, &events, err) < 0)
		return -1;
	if (events.count)
		replace(&follow->stacks[0].last_id, events.items[0].id);
	return 0;
}

void follow_learn(struct follow *follow)
{
	CLEANUP(cfn_events_release) struct cfn_events events = CFN_EVENTS_INIT;
	CLEANUP(error_release) struct error blind = ERROR_INIT;

	(void)read_history(follow, &events, &blind);
}

/* All events since the last poll, newest first. One page is enough but after a long silence. */
static int read_new_events(struct follow *f, const struct follow_stack *stack,
			   struct cfn_events *ret, struct error *err)
{
	CLEANUP(str_release) struct str token = STR_INIT;

	for (unsigned pages = 0; pages < MAX_PAGES; pages++) {
		CLEANUP(cfn_events_release) struct cfn_events page = CFN_EVENTS_INIT;
		bool known;

		if (cfn_describe_events(f->client, stack->arn, token.len ? token.buf : NULL, &page,
					err) < 0)
			return -1;
		append(ret, &page, count_new(stack, &page, &known));
		if (known || !page.next_token.len || strcmp(token.buf, page.next_token.buf) == 0)
			return 0;
		replace(&token, page.next_token.buf);
	}
	return 0;
}

/* Events of one poll that come twice, on two pages whose border moved, are told once. */
static bool is_repeated(const struct cfn_events *events, size_t i)
{
	for (size_t j = i + 1; j < events->count && j <= i + PAGE_SIZE; j++) {
		if (strcmp(events->items[j].id, events->items[i].id) == 0)
			return true;
	}
	return false;
}

/* By index: taking an event may add a stack to the list. */
static int read_stack(struct follow *f, size_t index, struct error *err)
{
	CLEANUP(cfn_events_release) struct cfn_events fresh = CFN_EVENTS_INIT;

	if (read_new_events(f, &f->stacks[index], &fresh, err) < 0)
		return -1;
	for (size_t i = fresh.count; i-- > 0;) {
		if (!is_repeated(&fresh, i))
			take_event(f, index, &fresh.items[i]);
	}
	if (fresh.count)
		replace(&f->stacks[index].last_id, fresh.items[0].id);
	return 0;
}

/* What cannot be read of a nested stack is read at the next poll, or missed: the root decides. */
static int read_nested(struct follow *f, size_t index, struct error *err)
{
	bool was_over = f->stacks[index].is_over;

	if (read_stack(f, index, err) < 0) {
		if (err->kind == ERROR_SIGNAL)
			return -1;
		error_release(err);
		return 0;
	}
	f->stacks[index].is_read = was_over;
	return 0;
}

int follow_read_events(struct follow *follow, struct error *err)
{
	if (read_stack(follow, 0, err) < 0)
		return -1;
	for (size_t i = 1; i < follow->stack_count; i++) {
		if (!follow->stacks[i].is_read && read_nested(follow, i, err) < 0)
			return -1;
	}
	return 0;
}
