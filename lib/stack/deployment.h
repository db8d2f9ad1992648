#ifndef STACK_DEPLOYMENT_H
#define STACK_DEPLOYMENT_H

#include "stack/deploy.h"

/*
 * One deployment under way: shared by the files of deploy_stack() alone (deploy.c, start.c and
 * change.c); everybody else sees stack/deploy.h.
 */
struct deployment {
	const struct deploy_request *request;
	struct clock *clock;
	struct cfn_stack before; /* as it was found; status "" where there is none */
	struct cfn_parameters parameters;
	struct str change_set_name;
	struct str change_set_arn;
	struct str stack_arn;
	struct str token;
	struct cfn_change_set change_set;
	bool is_create;
	bool is_reviewed; /* the change set is somebody else's: it is never deleted */
	bool has_waited;  /* for another operation, which may have brought another version */
	int64_t started_ms;
};

/* Whether there is a stack to update. */
bool deployment_exists(const struct deployment *d);

/*
 * Finds the stack and makes sure that it can be deployed to: waits for another operation as long as
 * the policy has it, deletes what a failed creation left where it says so, and refuses to bring
 * back an older commit after a wait. ERROR_BUSY, ERROR_REFUSED or ERROR_STUCK, each with what to
 * do.
 */
int start_prepare(struct deployment *d, struct error *err);

/* Makes the change set and waits for it; *ret_nothing: it is empty, and is deleted again. */
int change_make(struct deployment *d, bool *ret_nothing, struct error *err);

/* Takes over a change set that was made and reviewed before (policy.change_set). */
int change_adopt(struct deployment *d, struct error *err);

/*
 * Executes it. Where the answer is lost or is an error, the change set itself tells whether it
 * runs. ERROR_CHANGE_SET and ERROR_REFUSED: it does not; ERROR_OUTCOME: nobody knows.
 */
int change_execute(struct deployment *d, struct error *err);

/* Takes back what was made and not executed; what cannot be is worth a warning, not a failure. */
void change_discard(struct deployment *d);

/* Whether the error says that another operation runs on the stack. */
bool change_met_busy_stack(const struct error *err);

#endif
