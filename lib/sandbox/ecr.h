#ifndef SANDBOX_ECR_H
#define SANDBOX_ECR_H

#include "sandbox/sandbox.h"

/* Makes a repository where there is none of that name: for --repository and for stacks. */
void ecr_ensure_repository(struct sandbox *sandbox, const char *name, const char *mutability);
void ecr_remove_repository(struct sandbox *sandbox, const char *name);

/* Appends the host that image names start with: the registry's, or AWS's where there is none. */
void ecr_registry_host(const struct sandbox *sandbox, struct str *out);

#endif
