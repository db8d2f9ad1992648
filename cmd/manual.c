#include "cmd/cmd.h"

#include "cmd/app.h"

/* What the manual says beside the commands and exit statuses. */
static const struct meaning environment_rows[] = {
	{ "AWS_*", "credentials, profile, region and endpoints, as the AWS CLI v2 reads them" },
	{ "APP_VERSION", "the version to release, instead of the commit's hash" },
	{ "DEPLOYER_RECORD", "the file of --record" },
	{ "DEPLOYER_WEBHOOK", "the URL that is told how a run ended; before notify.webhook" },
	{ "DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG", "the Engine, as docker finds it" },
	{ "NO_COLOR, CLICOLOR, CLICOLOR_FORCE", "whether the output has colours" },
	{ "CI, GITHUB_ACTIONS, GITLAB_CI, CODEBUILD_BUILD_ID, JENKINS_URL",
	  "a service whose log is written for, instead of a terminal" },
	{ NULL, NULL },
};

/* What a program of 'hooks' in deployer.yml finds in its environment (lib/deploy/hooks.h). */
static const struct meaning hook_rows[] = {
	{ "DEPLOYER_HOOK", "before_STAGE, after_STAGE, succeeded or failed" },
	{ "DEPLOYER_PROJECT, DEPLOYER_ENVIRONMENT, DEPLOYER_VERSION, APP_VERSION",
	  "what is released" },
	{ "DEPLOYER_STACK, DEPLOYER_REGION, DEPLOYER_ACCOUNT", "where to" },
	{ "DEPLOYER_IMAGE, DEPLOYER_DIGEST", "the image, once it is known" },
	{ "DEPLOYER_STATUS, DEPLOYER_MESSAGE, DEPLOYER_FIX",
	  "how the run ended, for succeeded and failed" },
	{ NULL, NULL },
};

static const struct meaning file_rows[] = {
	{ "deployer.yml", "the settings, from the current folder upwards; 'deployer config' prints "
			  "them" },
	{ "stack.yml, dev.cfg", "template and parameter file, where the settings name no others" },
	{ "$XDG_STATE_HOME/deployer", "the records of runs; ~/.local/state/deployer by default" },
	{ NULL, NULL },
};

const struct manual_section manual_deployer[] = {
	{ "ENVIRONMENT", environment_rows },
	{ "ENVIRONMENT OF HOOKS", hook_rows },
	{ "FILES", file_rows },
	{ NULL, NULL },
};
