#ifndef DEPLOY_HIDDEN_H
#define DEPLOY_HIDDEN_H

#include "base/strv.h"
#include "deploy/config.h"
#include "deploy/stack_template.h"

/*
 * The values that must not be shown wherever they turn up, in the log of a container for instance:
 * those that the parameters have which the template marks NoEcho. To be released by strv_wipe().
 */
void hidden_add(const struct stack_template *template, const struct cfn_parameters *parameters,
		struct strv *out);

/* The same from the project's files; what cannot be read has none. */
void hidden_add_project(const struct config *config, struct strv *out);

#endif
