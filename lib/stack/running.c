#include "stack/running.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <string.h>

/* An operation is over before it has made so many events. */
#define MAX_PAGES 100

void running_release(struct running *running)
{
	str_release(&running->token);
	running->since_ms = 0;
}

/* A cancellation's token is made from that of its operation (stack/follow.c). */
static size_t token_len(const char *token)
{
	static const char tail[] = "-cancel";
	size_t len = strlen(token);

	if (strncmp(token, "deployer-", 9) == 0 && len > strlen(tail) &&
	    strcmp(token + len - strlen(tail), tail) == 0)
		len -= strlen(tail);
	return len;
}

static bool is_start(const char *status)
{
	return strcmp(status, "CREATE_IN_PROGRESS") == 0 ||
	       strcmp(status, "UPDATE_IN_PROGRESS") == 0 ||
	       strcmp(status, "DELETE_IN_PROGRESS") == 0 ||
	       strcmp(status, "IMPORT_IN_PROGRESS") == 0;
}

static bool has_token(const struct running *running, const struct cfn_event *event)
{
	return token_len(event->client_token) == running->token.len &&
	       strncmp(event->client_token, running->token.buf, running->token.len) == 0;
}

/* Takes the page's events of the stack itself, newest first; true where the start is among them. */
static bool take_page(const struct cfn_events *page, const char *stack_arn, struct running *running)
{
	for (size_t i = 0; i < page->count; i++) {
		const struct cfn_event *event = &page->items[i];

		if (strcmp(event->physical_id, stack_arn) != 0)
			continue;
		if (!running->is_found)
			str_add(&running->token, event->client_token,
				token_len(event->client_token));
		else if (!has_token(running, event))
			return true;
		running->is_found = true;
		running->since_ms = event->time_ms;
		if (is_start(event->status))
			return true;
	}
	return false;
}

int running_find(struct aws_client *client, const char *stack_arn, struct running *ret,
		 struct error *err)
{
	CLEANUP(running_release) struct running running = RUNNING_INIT;
	CLEANUP(str_release) struct str token = STR_INIT;

	for (unsigned pages = 0; pages < MAX_PAGES; pages++) {
		CLEANUP(cfn_events_release) struct cfn_events page = CFN_EVENTS_INIT;

		if (cfn_describe_events(client, stack_arn, token.len ? token.buf : NULL, &page,
					err) < 0)
			return -1;
		if (take_page(&page, stack_arn, &running) || !page.next_token.len ||
		    strcmp(token.buf, page.next_token.buf) == 0)
			break;
		str_reset(&token);
		str_adds(&token, page.next_token.buf);
	}
	*ret = running;
	running = (struct running)RUNNING_INIT;
	return 0;
}

/* Who starts operations can be told from the tokens that they make. */
static const char *who(const char *token)
{
	if (strncmp(token, "deployer-", 9) == 0)
		return "by deployer";
	if (strncmp(token, "Console-", 8) == 0)
		return "in the console";
	return "by somebody";
}

void running_describe(const struct running *running, int64_t wall_ms, struct str *out)
{
	if (running->since_ms) {
		str_adds(out, "since ");
		clock_format_rfc3339(running->since_ms, out);
		str_adds(out, " (");
		clock_format_duration(wall_ms > running->since_ms ? wall_ms - running->since_ms : 0,
				      out);
		str_adds(out, " ago), ");
	}
	str_adds(out, who(running->token.buf));
	if (running->token.len)
		str_addf(out, ", token '%s'", running->token.buf);
}
