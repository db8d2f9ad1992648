#ifndef DEPLOY_FOLLOW_H
#define DEPLOY_FOLLOW_H

#include "aws/cloudformation.h"
#include "base/error.h"
#include "base/report.h"
#include "deploy/stack_status.h"

#include <stdint.h>

/*
 * Following one stack operation to its end, a step at a time: the caller owns the loop, the sleep
 * and the interruption, so that tests need no time.
 *
 * Events are told from those of other operations by our client token: "All events triggered by a
 * given stack operation are assigned the same client request token" (API reference, StackEvent).
 * The verdict needs the root stack's last event with our token and DescribeStacks, by ARN, agreeing
 * with it. A poll that fails decides nothing: it is tried again, slower.
 */
struct follow {
	struct aws_client *client;
	struct report *report;
	const char *stack_arn;
	const char *change_set_arn;
	const char *token;
	struct str last_id;	/* the newest event already told */
	struct str root_status; /* the root stack's newest status in our operation */
	struct str cause;	/* the first failure: "Resource (Type): reason" */
	bool saw_token;		/* events of this service carry tokens */
	unsigned failed_polls;
	int64_t started_ms; /* monotonic */
	int64_t last_good_ms;
};

/*
 * `stack_arn`, `change_set_arn` and `token` are borrowed for its life. change_set_arn NULL: the
 * operation is watched, whoever started it.
 */
void follow_init(struct follow *follow, struct aws_client *client, struct report *report,
		 const char *stack_arn, const char *change_set_arn, const char *token);
void follow_release(struct follow *follow);

/* Marks what is there now as told: to be called before the operation starts. Absent is no failure.
 */
int follow_skip_history(struct follow *follow, struct error *err);

/*
 * Polls once. *ret_verdict is VERDICT_RUNNING until the end is sure; *ret_wait_ms says how long to
 * wait before the next step. ERROR_OUTCOME where nothing could be read for too long, or credentials
 * ended: the operation may still run.
 */
int follow_step(struct follow *follow, enum stack_verdict *ret_verdict, int64_t *ret_wait_ms,
		struct error *err);

/*
 * Polls and sleeps until the end is sure, and turns it into success or the error that it is:
 * ERROR_ROLLED_BACK and ERROR_STUCK with the cause. Interrupted, it leaves the operation running
 * and fails with ERROR_OUTCOME.
 */
int follow_to_the_end(struct follow *follow, struct error *err);

#endif
