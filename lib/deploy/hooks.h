#ifndef DEPLOY_HOOKS_H
#define DEPLOY_HOOKS_H

#include "base/error.h"
#include "deploy/config.h"
#include "deploy/run.h"

/*
 * Runs the programs of a hook one after the other in the project's folder, their lines reported
 * like a step's. Each finds in its environment what there is to know by then:
 *
 *	DEPLOYER_HOOK, DEPLOYER_PROJECT, DEPLOYER_ENVIRONMENT, DEPLOYER_VERSION (APP_VERSION too),
 *	DEPLOYER_STACK, DEPLOYER_REGION, DEPLOYER_ACCOUNT, DEPLOYER_IMAGE, DEPLOYER_DIGEST
 *
 * The credentials of the environment are theirs, too, and DEPLOYER_WEBHOOK is not (sys/proc.h).
 * ERROR_CHILD where one ends with another status than 0, or takes longer than a step may
 * (compose.timeout): the rest is not run.
 */
int hooks_run(struct run *run, enum hook hook, struct error *err);

/*
 * Tells those who want to know how a run ended, after `elapsed_ms`: the programs of hooks.succeeded
 * or hooks.failed, with DEPLOYER_STATUS, DEPLOYER_MESSAGE and DEPLOYER_FIX besides, and a webhook,
 * where the run had a publish or deploy stage. The webhook is DEPLOYER_WEBHOOK or notify.webhook;
 * its URL is a secret, so that only its host is ever named. What is posted is {"text": ...}, as
 * Slack and those who copied it take it (https://api.slack.com/messaging/webhooks). Telling changes
 * no outcome: what goes wrong is a warning.
 */
void hooks_tell_end(struct run *run, const struct error *outcome, int64_t elapsed_ms);

#endif
