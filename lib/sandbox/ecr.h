#ifndef SANDBOX_ECR_H
#define SANDBOX_ECR_H

#include "sandbox/sandbox.h"

/* Makes a repository where there is none of that name: for --repository and for stacks. */
void ecr_ensure_repository(struct sandbox *sandbox, const char *name, const char *mutability);
void ecr_remove_repository(struct sandbox *sandbox, const char *name);

/* Appends the host that image names start with: the registry's, or AWS's where there is none. */
void ecr_registry_host(const struct sandbox *sandbox, struct str *out);

/* Whether a tag of the repository, once pushed, stays what it is. */
bool ecr_is_immutable(struct sandbox *sandbox, const char *repository, const char *tag);

/* Whether the registry has an image of this tag. */
bool ecr_has_image(struct sandbox *sandbox, const char *repository, const char *tag);

/*
 * Appends the digest that an image name has in the registry; one made up of the name where the
 * registry does not have it, or there is none.
 */
void ecr_image_digest(struct sandbox *sandbox, const char *image, struct str *out);

#endif
