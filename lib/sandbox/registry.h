#ifndef SANDBOX_REGISTRY_H
#define SANDBOX_REGISTRY_H

#include "sandbox/sandbox.h"

/*
 * A real OCI registry beside the sandbox: Debian's docker-registry on a loopback port, with a
 * password of its own, behind the gate that lets in who has one of ECR's tokens.
 */
struct registry;

/*
 * Starts the registry with its files under `dir`, its gate on last time's port where that is free,
 * and tells the sandbox its host and password. ERROR_TOOL where docker-registry is not installed or
 * does not come up; the fix names the package.
 */
int registry_start(struct sandbox *sandbox, const char *dir, struct registry **ret_registry,
		   struct error *err);
void registry_stop(struct registry *registry);

#endif
