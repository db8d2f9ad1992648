#ifndef DEPLOY_VERSION_H
#define DEPLOY_VERSION_H

#include "base/env.h"
#include "base/error.h"
#include "base/str.h"
#include "repo/revision.h"

#include <stdbool.h>

/*
 * Which version is meant: the one answer for every command.
 *
 * `tag`, from the command line, comes first; then APP_VERSION of the environment, as a CI build
 * sets it for its steps; then the commit that `dir` stands on. own_files: absolute paths of files
 * that a release edits itself (the parameter file), which make no tree dirty. NULL where not given.
 * Borrowed.
 */
struct version_request {
	const char *dir;
	const char *tag;
	const struct env *env;
	const struct strv *own_files;
	bool allow_dirty;
};

/*
 * tag: what images and parameters carry. is_given: by the command line or APP_VERSION. revision:
 * the commit of `dir`; empty where the tag was given and `dir` is in no repository that can be
 * read.
 */
struct version {
	struct str tag;
	bool is_given;
	struct revision revision;
};

#define VERSION_INIT                                                                               \
	{                                                                                          \
		.tag = STR_INIT, .is_given = false, .revision = REVISION_INIT                      \
	}

void version_release(struct version *version);

/*
 * Finds the version. The tag of a commit is its short id. ERROR_REFUSED where the working tree
 * differs from the commit, unless `allow_dirty`: the tag is then "SHORTID-dirty.HASH", the same for
 * the same difference and never that of a commit. ERROR_CONFIG where a given tag is none
 * (image_check_tag()), and what revision_read() fails with.
 */
int version_find(const struct version_request *request, struct version *ret, struct error *err);

#endif
