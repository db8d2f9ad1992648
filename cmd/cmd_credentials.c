#include "aws/credentials.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "data/json.h"

#include <string.h>
#include <unistd.h>

struct credentials_args {
	const char *format;
	bool reveal;
};

static const struct opt opts[] = {
	OPT(struct credentials_args, format, 0, "format", "process|env",
	    "print for credential_process or for a shell (process)"),
	OPT(struct credentials_args, reveal, 0, "reveal", NULL, "print even to a terminal"),
	OPT_END,
};

/* The one member that is not text is the first one. */
static void add_member(struct str *out, const char *name, const char *value)
{
	if (!*value)
		return;
	str_addf(out, ",\n  \"%s\": ", name);
	json_quote(out, value);
}

/* AWS SDKs and Tools Reference Guide, "Process credential provider". */
static void format_process(const struct aws_credentials *credentials, const char *expires,
			   struct str *out)
{
	str_adds(out, "{\n  \"Version\": 1");
	add_member(out, "AccessKeyId", credentials->access_key_id.buf);
	add_member(out, "SecretAccessKey", secret_bytes(&credentials->secret_key));
	add_member(out, "SessionToken", secret_bytes(&credentials->session_token));
	add_member(out, "Expiration", expires);
	add_member(out, "AccountId", credentials->account_id.buf);
	str_adds(out, "\n}\n");
}

/* Keys are letters, digits and +/=, as everybody expects them: bare. Anything else is quoted. */
static void add_export(struct str *out, const char *name, const char *value)
{
	static const char bare[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789+/=_-.:";

	if (!*value)
		return;
	str_addf(out, "export %s=", name);
	if (value[strspn(value, bare)] == '\0') {
		str_addf(out, "%s\n", value);
		return;
	}
	str_addc(out, '\'');
	for (; *value; value++) {
		if (*value == '\'')
			str_adds(out, "'\\''");
		else
			str_addc(out, *value);
	}
	str_adds(out, "'\n");
}

/* What 'aws configure export-credentials --format env' prints. */
static void format_env(const struct aws_credentials *credentials, const char *expires,
		       struct str *out)
{
	add_export(out, "AWS_ACCESS_KEY_ID", credentials->access_key_id.buf);
	add_export(out, "AWS_SECRET_ACCESS_KEY", secret_bytes(&credentials->secret_key));
	add_export(out, "AWS_SESSION_TOKEN", secret_bytes(&credentials->session_token));
	add_export(out, "AWS_CREDENTIAL_EXPIRATION", expires);
}

static int refuse_terminal(const struct app *app, const struct credentials_args *args,
			   struct error *err)
{
	if (args->reveal || !isatty(fileno(app->out)))
		return 0;
	error_set(err, ERROR_REFUSED, "these are secrets, and standard output is a terminal");
	return error_fix(err, "let the program that needs them read them, or add --reveal");
}

static int credentials_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct credentials_args *args = args_;
	const char *format = args->format ? args->format : "process";
	const struct aws_credentials *credentials;
	CLEANUP(str_release) struct str expires = STR_INIT;
	CLEANUP(str_wipe) struct str text = STR_INIT;
	struct aws_client *client;

	(void)operands;
	if (strcmp(format, "process") != 0 && strcmp(format, "env") != 0)
		return error_set(err, ERROR_USAGE, "--format: '%s' is neither process nor env",
				 format);
	if (refuse_terminal(app, args, err) < 0 || app_aws(app, &client, err) < 0 ||
	    aws_client_credentials(client, &credentials, err) < 0)
		return -1;
	if (credentials->expires_ms)
		clock_format_rfc3339(credentials->expires_ms, &expires);
	app_mask(app, &credentials->secret_key);
	app_mask(app, &credentials->session_token);
	if (strcmp(format, "env") == 0)
		format_env(credentials, expires.buf, &text);
	else
		format_process(credentials, expires.buf, &text);
	(void)fputs(text.buf, app->out);
	return 0;
}

const struct cmd cmd_credentials = {
	.name = "credentials",
	.group = "AWS",
	.summary = "print the AWS credentials for another program",
	.details = "Finds credentials as every other command does and prints them, keys included.\n"
		   "In ~/.aws/config, a profile gets them with:\n"
		   "  credential_process = deployer credentials --profile NAME\n"
		   "In a shell:  eval \"$(deployer credentials --format env)\"\n"
		   "To a terminal it prints nothing without --reveal.",
	.operands = "",
	.opts = opts,
	.args_size = sizeof(struct credentials_args),
	.run = credentials_run,
};
