#include "base/ci.h"

#include <stddef.h>

static const struct {
	enum ci ci;
	const char *variable, *name;
} services[] = {
	{ CI_GITHUB, "GITHUB_ACTIONS", "GitHub Actions" },
	{ CI_GITLAB, "GITLAB_CI", "GitLab CI" },
	{ CI_CODEBUILD, "CODEBUILD_BUILD_ID", "CodeBuild" },
	{ CI_JENKINS, "JENKINS_URL", "Jenkins" },
	{ CI_OTHER, "CI", "CI" },
};

#define SERVICE_COUNT (sizeof(services) / sizeof(services[0]))

enum ci ci_detect(const struct env *env)
{
	for (size_t i = 0; i < SERVICE_COUNT; i++) {
		if (env_get(env, services[i].variable))
			return services[i].ci;
	}
	return CI_NONE;
}

const char *ci_name(enum ci ci)
{
	for (size_t i = 0; i < SERVICE_COUNT; i++) {
		if (services[i].ci == ci)
			return services[i].name;
	}
	return "";
}
