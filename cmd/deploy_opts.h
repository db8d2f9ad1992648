#ifndef CMD_DEPLOY_OPTS_H
#define CMD_DEPLOY_OPTS_H

#include "cmd/app.h"
#include "stack/deploy.h"

/* The options of every command that deploys, and the policy that they make. */
struct deploy_args {
	const char *wait;
	const char *approve;
	const char *on_interrupt;
	const char *on_ecs_failure;
	const char *change_set;
	struct strv lose;
	unsigned timeout_min;
	bool recreate;
	bool fix_forward;
	bool allow_older;
	bool dry_run;
};

/* clang-format off */
/* The rows that each of them has; `member` leads to its struct deploy_args: "deploy." or nothing. */
#define DEPLOY_OPTS(type, member)                                              \
	OPT(type, member wait, 'w', "wait", "MINUTES",                         \
	    "wait so long for another operation on the stack (CI: 30)"),       \
	OPT(type, member timeout_min, 0, "timeout", "MINUTES",                 \
	    "end the watching, not the operation, after MINUTES"),             \
	OPT(type, member approve, 0, "approve", "any|tag-only|never",          \
	    "execute without asking (any)"),                                   \
	OPT(type, member lose, 0, "lose", "RESOURCE",                          \
	    "RESOURCE may lose its data; may be given several times"),         \
	OPT(type, member on_interrupt, 0, "on-interrupt", "ask|detach|cancel", \
	    "when interrupted (ask)")
/* clang-format on */

extern const struct opt deploy_opts[];

/* ERROR_USAGE where a value is none. Without --wait, CI waits for half an hour and people do not.
 */
int deploy_policy_of(const struct app *app, const struct deploy_args *args,
		     struct deploy_policy *ret, struct error *err);

#endif
