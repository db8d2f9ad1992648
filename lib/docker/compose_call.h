#ifndef DOCKER_COMPOSE_CALL_H
#define DOCKER_COMPOSE_CALL_H

#include "docker/compose.h"
#include "sys/proc.h"

/* What the files of compose share: the command line up to the subcommand, and the environment. */
void compose_prepare(const struct compose *compose, struct proc *proc);

#endif
