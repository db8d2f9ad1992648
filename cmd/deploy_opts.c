#include "cmd/deploy_opts.h"

#include "base/ci.h"
#include "base/slice.h"

#include <string.h>

#define CI_WAIT_MIN 30
#define MAX_MINUTES (7 * 24 * 60)

const struct opt deploy_opts[] = {
	DEPLOY_OPTS(struct deploy_args, ),
	OPT(struct deploy_args, change_set, 0, "changeset", "ARN",
	    "execute the change set that 'plan --keep' made"),
	OPT(struct deploy_args, on_ecs_failure, 0, "on-ecs-failure", "ask|cancel|wait",
	    "when a service's tasks keep failing (ask)"),
	OPT(struct deploy_args, recreate, 0, "recreate", NULL,
	    "delete a stack whose creation failed, and create it anew"),
	OPT(struct deploy_args, fix_forward, 0, "fix-forward", NULL,
	    "update a stack that failed with its rollback switched off"),
	OPT(struct deploy_args, allow_older, 0, "allow-older", NULL,
	    "deploy an older commit than the live one after a wait"),
	OPT_DRY_RUN(struct deploy_args),
	OPT_END,
};

/* A word that stands for a value. */
struct word {
	const char *text;
	int value;
};

static int parse_word(const char *option, const char *text, const struct word *words,
		      const char *all, int *ret, struct error *err)
{
	if (!text)
		return 0;
	for (; words->text; words++) {
		if (strcmp(words->text, text) == 0) {
			*ret = words->value;
			return 0;
		}
	}
	error_set(err, ERROR_USAGE, "--%s: '%s' is not one of its words", option, text);
	return error_fix(err, "give one of %s", all);
}

static int parse_wait(const struct app *app, const char *text, int64_t *ret_ms, struct error *err)
{
	uint64_t minutes = ci_detect(&app->env) != CI_NONE ? CI_WAIT_MIN : 0;

	if (text && !slice_to_u64(slice_of(text), MAX_MINUTES, &minutes))
		return error_set(err, ERROR_USAGE, "--wait: '%s' is not a number of minutes", text);
	*ret_ms = (int64_t)minutes * 60000;
	return 0;
}

int deploy_policy_of(const struct app *app, const struct deploy_args *args,
		     struct deploy_policy *ret, struct error *err)
{
	static const struct word approvals[] = { { "any", APPROVE_ANY },
						 { "tag-only", APPROVE_TAG_ONLY },
						 { "never", APPROVE_NEVER },
						 { NULL, 0 } };
	static const struct word interrupts[] = { { "ask", FOLLOW_ASK },
						  { "detach", FOLLOW_DETACH },
						  { "cancel", FOLLOW_CANCEL },
						  { NULL, 0 } };
	static const struct word failings[] = { { "ask", FAILING_ASK },
						{ "cancel", FAILING_CANCEL },
						{ "wait", FAILING_WAIT },
						{ NULL, 0 } };
	int approval = APPROVE_ANY, on_interrupt = FOLLOW_ASK, on_failing = FAILING_UNSET;
	int64_t wait_ms = 0;

	if (parse_word("approve", args->approve, approvals, "any, tag-only, never", &approval,
		       err) < 0 ||
	    parse_word("on-interrupt", args->on_interrupt, interrupts, "ask, detach, cancel",
		       &on_interrupt, err) < 0 ||
	    parse_word("on-ecs-failure", args->on_ecs_failure, failings, "ask, cancel, wait",
		       &on_failing, err) < 0 ||
	    parse_wait(app, args->wait, &wait_ms, err) < 0)
		return -1;
	*ret = (struct deploy_policy){
		.wait_ms = wait_ms,
		.timeout_ms = (int64_t)args->timeout_min * 60000,
		.on_interrupt = (enum follow_interrupt)on_interrupt,
		.on_failing = (enum follow_failing)on_failing,
		.approval = (enum deploy_approval)approval,
		.recreate = args->recreate,
		.fix_forward = args->fix_forward,
		.allow_older = args->allow_older,
		.lose = &args->lose,
		.change_set = args->change_set,
	};
	return 0;
}
