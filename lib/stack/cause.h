#ifndef STACK_CAUSE_H
#define STACK_CAUSE_H

#include "aws/cloudformation.h"
#include "base/str.h"

#include <stdbool.h>

/*
 * Why an operation failed: its failed resources, and which of them is the root cause. Pure.
 *
 * The root cause is the first failure in time. What was cancelled because of it is none, nor is a
 * nested stack that only passes on what failed in it, nor what could not be deleted, unless there
 * is nothing else (CDK, resource-errors.ts): an operation that a person turned back has nothing but
 * cancelled resources.
 */
struct failure {
	char *name; /* the logical id; "Nested/Resource" in a nested stack */
	char *type;
	char *status;
	char *reason;
	char *physical_id;
	char *stack_id;
	int64_t time_ms;
	unsigned rank; /* 0 is a cause; higher ones are where there is no lower one */
};

struct cause {
	size_t count;
	struct failure *items;
};

#define CAUSE_INIT                                                                                 \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

void cause_release(struct cause *cause);

/*
 * Takes an event of the operation in the order of time, and keeps it where it is a failure.
 * `prefix` stands before the logical id. in_rollback: the stack was going back already.
 */
void cause_note(struct cause *cause, const struct cfn_event *event, const char *prefix,
		bool in_rollback);

/* Takes a service that ECS has rolled back although CloudFormation says UPDATE_COMPLETE of it. */
void cause_note_rolled_back(struct cause *cause, const char *name, const char *service_arn,
			    const char *stack_arn, const char *reason);

/* The root cause, borrowed; NULL where nothing failed. */
const struct failure *cause_root(const struct cause *cause);

/*
 * One line: "Service (AWS::ECS::Service) CREATE_FAILED: reason (the same: B, C)", and what the
 * rollback stumbled over. Nothing where nothing failed.
 */
void cause_describe(const struct cause *cause, struct str *out);

#endif
