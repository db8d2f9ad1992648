#include "stack/cause.h"

#include "base/mem.h"
#include "stack/status.h"

#include <stdlib.h>
#include <string.h>

/* What fails this soon after the root cause, and for the same reason, is told with it. */
#define SIBLING_MS 10000

enum rank { RANK_OWN, RANK_NESTED, RANK_ROLLBACK, RANK_DELETION, RANK_CANCELLED };

void cause_release(struct cause *cause)
{
	for (size_t i = 0; i < cause->count; i++) {
		struct failure *item = &cause->items[i];

		free(item->name);
		free(item->type);
		free(item->status);
		free(item->reason);
		free(item->physical_id);
		free(item->stack_id);
	}
	free(cause->items);
	*cause = (struct cause)CAUSE_INIT;
}

static enum rank rank_of(const struct cfn_event *event, bool in_rollback)
{
	if (strcasestr(event->reason, "cancelled"))
		return RANK_CANCELLED;
	if (strcmp(event->status, "DELETE_FAILED") == 0)
		return RANK_DELETION;
	if (in_rollback)
		return RANK_ROLLBACK;
	return strcmp(event->type, "AWS::CloudFormation::Stack") == 0 ? RANK_NESTED : RANK_OWN;
}

void cause_note(struct cause *cause, const struct cfn_event *event, const char *prefix,
		bool in_rollback)
{
	struct failure *item;

	if (!status_is_failed(event->status) || strcmp(event->physical_id, event->stack_id) == 0)
		return;
	item = mem_grow(&cause->items, &cause->count, sizeof(*item));
	item->name = mem_printf("%s%s", prefix, event->logical_id);
	item->type = mem_strdup(event->type);
	item->status = mem_strdup(event->status);
	item->reason = mem_strdup(*event->reason ? event->reason : "no reason given");
	item->physical_id = mem_strdup(event->physical_id);
	item->stack_id = mem_strdup(event->stack_id);
	item->time_ms = event->time_ms;
	item->rank = rank_of(event, in_rollback);
}

void cause_note_rolled_back(struct cause *cause, const char *name, const char *service_arn,
			    const char *stack_arn, const char *reason)
{
	struct failure *item = mem_grow(&cause->items, &cause->count, sizeof(*item));

	item->name = mem_strdup(name);
	item->type = mem_strdup("AWS::ECS::Service");
	item->status = mem_strdup("UPDATE_COMPLETE");
	item->reason = mem_strdup(reason);
	item->physical_id = mem_strdup(service_arn);
	item->stack_id = mem_strdup(stack_arn);
	item->time_ms = 0;
	item->rank = RANK_OWN;
}

static bool comes_first(const struct failure *a, const struct failure *b)
{
	return a->rank != b->rank ? a->rank < b->rank : a->time_ms < b->time_ms;
}

const struct failure *cause_root(const struct cause *cause)
{
	const struct failure *root = NULL;

	for (size_t i = 0; i < cause->count; i++) {
		if (!root || comes_first(&cause->items[i], root))
			root = &cause->items[i];
	}
	return root;
}

/* Reasons of one fault differ in the request's token, which stands in brackets at their end. */
static bool same_reason(const struct failure *a, const struct failure *b)
{
	const char *end = strstr(a->reason, "(RequestToken:");

	if (strcmp(a->type, b->type) != 0)
		return false;
	return end ? strncmp(a->reason, b->reason, (size_t)(end - a->reason)) == 0
		   : strcmp(a->reason, b->reason) == 0;
}

static void add_siblings(const struct cause *cause, const struct failure *root, struct str *out)
{
	const char *before = " (the same: ";

	for (size_t i = 0; i < cause->count; i++) {
		const struct failure *item = &cause->items[i];

		if (item == root || item->rank != root->rank || !same_reason(root, item) ||
		    strcmp(item->name, root->name) == 0 ||
		    item->time_ms - root->time_ms > SIBLING_MS)
			continue;
		str_addf(out, "%s%s", before, item->name);
		before = ", ";
	}
	if (before[0] == ',')
		str_addc(out, ')');
}

static void add_failure(const struct failure *item, struct str *out)
{
	str_addf(out, "%s (%s) %s: %s", item->name, item->type, item->status, item->reason);
}

/* What went wrong while going back matters too: it is what a person must repair. */
static void add_rollback(const struct cause *cause, const struct failure *root, struct str *out)
{
	for (size_t i = 0; i < cause->count; i++) {
		const struct failure *item = &cause->items[i];

		if (item == root || item->rank != RANK_ROLLBACK)
			continue;
		str_adds(out, "; the rollback then failed: ");
		add_failure(item, out);
		return;
	}
}

void cause_describe(const struct cause *cause, struct str *out)
{
	const struct failure *root = cause_root(cause);

	if (!root)
		return;
	add_failure(root, out);
	add_siblings(cause, root, out);
	add_rollback(cause, root, out);
}
