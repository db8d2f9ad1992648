#include "base/cleanup.h"
#include "cmd/commands.h"
#include "cmd/secrets.h"
#include "secrets/environment.h"
#include "secrets/fetch.h"
#include "secrets/settings.h"
#include "sys/interrupt.h"

#include <errno.h>
#include <unistd.h>

struct run_args {
	struct strv secrets;
};

static int collect(struct app *app, const struct run_args *args, struct secrets_settings *settings,
		   struct secrets_variables *ret, struct error *err)
{
	const struct secrets_rules rules = {
		.allowed = &settings->allowed,
		.skips_invalid = settings->skips_invalid,
		.report = app->report,
	};
	struct http *http = app_http(app);
	struct aws_client *client;

	for (size_t i = 0; i < args->secrets.count; i++) {
		if (secrets_references_parse(&settings->references, args->secrets.v[i], false,
					     err) < 0)
			return error_become(err, ERROR_USAGE);
	}
	if (settings->references.count == 0) {
		error_set(err, ERROR_USAGE, "no secret is named");
		return error_fix(err, "name one with --secret or in SECRETS");
	}
	if (app_aws(app, &client, err) < 0)
		return -1;
	return secrets_collect(client, &http, 1, &settings->references, &rules, ret, err);
}

/* The log of a CI job is masked before the program can print anything. */
static void mask(const struct app *app, const struct secrets_variables *variables)
{
	for (size_t i = 0; i < variables->count; i++)
		app_mask(app, &variables->items[i].value);
}

/* The program takes this process over, as the container's entrypoint has it. */
static int become(struct app *app, const char *program, char **args, const struct strv *environment,
		  struct error *err)
{
	if (secrets_environment_check(environment, args, err) < 0 ||
	    interrupt_check("starting the program", err) < 0)
		return -1;
	(void)fflush(app->out);
	interrupt_restore();
	(void)execve(program, args, strv_array(environment));
	error_set_errno(err, errno, "cannot start '%s'", program);
	return error_become(err, ERROR_TOOL);
}

static int run_run(struct app *app, const void *args, char **operands, struct error *err)
{
	CLEANUP(secrets_settings_release) struct secrets_settings settings = SECRETS_SETTINGS_INIT;
	CLEANUP(secrets_variables_release)
	struct secrets_variables variables = SECRETS_VARIABLES_INIT;
	CLEANUP(strv_wipe) struct strv environment = STRV_INIT;
	CLEANUP_FREE char *program = NULL;
	int status;

	if (secrets_settings_read(&app->env, &settings, err) < 0 ||
	    secrets_find_program(operands[0], env_get_raw(&app->env, "PATH"), &program, &status,
				 err) < 0 ||
	    collect(app, args, &settings, &variables, err) < 0)
		return -1;
	mask(app, &variables);
	secrets_environment_merge(&app->env, &variables, settings.overrides, &environment);
	return become(app, program, operands, &environment, err);
}

static const struct opt opts[] = {
	OPT(struct run_args, secrets, 's', "secret", "SECRET",
	    "put this secret into the environment"),
	OPT_END,
};

const struct cmd cmd_secrets_run = {
	.name = "secrets run",
	.group = "Secrets",
	.summary = "run a program with secrets in its environment",
	.details =
		"What deployer-entrypoint does in a container, on this machine: the keys of each "
		"secret become variables, and the program takes this process over. SECRETS, "
		"SECRETS_OPTIONAL, SECRETS_ALLOW, SECRETS_OVERRIDE and SECRETS_SKIP_INVALID mean "
		"what they mean there, and a variable whose value is secretsmanager:NAME#KEY "
		"becomes that key. The program leaves no core dump: it would hold secrets.",
	.operands = "[--] CMD [ARGUMENT...]",
	.min_operands = 1,
	.max_operands = -1,
	.passes_rest = true,
	.opts = opts,
	.args_size = sizeof(struct run_args),
	.run = run_run,
};
