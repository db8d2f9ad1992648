#include "base/cleanup.h"
#include "cmd/commands.h"
#include "cmd/secrets.h"
#include "data/json.h"
#include "secrets/document.h"

struct get_args {
	bool reveal;
};

/* The value as it is: for a program to read. */
static void write_bytes(const struct app *app, const struct secret *value)
{
	app_mask(app, value);
	(void)fwrite(secret_bytes(value), 1, secret_len(value), app->out);
}

static void write_members(const struct app *app, const struct secrets_variables *members,
			  bool reveal)
{
	CLEANUP(str_wipe) struct str out = STR_INIT;

	for (size_t i = 0; i < members->count; i++) {
		if (!app_wants_json(app)) {
			secrets_format_member(&members->items[i], reveal, &out);
			continue;
		}
		str_adds(&out, i ? ", " : "{");
		json_quote(&out, members->items[i].name);
		str_adds(&out, ": ");
		json_quote(&out, reveal ? secret_bytes(&members->items[i].value) : "********");
	}
	if (app_wants_json(app))
		str_adds(&out, members->count ? "}\n" : "{}\n");
	(void)fputs(out.buf, app->out);
}

static int write_key(const struct app *app, const struct secrets_variables *members,
		     const char *key, bool reveal, struct error *err)
{
	const struct secrets_variable *member = secrets_variables_find(members, key);
	CLEANUP(str_release) struct str line = STR_INIT;

	if (!member) {
		error_set(err, ERROR_CONFIG, "the secret has no key '%s'", key);
		return error_fix(err, "'deployer secrets get' without ':KEY' shows its keys");
	}
	if (reveal) {
		write_bytes(app, &member->value);
		return 0;
	}
	secrets_format_member(member, false, &line);
	(void)fputs(line.buf, app->out);
	return 0;
}

/* A secret that is no JSON object has no keys to name: its size is what can be said. */
static int write_text(const struct app *app, const struct secret *text, bool reveal)
{
	if (reveal)
		write_bytes(app, text);
	else
		(void)fprintf(app->out, "********  (%zu bytes, one value)\n", secret_len(text));
	return 0;
}

static int no_keys(const struct error *cause, struct error *err)
{
	error_set(err, ERROR_CONFIG, "%s", cause->msg.buf);
	return error_fix(err, "it is one value: name the secret without ':KEY'");
}

static int get_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct get_args *args = args_;
	CLEANUP(secrets_references_release)
	struct secrets_references references = SECRETS_REFERENCES_INIT;
	CLEANUP(secrets_variables_release)
	struct secrets_variables members = SECRETS_VARIABLES_INIT;
	CLEANUP(secret_release) struct secret text = SECRET_INIT;
	CLEANUP(error_release) struct error cause = ERROR_INIT;
	const char *key;

	if (secrets_read_operand(app, operands[0], &references, &text, err) < 0)
		return -1;
	key = references.items[0].key;
	if (args->reveal && !key && !app_wants_json(app))
		return write_text(app, &text, true);
	if (secrets_document_members(operands[0], &text, &members, &cause) < 0)
		return key ? no_keys(&cause, err) : write_text(app, &text, args->reveal);
	if (key)
		return write_key(app, &members, key, args->reveal, err);
	write_members(app, &members, args->reveal);
	return 0;
}

static const struct opt opts[] = {
	OPT(struct get_args, reveal, 0, "reveal", NULL, "print the value itself"),
	OPT_END,
};

const struct cmd cmd_secrets_get = {
	.name = "secrets get",
	.group = "Secrets",
	.summary = "show a secret's keys, or its value with --reveal",
	.details = "SECRET is NAME, NAME:KEY, NAME:KEY:STAGE:VERSION, ssm:/PATH/NAME or an ARN.\n"
		   "With --reveal the bytes are printed as they are stored.",
	.operands = "SECRET",
	.min_operands = 1,
	.max_operands = 1,
	.opts = opts,
	.args_size = sizeof(struct get_args),
	.run = get_run,
};
