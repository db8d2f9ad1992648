#ifndef STACK_HIDDEN_H
#define STACK_HIDDEN_H

#include "base/strv.h"
#include "stack/template.h"

/*
 * The values that must not be shown wherever they turn up, in the log of a container for instance:
 * those that the parameters have which the template marks NoEcho. To be released by strv_wipe().
 */
void hidden_add(const struct stack_template *template, const struct cfn_parameters *parameters,
		struct strv *out);

#endif
