#include "base/cleanup.h"
#include "cmd/commands.h"
#include "cmd/secrets.h"
#include "secrets/document.h"

struct put_args {
	const char *file;
	const char *description;
	const char *kms_key;
	struct strv tags;
	bool text;
	bool dry_run;
};

static int check_tags(const struct strv *tags, struct error *err)
{
	for (size_t i = 0; i < tags->count; i++) {
		if (*tags->v[i] == '=' || !strchr(tags->v[i], '='))
			return error_set(err, ERROR_USAGE, "--tag: '%s' is not KEY=VALUE",
					 tags->v[i]);
	}
	return 0;
}

/* The remedy is another one here than where a secret is read. */
static int check_object(const struct put_args *args, const struct secret *value, struct error *err)
{
	CLEANUP(error_release) struct error cause = ERROR_INIT;

	if (secrets_document_check(args->file ? args->file : "standard input", value, &cause) == 0)
		return 0;
	error_set(err, ERROR_CONFIG, "%s", cause.msg.buf);
	return error_fix(err, "mend it, or store it as one value with --text");
}

/* What 'echo' adds and nobody sees. */
static void warn_of_line_end(const struct app *app, const struct secret *value)
{
	size_t len = secret_len(value);

	if (len && secret_bytes(value)[len - 1] == '\n')
		report_warning(app->report, "the value ends with a line end, which is stored too; "
					    "'printf %%s' writes none");
}

static int put_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct put_args *args = args_;
	CLEANUP(secret_release) struct secret value = SECRET_INIT;
	const struct secrets_store_request request = {
		.name = operands[0],
		.value = &value,
		.description = args->description,
		.kms_key_id = args->kms_key,
		.tags = &args->tags,
		.dry_run = args->dry_run,
	};

	if (check_tags(&args->tags, err) < 0 || secrets_read_input(args->file, &value, err) < 0)
		return -1;
	if (args->text)
		warn_of_line_end(app, &value);
	else if (check_object(args, &value, err) < 0)
		return -1;
	return secrets_store_and_tell(app, &request, err);
}

static const struct opt opts[] = {
	OPT(struct put_args, file, 'f', "file", "FILE", "read the value from FILE"),
	OPT(struct put_args, text, 0, "text", NULL, "store one value that is no JSON object"),
	OPT(struct put_args, description, 0, "description", "TEXT", "describe a new secret"),
	OPT(struct put_args, kms_key, 0, "kms-key", "KEY",
	    "encrypt a new secret with this KMS key"),
	OPT(struct put_args, tags, 0, "tag", "KEY=VALUE", "tag a new secret"),
	OPT(struct put_args, dry_run, 'n', "dry-run", NULL, "only print what would change"),
	OPT_END,
};

const struct cmd cmd_secrets_put = {
	.name = "secrets put",
	.group = "Secrets",
	.summary = "store a secret's value from standard input or a file",
	.details = "Creates the secret or makes the value its current version; one that is there "
		   "already is left alone. A value is never taken from the command line.",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.opts = opts,
	.args_size = sizeof(struct put_args),
	.run = put_run,
};
