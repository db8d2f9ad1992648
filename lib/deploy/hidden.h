#ifndef DEPLOY_HIDDEN_H
#define DEPLOY_HIDDEN_H

#include "base/strv.h"
#include "deploy/config.h"

/*
 * Appends the values that must not be shown (stack/hidden.h) as the project's files have them; what
 * cannot be read has none. To be released by strv_wipe().
 */
void hidden_add_project(const struct config *config, struct strv *out);

#endif
