#ifndef DOCKER_DIRECT_H
#define DOCKER_DIRECT_H

#include "base/clock.h"
#include "base/error.h"
#include "base/report.h"
#include "base/strv.h"
#include "docker/engine.h"
#include "docker/registry.h"

/*
 * Pushes an image from an Engine to a registry without the Engine's own push: the image is
 * exported, the layers that the registry lacks are compressed on all processors and uploaded side
 * by side (docker/uploads.h), then come the configuration and the manifest. Nothing touches a disk
 * here; the image that is pulled has the same id, configuration and layers as the one that an
 * Engine pushes. Blobs have other digests than the Engine's, which compresses otherwise.
 *
 * Layers are not sent where the repository is seen to have them, in the image behind one of the
 * `tags`, or another repository of the registry under a digest that the Engine knows; these are
 * mounted. Where it has all of them, nothing is exported; where it has this very image, its
 * manifest gets the tag too, byte for byte.
 *
 * All borrowed. `name` and `tag` are the repository's and the manifest's, `image` is what the
 * Engine told of it. `login` gets the registry's credentials anew once they are no longer
 * taken; what `registry` borrows may then be gone.
 */
struct direct_push {
	struct engine *engine;
	struct registry registry;
	const char *name;
	const char *tag;
	const struct engine_image *image;
	const struct strv *tags;
	struct clock *clock;
	struct report *report;
	int (*login)(void *ctx, struct registry *ret, struct error *err);
	void *ctx;
};

/*
 * Returns the digest of the manifest, as the registry has it under the tag afterwards. What broke
 * on its way is sent again, a few times. Fails as docker/registry.h has it.
 */
int direct_push(const struct direct_push *push, struct str *ret_digest, struct error *err);

#endif
