#ifndef STACK_DELETION_H
#define STACK_DELETION_H

#include "aws/client.h"
#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether a stack in this status is gone; "" where there is none. */
bool deletion_is_done(const char *status);

/*
 * Waits until a stack whose deletion was asked for is gone, by ARN: until then its name is taken
 * (user guide, "Delete a stack"). *ret_status is DELETE_COMPLETE or "" where it is gone, else what
 * it is in after the failure or after limit_ms. `doing` is for an interruption's error. Reads that
 * are not answered are repeated within the limit; any other failure is the read's own.
 */
int deletion_wait(struct aws_client *client, const char *stack_arn, int64_t limit_ms,
		  const char *doing, struct str *ret_status, struct error *err);

#endif
