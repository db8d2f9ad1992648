#include "stack/progress.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* As many as are worth reading in one line. */
#define MAX_NAMED 4

static void activity_release(struct activity *item)
{
	free(item->name);
	free(item->status);
}

void progress_release(struct progress *progress)
{
	for (size_t i = 0; i < progress->count; i++)
		activity_release(&progress->items[i]);
	free(progress->items);
	strv_release(&progress->ready);
	*progress = (struct progress)PROGRESS_INIT;
}

static struct activity *find(struct progress *progress, const char *name)
{
	for (size_t i = 0; i < progress->count; i++) {
		if (strcmp(progress->items[i].name, name) == 0)
			return &progress->items[i];
	}
	return NULL;
}

/* The same status again tells more of the same: its time is that of the first. */
static void begin(struct progress *progress, const char *name, const char *status, int64_t since_ms)
{
	struct activity *item = find(progress, name);

	if (item && strcmp(item->status, status) == 0)
		return;
	if (!item) {
		item = mem_grow(&progress->items, &progress->count, sizeof(*item));
		item->name = mem_strdup(name);
	}
	free(item->status);
	item->status = mem_strdup(status);
	item->since_ms = since_ms;
}

static void end(struct progress *progress, const char *name)
{
	struct activity *item = find(progress, name);
	size_t i;

	if (!item)
		return;
	i = (size_t)(item - progress->items);
	activity_release(item);
	progress->count--;
	memmove(item, item + 1, (progress->count - i) * sizeof(*item));
}

void progress_note(struct progress *progress, const struct cfn_event *event, const char *name,
		   bool counts, int64_t since_ms)
{
	if (text_ends_with(event->status, "_IN_PROGRESS")) {
		begin(progress, name, event->status, since_ms);
		return;
	}
	end(progress, name);
	if (counts && text_ends_with(event->status, "_COMPLETE") &&
	    !strv_has(&progress->ready, name))
		strv_add(&progress->ready, name);
}

void progress_describe(const struct progress *progress, const struct usual *usual, int64_t now_ms,
		       struct str *out)
{
	for (size_t i = 0; i < progress->count && i < MAX_NAMED; i++) {
		const struct activity *item = &progress->items[i];

		str_addf(out, "%s%s (%s for ", i ? ", " : "", item->name, item->status);
		clock_format_duration(now_ms - item->since_ms, out);
		if (usual_find(usual, item->name, item->status)) {
			str_adds(out, ", usually ");
			clock_format_duration(usual_find(usual, item->name, item->status), out);
		}
		str_addc(out, ')');
	}
	if (progress->count > MAX_NAMED)
		str_addf(out, " and %zu more", progress->count - MAX_NAMED);
}
