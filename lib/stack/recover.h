#ifndef STACK_RECOVER_H
#define STACK_RECOVER_H

#include "aws/cloudformation.h"
#include "base/error.h"
#include "base/report.h"
#include "base/strv.h"

/*
 * What to bring back into a state that can be deployed to. skip: resources that the rollback is to
 * leave as they are, "Name" or "NestedStackName.Name". timeout_ms: of the watching, 0 for as long
 * as it takes. All borrowed.
 */
struct recover_request {
	struct aws_client *client;
	struct report *report;
	const char *stack_name;
	const struct strv *skip;
	int64_t timeout_ms;
	bool dry_run; /* only tell */
};

/*
 * Ends what a failed operation has left open, and follows that to its end: continues a rollback
 * that failed (ContinueUpdateRollback), and rolls back an update or a creation whose rollback was
 * switched off (RollbackStack). Tells first which resources failed, and why. A stack that needs
 * nothing of it is left alone; *ret is the stack in the end.
 *
 * ERROR_USAGE where `skip` names what did not fail, ERROR_BUSY while an operation runs, ERROR_STUCK
 * where the rollback fails again or the stack is past this, ERROR_OUTCOME where it may still run.
 */
int deploy_recover(const struct recover_request *request, struct cfn_stack *ret, struct error *err);

#endif
