#include "ui/summary.h"

#include "base/sanitize.h"

#include <string.h>

/* A list that names its heading with its first item. */
struct list {
	struct str *out;
	const char *heading;
	bool any;
};

static void add_item(struct list *list, const char *name, const char *value)
{
	if (list->any)
		str_adds(list->out, ", ");
	else
		str_addf(list->out, "%s%s: ", list->out->len ? "; " : "", list->heading);
	list->any = true;
	str_addf(list->out, "%s%s", name, *name && *value ? " " : "");
	sanitize_text(list->out, value);
}

/* The three places that a release changes, and the fact that says so. */
static const struct place {
	const char *name;
	enum fact changed;
	enum fact shown;
} places[] = {
	{ "registry", FACT_PUBLISHED, FACT_VERSION },
	{ "", FACT_BUMPED, FACT_BUMPED },
	{ "stack", FACT_DEPLOYED, FACT_DEPLOYED },
};

#define PLACE_COUNT (sizeof(places) / sizeof(places[0]))

/* Its change set was made, and the stack needs a person: it was executed, and came to no good end.
 */
static bool is_half_way(const struct record *record)
{
	return record->exit_status == 11 && record_is_new(record, FACT_CHANGE_SET);
}

/* It was sent, and the registry could not be asked afterwards. */
static bool is_unseen(const struct record *record)
{
	return record->stages[STAGE_PUBLISH].state == RECORD_UNKNOWN &&
	       !record_is_new(record, FACT_PUBLISHED);
}

static void add_changed(const struct record *record, struct str *out)
{
	struct list list = { .out = out, .heading = "changed" };

	if (is_unseen(record))
		add_item(&list, "registry", "(unknown)");
	for (size_t i = 0; i < PLACE_COUNT; i++) {
		if (record_is_new(record, places[i].changed))
			add_item(&list, places[i].name, record_fact(record, places[i].shown));
	}
	if (is_half_way(record))
		add_item(&list, "stack", "(half-way)");
	if (!list.any)
		add_item(&list, "nothing", "");
}

/* The stack's operation itself: where it is over, only ECS was not seen to follow. */
static bool is_out_of_sight(const struct record *record)
{
	return record->stages[STAGE_DEPLOY].state == RECORD_UNKNOWN &&
	       !record_is_new(record, FACT_DEPLOYED);
}

static void add_unchanged(const struct record *record, struct str *out)
{
	struct list list = { .out = out, .heading = "not" };

	for (size_t i = 0; i < PLACE_COUNT; i++) {
		bool is_stack = places[i].changed == FACT_DEPLOYED;
		bool is_registry = places[i].changed == FACT_PUBLISHED;

		if (record_is_new(record, places[i].changed) ||
		    (is_registry && is_unseen(record)) ||
		    (is_stack && (is_out_of_sight(record) || is_half_way(record))))
			continue;
		add_item(&list, *places[i].name ? places[i].name : "parameter file",
			 is_stack && record->exit_status == 10 ? "(rolled back)" : "");
	}
}

static void add_running(const struct record *record, struct str *out)
{
	struct list list = { .out = out, .heading = "running" };

	if (is_out_of_sight(record))
		add_item(&list, "the stack's operation", "");
	if (record_is_new(record, FACT_ADDRESS) && record_has_done(record, STAGE_RELEASE))
		add_item(&list, "", record_fact(record, FACT_ADDRESS));
}

/* The first stage that is left after those that are done; STAGE_COUNT where none is. */
static enum stage next_stage(const struct record *record)
{
	int next = STAGE_COUNT;

	for (int i = STAGE_COUNT - 1; i >= 0 && !record_has_done(record, (enum stage)i); i--)
		next = i;
	return (enum stage)next;
}

static void add_success(const struct record *record, struct str *out)
{
	enum stage next = next_stage(record);

	if (next == STAGE_COUNT)
		str_adds(out, "deployer status");
	else
		str_addf(out, "deployer release --from %s", stage_name(next));
}

/* What a failure leaves to do, by the exit status (design.md section 5). */
static void add_failure(const struct record *record, struct str *out)
{
	bool is_release = strcmp(record->command.buf, "release") == 0;
	bool is_repeated = record->stages[STAGE_PUBLISH].state == RECORD_UNKNOWN;

	/* There is nothing to watch where a tag was put. */
	switch (is_repeated ? 0 : record->exit_status) {
	case 6:
	case 7:
		str_adds(out, "fix it, commit, deployer release");
		return;
	case 10:
	case 11:
		str_adds(out, "deployer diagnose");
		return;
	case 12:
		str_adds(out, "deployer watch");
		return;
	case 2:
	case 3:
	case 9:
		break;
	default:
		str_addf(out, "deployer %s%s", record->command.buf, is_release ? " --resume" : "");
		return;
	}
	str_addf(out, "deployer %s", record->command.buf);
}

static void add_next(const struct record *record, struct str *out)
{
	str_adds(out, "; next: ");
	if (record->exit_status == 0)
		add_success(record, out);
	else
		add_failure(record, out);
	if (record->environment.len) {
		str_adds(out, " --env ");
		sanitize_text(out, record->environment.buf);
	}
}

void summary_write(const struct record *record, struct str *out)
{
	struct str line = STR_INIT;

	add_changed(record, &line);
	add_unchanged(record, &line);
	add_running(record, &line);
	add_next(record, &line);
	str_add(out, line.buf, line.len);
	str_release(&line);
}
