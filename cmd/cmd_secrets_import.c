#include "base/cleanup.h"
#include "cmd/commands.h"
#include "cmd/secrets.h"
#include "secrets/document.h"
#include "secrets/environment_file.h"

struct import_args {
	const char *file;
	bool replace;
	bool dry_run;
};

static int import_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct import_args *args = args_;
	const struct secrets_rules rules = { .report = app->report };
	const char *source = args->file ? args->file : "standard input";
	CLEANUP(secret_release) struct secret lines = SECRET_INIT, old = SECRET_INIT;
	CLEANUP(secret_release) struct secret merged = SECRET_INIT;
	CLEANUP(secrets_variables_release)
	struct secrets_variables variables = SECRETS_VARIABLES_INIT;
	const struct secrets_store_request request = {
		.name = operands[0],
		.value = &merged,
		.dry_run = args->dry_run,
	};
	struct aws_client *client;

	if (secrets_read_input(args->file, &lines, err) < 0 ||
	    secrets_environment_read(source, secret_bytes(&lines), secret_len(&lines), &rules,
				     &variables, err) < 0)
		return -1;
	if (variables.count == 0)
		return error_set(err, ERROR_CONFIG, "'%s': no variable in it", source);
	if (app_aws(app, &client, err) < 0 || secrets_load(client, operands[0], &old, err) < 0 ||
	    secrets_document_merge(operands[0], &old, &variables, args->replace, &merged, err) < 0)
		return -1;
	return secrets_store_and_tell(app, &request, err);
}

static const struct opt opts[] = {
	OPT(struct import_args, file, 'f', "file", "FILE", "read the variables from FILE (.env)"),
	OPT(struct import_args, replace, 0, "replace", NULL, "drop the keys that are not in it"),
	OPT(struct import_args, dry_run, 'n', "dry-run", NULL, "only print what would change"),
	OPT_END,
};

const struct cmd cmd_secrets_import = {
	.name = "secrets import",
	.group = "Secrets",
	.summary = "take the variables of a .env file into a secret",
	.details = "Reads NAME=VALUE lines as data (nothing is expanded) from standard input or a "
		   "file, sets these keys in the secret's JSON object and leaves the others as "
		   "they are, byte for byte.",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.opts = opts,
	.args_size = sizeof(struct import_args),
	.run = import_run,
};
