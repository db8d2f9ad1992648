#ifndef DOCKER_IMAGE_H
#define DOCKER_IMAGE_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>

/*
 * The parts of an image reference (github.com/distribution/reference, "reference grammar"):
 * host "127.0.0.1:5000" ("" where none is named), name "team/app", tag "5fdbe62" or "", digest
 * "sha256:..." or "".
 */
struct image_ref {
	struct str host;
	struct str name;
	struct str tag;
	struct str digest;
};

#define IMAGE_REF_INIT                                                                             \
	{                                                                                          \
		.host = STR_INIT, .name = STR_INIT, .tag = STR_INIT, .digest = STR_INIT            \
	}

/* ERROR_CONFIG where the text is no image reference. */
int image_ref_parse(const char *text, struct image_ref *ret, struct error *err);
void image_ref_release(struct image_ref *ref);

/*
 * The grammar of image tags: [A-Za-z0-9_][A-Za-z0-9_.-]{0,127}.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
 */
bool image_tag_is_valid(const char *tag);

/* ERROR_CONFIG naming `source`, where it came from, if it is none. */
int image_check_tag(const char *tag, const char *source, struct error *err);

/* Whether `digest` is ALGORITHM:HEX (OCI image-spec, descriptor.md "Digests"). */
bool image_digest_is_valid(const char *digest);

/*
 * Takes an ECR registry host apart: account and region; false for any other host. The pattern is
 * the one that both AWS-maintained helpers use (facts: amazon-ecr-credential-helper,
 * api/client.go).
 */
bool ecr_host_parse(const char *host, struct str *ret_account, struct str *ret_region);

/* Whether such a host is a FIPS endpoint, and whether a host is the public gallery's. */
bool ecr_host_is_fips(const char *host);
bool ecr_host_is_public(const char *host);

#endif
