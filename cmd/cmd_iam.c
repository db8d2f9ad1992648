#include "aws/endpoint.h"
#include "aws/sts.h"
#include "base/cleanup.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "deploy/policy.h"

#include <string.h>

struct iam_args {
	const char *account;
	bool create;
};

static const struct opt opts[] = {
	OPT(struct iam_args, account, 0, "account", "ID",
	    "of this account, instead of asking whose the credentials are"),
	OPT(struct iam_args, create, 0, "create", NULL, "with the making of the repository, too"),
	OPT_END,
};

static int add_uses(char **commands, unsigned *uses, struct error *err)
{
	static char release[] = "release";
	static char *usual[] = { release, NULL };

	for (char **command = *commands ? commands : usual; *command; command++) {
		unsigned more;

		if (!policy_uses(*command, &more)) {
			error_set(err, ERROR_USAGE, "'%s' is no command that needs permissions",
				  *command);
			return error_fix(err,
					 "name commands such as release, plan or 'secrets run'");
		}
		*uses |= more;
	}
	return 0;
}

/* The option, else the guard of the settings, else what STS says. */
static int find_account(struct app *app, const char *given, struct str *ret, struct error *err)
{
	CLEANUP(sts_identity_release) struct sts_identity identity = STS_IDENTITY_INIT;
	struct aws_client *client;
	const struct config *config;

	if (app_config(app, &config, err) < 0)
		return -1;
	if (!given && *config_text(config, CONFIG_AWS_ACCOUNT))
		given = config_text(config, CONFIG_AWS_ACCOUNT);
	if (given) {
		str_adds(ret, given);
		return 0;
	}
	if (app_aws(app, &client, err) < 0 || sts_get_caller_identity(client, &identity, err) < 0)
		return error_fix(err, "name the account: --account ID");
	str_adds(ret, identity.account.buf);
	return 0;
}

/* Any repository, where neither the settings nor Compose tell which. */
static void find_repository(struct app *app, struct str *ret)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct pipeline pipeline = { .stages = { false } };

	if (app_pipeline(app, &pipeline, &err) == 0 &&
	    pipeline_repository(&pipeline, ret, &err) == 0)
		return;
	report_warning(app->report, "the policy is for every repository: %s", err.msg.buf);
}

static int iam_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct iam_args *args = args_;
	CLEANUP(str_release) struct str account = STR_INIT;
	CLEANUP(str_release) struct str repository = STR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	unsigned uses = args->create ? POLICY_MAKE_REPOSITORY : 0;
	struct policy_scope scope = { 0 };
	struct aws_client *client;
	const struct config *config;

	if (add_uses(operands, &uses, err) < 0 || app_config(app, &config, err) < 0 ||
	    app_aws(app, &client, err) < 0 || find_account(app, args->account, &account, err) < 0)
		return -1;
	if (uses & (POLICY_PULL | POLICY_PUSH))
		find_repository(app, &repository);
	scope.region = aws_client_region(client);
	scope.partition = aws_partition_of(scope.region ? scope.region : "");
	scope.account = account.buf;
	scope.stack = config_text(config, CONFIG_STACK_NAME);
	scope.repository = repository.buf;
	scope.bucket = config_text(config, CONFIG_STACK_BUCKET);
	scope.role = config_text(config, CONFIG_STACK_ROLE);
	policy_write(&scope, uses, &text);
	(void)fputs(text.buf, app->out);
	if ((uses & POLICY_PLAN) && !*scope.role)
		report_note(
			app->report,
			"without stack.role, CloudFormation makes the stack's resources with the "
			"caller's own permissions: they need to be added");
	return 0;
}

const struct cmd cmd_iam = {
	.name = "iam",
	.group = "Other",
	.summary = "print the least IAM policy for the commands in use",
	.details = "For `deployer release` where none is named. The stack, repository, bucket and "
		   "role are those of the settings, so that the policy of an environment is "
		   "printed with --env.",
	.operands = "[COMMAND...]",
	.max_operands = -1,
	.opts = opts,
	.args_size = sizeof(struct iam_args),
	.run = iam_run,
};
