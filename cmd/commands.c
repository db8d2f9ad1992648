#include "cmd/commands.h"

#include "cmd/app.h"

/* Sorted by name; a unit test checks it. */
/* clang-format off */
static const struct cmd *const commands[] = {
	&cmd_bump,
	&cmd_check,
	&cmd_clean,
	&cmd_completion,
	&cmd_config,
	&cmd_credentials,
	&cmd_deploy,
	&cmd_diagnose,
	&cmd_doctor,
	&cmd_help,
	&cmd_history,
	&cmd_iam,
	&cmd_init,
	&cmd_login,
	&cmd_logout,
	&cmd_params_diff,
	&cmd_plan,
	&cmd_promote,
	&cmd_publish,
	&cmd_recover,
	&cmd_release,
	&cmd_report,
	&cmd_rollback,
	&cmd_secrets_diff,
	&cmd_secrets_edit,
	&cmd_secrets_get,
	&cmd_secrets_import,
	&cmd_secrets_list,
	&cmd_secrets_put,
	&cmd_secrets_run,
	&cmd_sso_login,
	&cmd_status,
	&cmd_test,
	&cmd_version,
	&cmd_watch,
	&cmd_whoami,
};
/* clang-format on */

/* error_exit_status() gives them; what each is for stands at enum error_kind. */
static const struct meaning statuses[] = {
	{ "0", "done, or nothing to do" },
	{ "1", "anything else that went wrong" },
	{ "2", "usage or configuration; nothing touched" },
	{ "3", "refused beforehand: dirty tree, lock held, account guard" },
	{ "4", "credentials or a permission missing" },
	{ "5", "Docker, Compose or git missing or down" },
	{ "6", "the tests failed" },
	{ "7", "the release stage (acceptance) failed" },
	{ "8", "the image could not be published" },
	{ "9", "change set rejected or declined; the stack is untouched" },
	{ "10", "rolled back; the old version runs" },
	{ "11", "the stack needs a person" },
	{ "12", "outcome unknown: it may still run, and 'deployer watch' re-attaches" },
	{ "13", "a service was throttled, busy or out of reach past the limit" },
	{ "128+N", "ended by signal N" },
	{ NULL, NULL },
};

const struct program program_deployer = {
	.name = "deployer",
	.summary = "build, test, publish and deploy a containerised application to its "
		   "CloudFormation stack",
	.commands = commands,
	.count = sizeof(commands) / sizeof(commands[0]),
	.global_opts = global_opts,
	.statuses = statuses,
	.manual = manual_deployer,
};
