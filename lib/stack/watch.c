#include "base/cleanup.h"
#include "stack/deploy.h"
#include "stack/diagnose.h"
#include "stack/follow.h"
#include "stack/rollout_check.h"
#include "stack/running.h"

#include <string.h>

static void tell_running(struct aws_client *client, struct report *report,
			 const struct cfn_stack *stack, const struct running *running)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	struct clock *clock = aws_client_clock(client);

	running_describe(running, clock->wall_ms(clock), &text);
	report_note(report, "%s is in %s %s", stack->name.buf, stack->status.buf, text.buf);
}

/* *stack: as it was found, and at the end as it is then. */
static int follow_operation(const struct watch_request *request, const struct running *running,
			    struct cfn_stack *stack, struct error *err)
{
	CLEANUP(follow_release) struct follow follow;

	tell_running(request->client, request->report, stack, running);
	follow_init(&follow, request->client, request->report, stack->id.buf, NULL,
		    running->token.buf);
	follow.timeout_ms = request->timeout_ms;
	follow.hidden = request->hidden;
	follow_join(&follow, running->since_ms);
	if (running->is_found)
		follow_learn(&follow);
	/* Its own events tell its status; without them the stack does. */
	if (!running->is_found)
		str_adds(&follow.root_status, stack->status.buf);
	if (follow_to_the_end(&follow, err) < 0)
		return -1;
	return follow_take_stack(&follow, stack, err);
}

static int follow_running(const struct watch_request *request, struct cfn_stack *stack,
			  struct error *err)
{
	CLEANUP(running_release) struct running running = RUNNING_INIT;

	/* Without the right to read events the stack is watched all the same. */
	if (running_find(request->client, stack->id.buf, &running, err) < 0) {
		if (err->kind == ERROR_NETWORK || err->kind == ERROR_BUSY)
			return error_become(err, ERROR_OUTCOME);
		if (err->kind != ERROR_AUTH)
			return -1;
		error_release(err);
	}
	return follow_operation(request, &running, stack, err);
}

/* Nothing runs: how the last operation ended, and why. */
static int judge_last(const struct watch_request *request, const struct cfn_stack *stack,
		      struct error *err)
{
	CLEANUP(diagnosis_release) struct diagnosis diagnosis = DIAGNOSIS_INIT;
	CLEANUP(str_release) struct str cause = STR_INIT;

	if (stack_status_verdict(stack->status.buf) == VERDICT_DONE)
		return 0;
	if (diagnose(request->client, stack->id.buf, &diagnosis, err) < 0) {
		if (err->kind != ERROR_AUTH)
			return -1;
		error_release(err);
	}
	evidence_hide(&diagnosis.evidence, request->hidden);
	evidence_tell(&diagnosis.evidence, request->report);
	diagnosis_describe(&diagnosis, &cause);
	return stack_judge(stack->status.buf, cause.len ? cause.buf : stack->status_reason.buf,
			   err);
}

/* The services of the stack: CloudFormation's word alone is no success. */
static int verify(const struct watch_request *request, const struct cfn_stack *stack,
		  struct error *err)
{
	const struct rollout_check check = {
		.client = request->client,
		.report = request->report,
		.stack_arn = stack->id.buf,
		.image = "",
		.digest = "",
	};

	if (request->verify && strcmp(request->verify, "false") == 0)
		return 0;
	return rollout_check(&check, err);
}

static int watch(const struct watch_request *request, struct cfn_stack *stack, struct error *err)
{
	bool is_busy;

	if (cfn_describe_stack(request->client, request->stack_name, stack, err) < 0)
		return -1;
	is_busy = stack_status_start(stack->status.buf) == START_BUSY;
	if ((is_busy ? follow_running(request, stack, err) : judge_last(request, stack, err)) < 0)
		return -1;
	return verify(request, stack, err);
}

int deploy_watch(const struct watch_request *request, struct cfn_stack *ret, struct error *err)
{
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;

	if (watch(request, &stack, err) < 0)
		return error_wrap(err, "stack '%s'", request->stack_name);
	*ret = stack;
	stack = (struct cfn_stack)CFN_STACK_INIT;
	return 0;
}
