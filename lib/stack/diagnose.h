#ifndef STACK_DIAGNOSE_H
#define STACK_DIAGNOSE_H

#include "aws/cloudformation.h"
#include "base/error.h"
#include "base/str.h"
#include "stack/cause.h"
#include "stack/evidence.h"

/* Why an operation failed, and what was found behind its root cause. Both empty where nothing did.
 */
struct diagnosis {
	struct cause cause;
	struct evidence evidence;
};

#define DIAGNOSIS_INIT                                                                             \
	{                                                                                          \
		.cause = CAUSE_INIT, .evidence = EVIDENCE_INIT                                     \
	}

void diagnosis_release(struct diagnosis *diagnosis);

/*
 * Why the newest operation on a stack failed, read afterwards. The failures come from
 * DescribeEvents, which has those of an operation alone, or else from the events that the operation
 * left, those of nested stacks included. Where nothing failed and the stack is at rest, a service
 * that ECS has rolled back behind it is the cause. Fails as cfn_describe_events() does.
 */
int diagnose(struct aws_client *client, const char *stack_arn, struct diagnosis *ret,
	     struct error *err);

/* As one line (stack/cause.h) with the evidence's summary, appended. */
void diagnosis_describe(const struct diagnosis *diagnosis, struct str *out);

#endif
