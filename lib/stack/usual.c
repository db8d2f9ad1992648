#include "stack/usual.h"

#include "base/mem.h"
#include "base/slice.h"

#include <stdlib.h>
#include <string.h>

/* What is over at once needs no forecast. */
#define WORTH_MS 5000

void usual_release(struct usual *usual)
{
	for (size_t i = 0; i < usual->count; i++) {
		free(usual->items[i].name);
		free(usual->items[i].verb);
		free(usual->items[i].token);
	}
	free(usual->items);
	*usual = (struct usual)USUAL_INIT;
}

/* The status without its ending, n 0 where it has another one. */
static struct slice verb_of(const char *status, const char *ending)
{
	size_t len = strlen(status), tail = strlen(ending);

	if (len <= tail || strcmp(status + len - tail, ending) != 0)
		return (struct slice){ status, 0 };
	return (struct slice){ status, len - tail };
}

static struct usual_item *find(const struct usual *usual, const char *name, struct slice verb)
{
	for (size_t i = 0; i < usual->count; i++) {
		if (slice_is(verb, usual->items[i].verb) && strcmp(usual->items[i].name, name) == 0)
			return &usual->items[i];
	}
	return NULL;
}

static void begin(struct usual *usual, const struct cfn_event *event, struct slice verb)
{
	struct usual_item *item = find(usual, event->logical_id, verb);

	if (!item) {
		item = mem_grow(&usual->items, &usual->count, sizeof(*item));
		*item = (struct usual_item){ .name = mem_strdup(event->logical_id),
					     .verb = slice_dup(verb) };
	}
	/* "Resource creation Initiated" is told after the creation's own beginning. */
	if (item->since_ms && strcmp(item->token, event->client_token) == 0)
		return;
	item->since_ms = event->time_ms;
	free(item->token);
	item->token = mem_strdup(event->client_token);
}

static void end(struct usual *usual, const struct cfn_event *event, struct slice verb)
{
	struct usual_item *item = find(usual, event->logical_id, verb);

	if (!item || !item->since_ms)
		return;
	if (strcmp(item->token, event->client_token) == 0 && event->time_ms >= item->since_ms) {
		memmove(item->samples_ms + 1, item->samples_ms,
			(USUAL_SAMPLES - 1) * sizeof(item->samples_ms[0]));
		item->samples_ms[0] = event->time_ms - item->since_ms;
		item->count += item->count < USUAL_SAMPLES ? 1 : 0;
	}
	item->since_ms = 0;
}

static void forget(struct usual *usual, const char *name)
{
	for (size_t i = 0; i < usual->count; i++) {
		if (strcmp(usual->items[i].name, name) == 0)
			usual->items[i].since_ms = 0;
	}
}

void usual_learn(struct usual *usual, const struct cfn_event *event)
{
	struct slice begun = verb_of(event->status, "_IN_PROGRESS");
	struct slice ended = verb_of(event->status, "_COMPLETE");

	/* What goes back never comes to the end that it began for. */
	if (begun.n && memmem(begun.p, begun.n, "ROLLBACK", 8))
		forget(usual, event->logical_id);
	else if (begun.n)
		begin(usual, event, begun);
	else if (ended.n)
		end(usual, event, ended);
	else
		forget(usual, event->logical_id);
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t usual_find(const struct usual *usual, const char *name, const char *status)
{
	const struct usual_item *item = find(usual, name, verb_of(status, "_IN_PROGRESS"));
	int64_t sorted[USUAL_SAMPLES];

	if (!item || item->count == 0)
		return 0;
	memcpy(sorted, item->samples_ms, sizeof(sorted));
	qsort(sorted, item->count, sizeof(sorted[0]), compare);
	return sorted[item->count / 2] < WORTH_MS ? 0 : sorted[item->count / 2];
}
