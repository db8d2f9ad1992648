#ifndef SANDBOX_ECR_H
#define SANDBOX_ECR_H

#include "sandbox/sandbox.h"

/* Makes a repository where there is none of that name: for --repository and for stacks. */
void ecr_ensure_repository(struct sandbox *sandbox, const char *name, const char *mutability);
void ecr_remove_repository(struct sandbox *sandbox, const char *name);

/* Appends the host that image names start with: the registry's, or AWS's where there is none. */
void ecr_registry_host(const struct sandbox *sandbox, struct str *out);

/*
 * Appends the digest that an image name has in the registry; one made up of the name where the
 * registry does not have it, or there is none.
 */
void ecr_image_digest(struct sandbox *sandbox, const char *image, struct str *out);

#endif
