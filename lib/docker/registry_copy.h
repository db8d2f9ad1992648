#ifndef DOCKER_REGISTRY_COPY_H
#define DOCKER_REGISTRY_COPY_H

#include "base/report.h"
#include "docker/registry.h"

/*
 * Copies an image from one repository to another, of the same registry or of another one: byte for
 * byte, so that it has the same digest there. Borrowed; `from` and `to` are spoken to at the same
 * time, so each needs a transport of its own.
 */
struct registry_copy {
	const struct registry *from;
	const char *from_name;
	const struct registry *to;
	const char *to_name;
	struct report *report;
};

/*
 * Copies the manifest with `digest`, all that it names, and those of every platform where it is an
 * index; then puts it under `tag` and verifies it there. What the target has is not sent; within a
 * registry it is mounted where that lets it. Nothing touches a disk, a layer is never whole in
 * memory. What broke on its way is sent again, three times in all.
 *
 * Layers that are elsewhere by design (foreign, non-distributable: OCI image-spec, layer.md) are
 * not copied. Fails as docker/registry.h has it, the code is "NotFound" where there is no such
 * image.
 */
int registry_copy(const struct registry_copy *copy, const char *digest, const char *tag,
		  struct error *err);

#endif
