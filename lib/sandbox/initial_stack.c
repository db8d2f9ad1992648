#include "sandbox/initial_stack.h"

#include "base/cleanup.h"
#include "data/json.h"
#include "sandbox/call.h"
#include "sandbox/deployment.h"
#include "sandbox/document.h"
#include "sandbox/operation.h"
#include "sandbox/stack.h"

#include <string.h>

/* It was made a day ago; its old events are of the time since. */
#define AGE_MS (24LL * 3600 * 1000)

#define TOKEN "somebody-else"

static const char plain_template[] =
	"Resources:\n"
	"  Parameter: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: '1'}}\n";

/* ["Tag=1a"] as CreateStack takes it. */
static json_t *given_parameters(const json_t *entry)
{
	json_t *list = json_array(), *item;
	size_t i;

	json_array_foreach(json_object_get(entry, "parameters"), i, item)
	{
		const char *text = json_string_value(item);
		size_t len = strcspn(text, "=");

		(void)json_array_append_new(list, json_pack("{s:s%, s:s}", "ParameterKey", text,
							    len, "ParameterValue",
							    text[len] ? text + len + 1 : ""));
	}
	return list;
}

/* Runs a creation through, as CreateStack would have begun it a day ago. */
static int create(struct sandbox *sandbox, json_t *stack, const json_t *entry, int64_t now_ms,
		  struct error *err)
{
	CLEANUP(deployment_release) struct deployment deployment = { .template = NULL };
	const char *template = json_text(entry, "template");
	struct call call = {
		.sandbox = sandbox,
		.now_ms = now_ms - AGE_MS,
		.input = json_pack("{s:s, s:o, s:[s, s]}", "TemplateBody",
				   template ? template : plain_template, "Parameters",
				   given_parameters(entry), "Capabilities", "CAPABILITY_NAMED_IAM",
				   "CAPABILITY_AUTO_EXPAND"),
	};
	json_auto_t *input = call.input;
	struct operation_request request = { .token = TOKEN, .reason = "User Initiated" };

	(void)input;
	if (deployment_read(&call, stack, &deployment, err) < 0)
		return -1;
	request.plan = deployment.plan;
	request.after = deployment.after;
	operation_create(sandbox, stack, &request, call.now_ms);
	operation_advance(sandbox, stack, now_ms);
	return 0;
}

/* Earlier updates, one event after the other through the day. */
static void add_old_events(struct sandbox *sandbox, json_t *stack, const json_t *entry,
			   int64_t now_ms)
{
	json_int_t count = json_integer_value(json_object_get(entry, "events"));
	const char *name =
		json_object_iter_key(json_object_iter(json_object_get(stack, "Resources")));
	const json_t *resource = json_object_get(json_object_get(stack, "Resources"), name);

	for (json_int_t i = 0; resource && i < count; i++) {
		const struct stack_event event = {
			.logical_id = name,
			.physical_id = json_text(resource, "PhysicalResourceId"),
			.type = json_text(resource, "Type"),
			.status = i % 2 ? "UPDATE_COMPLETE" : "UPDATE_IN_PROGRESS",
			.token = TOKEN,
			.at_ms = now_ms - AGE_MS / 2 + i * (AGE_MS / 2) / (count + 1),
		};

		stack_add_event(sandbox, stack, &event);
	}
}

static int make(struct sandbox *sandbox, const json_t *entry, int64_t now_ms, struct error *err)
{
	const char *name = json_text(entry, "name");
	json_t *stack;

	if (!json_is_true(json_object_get(entry, "is_made")) || stack_find(sandbox, name))
		return 0;
	if (deployment_check_name(name, "stackName", err) < 0)
		return -1;
	stack = stack_new(sandbox, name, now_ms - AGE_MS);
	if (create(sandbox, stack, entry, now_ms, err) < 0)
		return -1;
	add_old_events(sandbox, stack, entry, now_ms);
	return 0;
}

int initial_stack_make_all(struct sandbox *sandbox, struct error *err)
{
	int64_t now_ms = sandbox->clock->wall_ms(sandbox->clock);
	const json_t *entry;
	size_t i;

	json_array_foreach(sandbox->scenario.stacks, i, entry)
	{
		if (make(sandbox, entry, now_ms, err) == 0)
			continue;
		(void)error_become(err, ERROR_CONFIG);
		return error_wrap(err, "stacks, entry %zu", i + 1);
	}
	return 0;
}
