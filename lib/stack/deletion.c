#include "stack/deletion.h"

#include "aws/cloudformation.h"
#include "base/cleanup.h"
#include "sys/interrupt.h"

#include <string.h>

/* An empty stack is gone at once, a full one takes minutes. */
#define FIRST_LOOK_MS 250
#define LOOK_MS	      5000

/* The status now, "" where there is no such stack; what was not answered leaves it as it was. */
static int look(struct aws_client *client, const char *stack_arn, struct str *status,
		struct error *err)
{
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;

	if (cfn_describe_stack(client, stack_arn, &stack, err) < 0) {
		if (err->kind == ERROR_BUSY || err->kind == ERROR_NETWORK) {
			error_release(err);
			return 0;
		}
		if (!error_has_code(err, "StackNotFound"))
			return -1;
		error_release(err);
	}
	str_reset(status);
	str_adds(status, stack.status.buf);
	return 0;
}

bool deletion_is_done(const char *status)
{
	return !*status || strcmp(status, "DELETE_COMPLETE") == 0;
}

/* Any other status is that of before the deletion, read too late. */
static bool is_over(const char *status)
{
	return deletion_is_done(status) || strcmp(status, "DELETE_FAILED") == 0;
}

int deletion_wait(struct aws_client *client, const char *stack_arn, int64_t limit_ms,
		  const char *doing, struct str *ret_status, struct error *err)
{
	struct clock *clock = aws_client_clock(client);
	int64_t until_ms = clock->monotonic_ms(clock) + limit_ms, wait_ms = FIRST_LOOK_MS;
	CLEANUP(str_release) struct str status = STR_INIT;

	str_adds(&status, "DELETE_IN_PROGRESS");
	while (!is_over(status.buf) && clock->monotonic_ms(clock) < until_ms) {
		clock->sleep_ms(clock, wait_ms);
		wait_ms = wait_ms * 2 < LOOK_MS ? wait_ms * 2 : LOOK_MS;
		if (interrupt_check(doing, err) < 0 || look(client, stack_arn, &status, err) < 0)
			return -1;
	}
	str_reset(ret_status);
	str_adds(ret_status, status.buf);
	return 0;
}
