#ifndef DEPLOY_INPUTS_H
#define DEPLOY_INPUTS_H

#include "base/env.h"
#include "base/error.h"
#include "base/str.h"
#include "deploy/config.h"
#include "docker/compose.h"

/*
 * What the test and release stages are made from, as one name: where it is the same, their outcome
 * is. It covers the settings, the configuration as compose has it with every variable replaced, the
 * files of the build contexts and mounts (docker/context.h), docker's own variables, and the
 * versions of compose and of this program. `tag`, the version, may stand in image names and in the
 * environment of services: those count as the same under another version.
 *
 * All borrowed.
 */
struct inputs {
	const struct config *config;
	const struct compose *compose;
	const struct compose_config *services;
	const struct env *env;
	const char *tag;
};

/*
 * The name, 64 hexadecimal digits. ERROR_REFUSED with the reason where not every input can be told:
 * a step or a hook that runs a program of this machine, a build that takes the version, a secret,
 * a second context or a remote one, a volume or a network of others. It is not told what base
 * images have become meanwhile.
 */
int inputs_name(const struct inputs *inputs, struct str *ret_name, struct error *err);

#endif
