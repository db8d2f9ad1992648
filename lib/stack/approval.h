#ifndef STACK_APPROVAL_H
#define STACK_APPROVAL_H

#include "base/error.h"
#include "base/report.h"
#include "stack/deploy.h"
#include "stack/preview.h"

/*
 * Whether a change set that was shown may be executed: asks the person at the terminal where the
 * policy wants a yes, and for the name of each resource whose data would go with it, whatever the
 * policy, unless policy.lose names it or the change set is a reviewed one. ERROR_CHANGE_SET where
 * that is refused, or nobody is there; fails as prompt_choice() does.
 */
int approval_ask(const struct deploy_policy *policy, const struct preview *preview,
		 struct report *report, struct error *err);

#endif
