#ifndef CMD_DEPLOY_OPTS_H
#define CMD_DEPLOY_OPTS_H

#include "cmd/app.h"
#include "deploy/deploy.h"

/* The options of every command that deploys, and the policy that they make. */
struct deploy_args {
	const char *wait;
	const char *approve;
	const char *on_interrupt;
	const char *on_ecs_failure;
	const char *change_set;
	unsigned timeout_min;
	bool recreate;
	bool fix_forward;
	bool allow_older;
	bool dry_run;
};

extern const struct opt deploy_opts[];

/* ERROR_USAGE where a value is none. Without --wait, CI waits for half an hour and people do not.
 */
int deploy_policy_of(const struct app *app, const struct deploy_args *args,
		     struct deploy_policy *ret, struct error *err);

#endif
