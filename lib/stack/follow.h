#ifndef STACK_FOLLOW_H
#define STACK_FOLLOW_H

#include "aws/cloudformation.h"
#include "base/error.h"
#include "base/report.h"
#include "stack/cause.h"
#include "stack/evidence.h"
#include "stack/progress.h"
#include "stack/rollout.h"
#include "stack/status.h"
#include "stack/usual.h"

#include <stdint.h>

/* What to do when a signal comes while an operation runs. */
enum follow_interrupt {
	FOLLOW_ASK,    /* a person at a terminal chooses; without one it is FOLLOW_DETACH */
	FOLLOW_DETACH, /* end the watching, let the operation go on */
	FOLLOW_CANCEL, /* turn the operation back, and watch that */
};

/* What to do about an ECS service that will not get there by itself (stack/rollout.h). */
enum follow_failing {
	FAILING_UNSET,
	FAILING_ASK,	/* a person at a terminal; without one it is FAILING_CANCEL */
	FAILING_CANCEL, /* turn the operation back: CloudFormation would wait for three hours */
	FAILING_WAIT,	/* say why, and wait */
};

/* A stack whose events are read: [0] is the root, the others are nested in it. */
struct follow_stack {
	char *arn;
	char *prefix;	    /* before the names of its resources: "", "Network/" */
	struct str last_id; /* the newest event already told */
	int64_t since_ms;   /* events before this one are history: the service's clock; 0: none */
	bool is_over;	    /* as its parent tells */
	bool is_read;	    /* and read after that */
};

/* A custom resource whose function has yet to answer (stack/follow_answers.h). */
struct follow_answer {
	char *name;
	char *type;
	char *stack_arn;
	int64_t since_ms; /* monotonic */
	int64_t event_ms; /* the service's clock; 0: unknown */
	int64_t limit_ms; /* after so long none is likely to come */
	bool is_limit_known;
	bool is_told;
};

/*
 * Following one stack operation to its end, a step at a time: the caller owns the loop, the sleep
 * and the interruption, so that tests need no time.
 *
 * Events are told from those of other operations by our client token: "All events triggered by a
 * given stack operation are assigned the same client request token" (API reference, StackEvent).
 * The verdict needs the root stack's last event with our token and DescribeStacks, by ARN, agreeing
 * with it. A poll that fails decides nothing: it is tried again, slower. Where the events may not
 * be read, the stack and the change set alone are asked.
 *
 * Services of ECS are looked at while they are updated, and the reasons of what fails are read
 * while they still exist. A custom resource whose function is past its end is told of.
 */
struct follow {
	struct aws_client *client;
	struct report *report;
	const char *stack_arn;
	const char *change_set_arn;
	const char *token;
	const struct strv *hidden; /* values that are never shown; NULL for none */
	bool is_create;		   /* cancelling it deletes the stack */
	enum follow_interrupt on_interrupt;
	enum follow_failing on_failing;
	int64_t timeout_ms; /* watching ends after so long; 0: never */
	size_t stack_count;
	struct follow_stack *stacks;
	struct str root_status; /* the root stack's newest status in our operation */
	struct cfn_stack
		end; /* the stack as it agreed with the verdict; "" where it was not asked */
	struct cause cause;
	struct progress progress;
	struct usual usual; /* from the operations before */
	size_t rollout_count;
	struct rollout *rollouts;
	size_t answer_count;
	struct follow_answer *answers;
	struct str unanswered; /* which custom resource is silent, "" for none or one that is dealt
				  with */
	struct str failing;    /* why a rollout will not succeed, "" while none is known to */
	struct evidence evidence; /* of the first failure that there is more to read about */
	bool is_evidence_told;
	bool is_failing_answered;
	struct str other_token; /* of whoever turned the operation back, "" for nobody else */
	bool saw_token;		/* events of this service carry tokens */
	bool is_blind;		/* events may not be read */
	bool is_cancelled;	/* by us */
	bool is_superseded;	/* another operation began after the end of ours */
	bool was_interrupted;
	unsigned failed_polls;
	int64_t first_event_ms; /* the service's clock; 0 before it */
	int64_t started_ms;	/* monotonic, as are these */
	int64_t last_good_ms;
	int64_t last_told_ms;
};

/*
 * `stack_arn`, `change_set_arn` and `token` are borrowed for its life. change_set_arn NULL: the
 * operation is watched, whoever started it. The caller sets hidden, is_create, on_interrupt,
 * on_failing, timeout_ms and progress.total where they are not 0.
 */
void follow_init(struct follow *follow, struct aws_client *client, struct report *report,
		 const char *stack_arn, const char *change_set_arn, const char *token);
void follow_release(struct follow *follow);

/* Marks what is there now as told: to be called before the operation starts. Absent is no failure.
 */
int follow_skip_history(struct follow *follow, struct error *err);

/*
 * Learns from what was before how long things usually take, as follow_skip_history() does, and
 * leaves all of it to be told. What cannot be read teaches nothing.
 */
void follow_learn(struct follow *follow);

/* Has the running operation told from its start, by the service's clock: to join one. */
void follow_join(struct follow *follow, int64_t since_ms);

/*
 * Polls once. *ret_verdict is VERDICT_RUNNING until the end is sure; *ret_wait_ms says how long to
 * wait before the next step. ERROR_OUTCOME where nothing could be read for too long, or credentials
 * ended: the operation may still run.
 */
int follow_step(struct follow *follow, enum stack_verdict *ret_verdict, int64_t *ret_wait_ms,
		struct error *err);

/*
 * Polls and sleeps until the end is sure, and turns it into success or the error that it is:
 * ERROR_ROLLED_BACK and ERROR_STUCK with the cause. Interrupted, out of time or out of sight, it
 * leaves the operation running and fails with ERROR_OUTCOME, unless on_interrupt says otherwise.
 */
int follow_to_the_end(struct follow *follow, struct error *err);

/*
 * The stack behind the verdict, once it is there: as it was when it agreed, asked for only where
 * the events alone decided. *ret, owned by the caller, is replaced. ERROR_OUTCOME where nobody
 * answers.
 */
int follow_take_stack(struct follow *follow, struct cfn_stack *ret, struct error *err);

#endif
