#include "aws/secrets_manager.h"
#include "base/cleanup.h"
#include "base/sanitize.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "cmd/secrets.h"
#include "data/json.h"

/* With a name: its versions. */
struct list_args {
	bool versions;
};

static void add_time(struct str *out, int64_t ms)
{
	if (ms)
		clock_format_rfc3339(ms, out);
	else
		str_adds(out, "-");
}

static void add_row(const struct app *app, const char *name, int64_t ms, const char *rest,
		    struct str *out)
{
	if (app_wants_json(app)) {
		CLEANUP(str_release) struct str when = STR_INIT;

		add_time(&when, ms);
		str_adds(out, out->len > 1 ? ",\n  {\"name\": " : "\n  {\"name\": ");
		json_quote(out, name);
		str_addf(out, ", \"changed\": \"%s\", \"about\": ", when.buf);
		json_quote(out, rest);
		str_addc(out, '}');
		return;
	}
	add_time(out, ms);
	str_adds(out, "  ");
	sanitize_text(out, name);
	str_adds(out, *rest ? "  " : "");
	sanitize_text(out, rest);
	str_addc(out, '\n');
}

static int list_versions(struct app *app, struct aws_client *client, const char *name,
			 struct str *out, struct error *err)
{
	CLEANUP(secrets_versions_release) struct secrets_versions list = SECRETS_VERSIONS_INIT;

	if (secrets_list_versions(client, name, &list, err) < 0)
		return secrets_explain_absence(err);
	for (size_t i = 0; i < list.count; i++)
		add_row(app, list.items[i].id, list.items[i].created_ms, list.items[i].stages, out);
	return 0;
}

static int list_all(struct app *app, struct aws_client *client, const char *prefix, struct str *out,
		    struct error *err)
{
	CLEANUP(secrets_list_release) struct secrets_list list = SECRETS_LIST_INIT;

	if (secrets_list(client, prefix, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		add_row(app, list.items[i].name.buf, list.items[i].changed_ms,
			list.items[i].description.buf, out);
	return 0;
}

static int list_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct list_args *args = args_;
	CLEANUP(str_release) struct str out = STR_INIT;
	struct aws_client *client;
	int result;

	if (args->versions && !operands[0])
		return error_set(err, ERROR_USAGE, "--versions: of which secret?");
	if (app_aws(app, &client, err) < 0)
		return -1;
	if (app_wants_json(app))
		str_addc(&out, '[');
	result = args->versions ? list_versions(app, client, operands[0], &out, err)
				: list_all(app, client, operands[0], &out, err);
	if (result < 0)
		return -1;
	if (app_wants_json(app))
		str_adds(&out, "\n]\n");
	(void)fputs(out.buf, app->out);
	return 0;
}

static const struct opt opts[] = {
	OPT(struct list_args, versions, 0, "versions", NULL,
	    "list the versions of the secret NAME"),
	OPT_END,
};

const struct cmd cmd_secrets_list = {
	.name = "secrets list",
	.group = "Secrets",
	.summary = "list secrets by name",
	.details = "Lists the secrets whose names begin with NAME, or all, and when each was last "
		   "changed. Values are never asked for.",
	.operands = "[NAME]",
	.max_operands = 1,
	.opts = opts,
	.args_size = sizeof(struct list_args),
	.run = list_run,
};
