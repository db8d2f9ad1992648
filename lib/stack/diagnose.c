#include "stack/diagnose.h"

#include "base/cleanup.h"
#include "stack/follow_events.h"
#include "stack/rollout_check.h"
#include "stack/running.h"
#include "stack/status.h"

#include <string.h>

void diagnosis_release(struct diagnosis *diagnosis)
{
	cause_release(&diagnosis->cause);
	evidence_release(&diagnosis->evidence);
}

/* What is asked for failures: an operation, or the whole stack. */
struct question {
	enum cfn_events_of of;
	const char *id;
	bool in_rollback;
};

/* Adds what failed since then, in the order of time. */
static int note_failures(struct aws_client *client, const struct question *question,
			 int64_t since_ms, struct cause *cause, struct error *err)
{
	CLEANUP(cfn_events_release) struct cfn_events events = CFN_EVENTS_INIT;

	if (cfn_describe_failures(client, question->of, question->id, &events, err) < 0)
		return -1;
	for (size_t i = events.count; i-- > 0;) {
		if (events.items[i].time_ms >= since_ms)
			cause_note(cause, &events.items[i], "", question->in_rollback);
	}
	return 0;
}

/* The stack's last operations one by one; where it tells none, its history back to then. */
static int note_operations(struct aws_client *client, const struct cfn_stack *stack,
			   int64_t since_ms, struct cause *cause, struct error *err)
{
	const struct question whole = { CFN_EVENTS_OF_STACK, stack->id.buf, false };

	if (!stack->operation_count)
		return note_failures(client, &whole, since_ms, cause, err);
	for (size_t i = 0; i < stack->operation_count; i++) {
		const struct cfn_operation *operation = &stack->operations[i];
		const struct question one = { CFN_EVENTS_OF_OPERATION, operation->id,
					      strstr(operation->type, "ROLLBACK") != NULL };

		if (strcmp(operation->type, "CREATE_CHANGESET") != 0 &&
		    note_failures(client, &one, since_ms, cause, err) < 0)
			return -1;
	}
	return 0;
}

/*
 * Asks for the failures alone. *ret_enough: the root cause is among them, and not in a stack nested
 * in this one. Any failure means that the service has it not, or not for us.
 */
static int ask_for_failures(struct aws_client *client, const char *stack_arn, int64_t since_ms,
			    struct cause *cause, bool *ret_enough, struct error *err)
{
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;
	const struct failure *root;

	if (cfn_describe_stack(client, stack_arn, &stack, err) < 0 ||
	    note_operations(client, &stack, since_ms, cause, err) < 0)
		return -1;
	root = cause_root(cause);
	*ret_enough = root && root->rank == 0;
	return 0;
}

static int read_events(struct aws_client *client, const char *stack_arn,
		       const struct running *running, struct cause *cause, struct error *err)
{
	CLEANUP(follow_release) struct follow follow;

	follow_init(&follow, client, &report_none, stack_arn, NULL, running->token.buf);
	follow_join(&follow, running->since_ms);
	if (follow_read_events(&follow, err) < 0)
		return -1;
	*cause = follow.cause;
	follow.cause = (struct cause)CAUSE_INIT;
	return 0;
}

static int find_cause(struct aws_client *client, const char *stack_arn,
		      const struct running *running, struct cause *cause, struct error *err)
{
	CLEANUP(error_release) struct error unknown = ERROR_INIT;
	bool is_enough = false;

	if (ask_for_failures(client, stack_arn, running->since_ms, cause, &is_enough, &unknown) ==
		    0 &&
	    is_enough)
		return 0;
	cause_release(cause);
	return read_events(client, stack_arn, running, cause, err);
}

/* Nothing failed as CloudFormation has it. What may not be read is no cause. */
static int look_behind_success(struct aws_client *client, const char *stack_arn,
			       struct cause *cause, struct error *err)
{
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;
	CLEANUP(rolled_back_service_release)
	struct rolled_back_service service = ROLLED_BACK_SERVICE_INIT;

	if (cfn_describe_stack(client, stack_arn, &stack, err) < 0)
		return -1;
	if (stack_status_verdict(stack.status.buf) != VERDICT_DONE)
		return 0;
	if (rollout_check_find_rolled_back(client, stack_arn, &service, err) < 0) {
		if (err->kind != ERROR_AUTH)
			return -1;
		error_release(err);
		return 0;
	}
	if (service.name.len)
		cause_note_rolled_back(cause, service.name.buf, service.arn.buf, stack_arn,
				       service.reason.buf);
	return 0;
}

/* Looks into the root cause and, where that says nothing, into what failed with the same rank. */
static void find_evidence(struct aws_client *client, const struct running *running,
			  struct diagnosis *diagnosis)
{
	const struct failure *root = cause_root(&diagnosis->cause);

	for (size_t i = 0; i < diagnosis->cause.count && !diagnosis->evidence.summary.len; i++) {
		const struct failure *item = &diagnosis->cause.items[i];

		if (item->rank == root->rank && evidence_exists(item))
			evidence_read(client, item, running->since_ms, &diagnosis->evidence);
	}
}

int diagnose(struct aws_client *client, const char *stack_arn, struct diagnosis *ret,
	     struct error *err)
{
	CLEANUP(running_release) struct running running = RUNNING_INIT;
	CLEANUP(diagnosis_release) struct diagnosis found = DIAGNOSIS_INIT;

	if (running_find(client, stack_arn, &running, err) < 0 ||
	    find_cause(client, stack_arn, &running, &found.cause, err) < 0)
		return -1;
	if (!found.cause.count && look_behind_success(client, stack_arn, &found.cause, err) < 0)
		return -1;
	find_evidence(client, &running, &found);
	*ret = found;
	found = (struct diagnosis)DIAGNOSIS_INIT;
	return 0;
}

void diagnosis_describe(const struct diagnosis *diagnosis, struct str *out)
{
	const struct evidence *evidence = &diagnosis->evidence;

	cause_describe(&diagnosis->cause, out);
	if (evidence->summary.len)
		str_addf(out, "; %s: %s", evidence->resource.buf, evidence->summary.buf);
}
