#ifndef STACK_RUNNING_H
#define STACK_RUNNING_H

#include "aws/cloudformation.h"
#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* The newest operation on a stack. */
struct running {
	struct str token; /* that all its events carry; "" where the service sends none */
	int64_t since_ms; /* by the service's clock; 0: unknown */
	bool is_found;	  /* the stack has events of its own */
};

#define RUNNING_INIT                                                                               \
	{                                                                                          \
		.token = STR_INIT, .since_ms = 0                                                   \
	}

void running_release(struct running *running);

/* Reads events back to where the stack's newest operation began. Fails as cfn_describe_events(). */
int running_find(struct aws_client *client, const char *stack_arn, struct running *ret,
		 struct error *err);

/* "since 12:00:05 UTC (3m10s ago), by deployer, token '...'": for people. */
void running_describe(const struct running *running, int64_t wall_ms, struct str *out);

#endif
