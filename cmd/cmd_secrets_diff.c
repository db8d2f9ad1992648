#include "base/cleanup.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/secrets.h"
#include "secrets/document.h"
#include "secrets/environment_file.h"

#include <string.h>

struct diff_args {
	const char *file;
	bool reveal;
};

static int read_remote(struct app *app, const char *operand, struct secrets_variables *ret,
		       struct error *err)
{
	CLEANUP(secrets_references_release)
	struct secrets_references references = SECRETS_REFERENCES_INIT;
	CLEANUP(secret_release) struct secret text = SECRET_INIT;

	if (secrets_read_operand(app, operand, &references, &text, err) < 0)
		return -1;
	return secrets_document_members(operand, &text, ret, err);
}

/* A JSON object, or NAME=VALUE lines. */
static int read_local(struct app *app, const char *path, struct secrets_variables *ret,
		      struct error *err)
{
	const struct secrets_rules rules = { .report = app->report };
	CLEANUP(secret_release) struct secret text = SECRET_INIT;
	const char *bytes;

	if (secrets_read_input(path, &text, err) < 0)
		return -1;
	bytes = secret_bytes(&text);
	if (bytes[strspn(bytes, " \t\r\n")] == '{')
		return secrets_document_members(path, &text, ret, err);
	return secrets_environment_read(path, bytes, secret_len(&text), &rules, ret, err);
}

static int diff_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct diff_args *args = args_;
	CLEANUP(secrets_variables_release) struct secrets_variables old = SECRETS_VARIABLES_INIT;
	CLEANUP(secrets_variables_release) struct secrets_variables fresh = SECRETS_VARIABLES_INIT;
	CLEANUP(str_wipe) struct str out = STR_INIT;
	CLEANUP_FREE char *previous = mem_printf("%s::AWSPREVIOUS", operands[0]);
	bool has_other = args->file || operands[1];
	int result;

	if (args->file && operands[1])
		return error_set(err, ERROR_USAGE, "either --file or another secret");
	result = read_remote(app, has_other ? operands[0] : previous, &old, err);
	if (result == 0)
		result = args->file ? read_local(app, args->file, &fresh, err)
				    : read_remote(app, operands[1] ? operands[1] : operands[0],
						  &fresh, err);
	if (result < 0)
		return -1;
	if (secrets_format_changes(&old, &fresh, args->reveal, &out))
		app->exit_status = 1;
	(void)fputs(out.buf, app->out);
	return 0;
}

static const struct opt opts[] = {
	OPT(struct diff_args, file, 'f', "file", "FILE", "compare with FILE (JSON or .env)"),
	OPT(struct diff_args, reveal, 0, "reveal", NULL, "print the values"),
	OPT_END,
};

const struct cmd cmd_secrets_diff = {
	.name = "secrets diff",
	.group = "Secrets",
	.summary = "compare the keys of two secrets, versions or a file",
	.details = "With one SECRET: its previous version and its current one. Values are hidden "
		   "without --reveal; a key whose value differs stands with - and +.\n"
		   "Exit status 1: they differ.",
	.operands = "SECRET [SECRET]",
	.min_operands = 1,
	.max_operands = 2,
	.opts = opts,
	.args_size = sizeof(struct diff_args),
	.run = diff_run,
};
