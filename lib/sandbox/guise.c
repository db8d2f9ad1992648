#include "sandbox/guise.h"

#include "data/json.h"
#include "sandbox/document.h"
#include "sandbox/stack.h"

#include <string.h>

/* Who it was, as far as events tell: nobody that is known. */
#define FOREIGN_TOKEN "somebody"

static bool is_due(const json_t *guise, int64_t now_ms)
{
	return json_text(guise, "Then") && document_time(guise, "At") <= now_ms;
}

static void find_in(struct sandbox *sandbox, json_t *stack, const json_t *entry, int64_t now_ms)
{
	unsigned seconds = (unsigned)json_integer_value(json_object_get(entry, "seconds"));
	const char *then = json_text(entry, "then");
	json_t *guise;

	stack_set_status(sandbox, stack, json_text(entry, "found"), NULL, FOREIGN_TOKEN, now_ms);
	if (!then)
		return;
	guise = json_object();
	document_set_text(guise, "Then", then);
	document_set_time(guise, "At", now_ms + sandbox_duration_ms(sandbox, seconds));
	(void)json_object_set_new(stack, "Guise", guise);
}

void guise_advance(struct sandbox *sandbox, json_t *stack, int64_t now_ms)
{
	json_auto_t *guise = json_incref(json_object_get(stack, "Guise"));
	const json_t *entry =
		scenario_next_stack(&sandbox->scenario, json_text(stack, "StackName"), "found");

	if (entry)
		find_in(sandbox, stack, entry, now_ms);
	if (!is_due(guise, now_ms))
		return;
	(void)json_object_del(stack, "Guise");
	stack_set_status(sandbox, stack, json_text(guise, "Then"), NULL, FOREIGN_TOKEN,
			 document_time(guise, "At"));
}

const char *guise_end(struct sandbox *sandbox, const json_t *stack, const char *status)
{
	const json_t *entry =
		scenario_next_stack(&sandbox->scenario, json_text(stack, "StackName"), "ends");

	return entry ? json_text(entry, "ends") : status;
}

void guise_begin(struct sandbox *sandbox, json_t *stack)
{
	const json_t *entry =
		scenario_next_stack(&sandbox->scenario, json_text(stack, "StackName"), "stale");

	if (!entry)
		return;
	(void)json_object_set_new(stack, "Stale",
				  json_pack("{s:s, s:O}", "Status", json_text(stack, "StackStatus"),
					    "Left", json_object_get(entry, "stale")));
}

const char *guise_stale_status(struct sandbox *sandbox, json_t *stack)
{
	json_t *stale = json_object_get(stack, "Stale");
	json_int_t left = json_integer_value(json_object_get(stale, "Left"));

	if (left <= 0)
		return NULL;
	(void)json_object_set_new(stale, "Left", json_integer(left - 1));
	sandbox->is_changed = true;
	return json_text(stale, "Status");
}
