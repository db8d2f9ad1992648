#ifndef SANDBOX_REGISTRY_H
#define SANDBOX_REGISTRY_H

#include "sandbox/sandbox.h"

/*
 * A real OCI registry beside the sandbox: Debian's docker-registry on a loopback port, with ECR's
 * user "AWS" and a token of the sandbox's making as its only login.
 */
struct registry;

/*
 * Starts the registry with its files under `dir`, on the port it had last time where that is free,
 * and tells the sandbox its host and password. ERROR_TOOL where docker-registry is not installed or
 * does not come up; the fix names the package.
 */
int registry_start(struct sandbox *sandbox, const char *dir, struct registry **ret_registry,
		   struct error *err);
void registry_stop(struct registry *registry);

#endif
