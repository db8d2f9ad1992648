#include "base/cleanup.h"
#include "deploy/deploy.h"
#include "deploy/follow.h"

#include <string.h>

/* The token of the operation that runs: that of the root stack's newest event. */
static int find_token(struct aws_client *client, const struct cfn_stack *stack, struct str *ret,
		      struct error *err)
{
	CLEANUP(cfn_events_release) struct cfn_events events = CFN_EVENTS_INIT;

	if (cfn_describe_events(client, stack->id.buf, NULL, &events, err) < 0)
		return -1;
	for (size_t i = 0; i < events.count; i++) {
		if (strcmp(events.items[i].physical_id, stack->id.buf) != 0)
			continue;
		str_adds(ret, events.items[i].client_token);
		return 0;
	}
	return 0;
}

static int follow_running(struct aws_client *client, struct report *report,
			  const struct cfn_stack *stack, struct error *err)
{
	CLEANUP(str_release) struct str token = STR_INIT;
	CLEANUP(follow_release) struct follow follow;

	if (find_token(client, stack, &token, err) < 0)
		return -1;
	follow_init(&follow, client, report, stack->id.buf, NULL, token.buf);
	str_adds(&follow.root_status, stack->status.buf);
	if (follow_skip_history(&follow, err) < 0)
		return -1;
	return follow_to_the_end(&follow, err);
}

static int watch(struct aws_client *client, struct report *report, const char *stack_name,
		 struct cfn_stack *stack, struct error *err)
{
	if (cfn_describe_stack(client, stack_name, stack, err) < 0)
		return -1;
	if (stack_status_start(stack->status.buf) != START_BUSY)
		return stack_judge(stack->status.buf, stack->status_reason.buf, err);
	report_note(report, "%s is in %s", stack_name, stack->status.buf);
	if (follow_running(client, report, stack, err) < 0)
		return -1;
	return cfn_describe_stack(client, stack->id.buf, stack, err);
}

int deploy_watch(struct aws_client *client, struct report *report, const char *stack_name,
		 struct cfn_stack *ret, struct error *err)
{
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;

	if (watch(client, report, stack_name, &stack, err) < 0)
		return error_wrap(err, "stack '%s'", stack_name);
	*ret = stack;
	stack = (struct cfn_stack)CFN_STACK_INIT;
	return 0;
}
