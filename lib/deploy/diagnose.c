#include "deploy/diagnose.h"

#include "base/cleanup.h"
#include "deploy/follow_events.h"
#include "deploy/running.h"

int diagnose(struct aws_client *client, const char *stack_arn, struct cause *ret, struct error *err)
{
	CLEANUP(running_release) struct running running = RUNNING_INIT;
	CLEANUP(follow_release) struct follow follow;

	if (running_find(client, stack_arn, &running, err) < 0)
		return -1;
	follow_init(&follow, client, &report_none, stack_arn, NULL, running.token.buf);
	follow_join(&follow, running.since_ms);
	if (follow_read_events(&follow, err) < 0)
		return -1;
	*ret = follow.cause;
	follow.cause = (struct cause)CAUSE_INIT;
	return 0;
}

int diagnose_cause(struct aws_client *client, const char *stack_arn, struct str *out,
		   struct error *err)
{
	CLEANUP(cause_release) struct cause cause = CAUSE_INIT;

	if (diagnose(client, stack_arn, &cause, err) < 0)
		return -1;
	cause_describe(&cause, out);
	return 0;
}
