#ifndef BASE_CI_H
#define BASE_CI_H

#include "base/env.h"

/* The service that runs this as a step of a pipeline. */
enum ci {
	CI_NONE, /* a person does */
	CI_GITHUB,
	CI_GITLAB,
	CI_CODEBUILD,
	CI_JENKINS,
	CI_OTHER, /* one that only says CI */
};

/*
 * By the variable that each sets in its jobs: GITHUB_ACTIONS, GITLAB_CI, CODEBUILD_BUILD_ID,
 * JENKINS_URL, else CI (each service's page on its predefined variables).
 */
enum ci ci_detect(const struct env *env);

/* "GitHub Actions"; "" for CI_NONE. */
const char *ci_name(enum ci ci);

#endif
