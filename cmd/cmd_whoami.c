#include "aws/credentials.h"
#include "aws/sts.h"
#include "base/cleanup.h"
#include "base/sanitize.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "data/json.h"

/* What there is to say, in the order it is said in. */
struct answer {
	struct sts_identity identity;
	const char *profile;
	const char *region;
	const char *region_source;
	const char *credentials_source;
	int64_t expires_ms; /* 0: they do not end */
	int64_t now_ms;
};

static void answer_release(struct answer *answer)
{
	sts_identity_release(&answer->identity);
}

static int ask(struct app *app, struct answer *ret, struct error *err)
{
	const struct aws_credentials *credentials;
	struct aws_client *client;

	if (app_aws(app, &client, err) < 0 ||
	    sts_get_caller_identity(client, &ret->identity, err) < 0 ||
	    aws_client_credentials(client, &credentials, err) < 0)
		return -1;
	ret->profile = aws_client_profile(client);
	ret->region = aws_client_region(client);
	ret->region_source = aws_client_region_source(client);
	ret->credentials_source = credentials->source.buf;
	ret->expires_ms = credentials->expires_ms;
	ret->now_ms = app->clock->wall_ms(app->clock);
	return 0;
}

static void add_row(struct str *out, const char *name, const char *value)
{
	str_addf(out, "%-12s ", name);
	sanitize_text(out, value);
	str_addc(out, '\n');
}

static void add_region_row(struct str *out, const struct answer *answer)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	if (answer->region)
		str_addf(&text, "%s (%s)", answer->region, answer->region_source);
	else
		str_adds(&text, "none is set");
	add_row(out, "region", text.buf);
}

static void add_end_row(struct str *out, const struct answer *answer)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	clock_format_rfc3339(answer->expires_ms, &text);
	str_adds(&text, " (in ");
	clock_format_duration(answer->expires_ms - answer->now_ms, &text);
	str_addc(&text, ')');
	add_row(out, "end", text.buf);
}

static void print_text(const struct answer *answer, FILE *out)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	add_row(&text, "account", answer->identity.account.buf);
	add_row(&text, "arn", answer->identity.arn.buf);
	add_row(&text, "user id", answer->identity.user_id.buf);
	add_row(&text, "profile", answer->profile);
	add_region_row(&text, answer);
	add_row(&text, "credentials", answer->credentials_source);
	if (answer->expires_ms)
		add_end_row(&text, answer);
	(void)fputs(text.buf, out);
}

static void add_member(struct str *out, const char *name, const char *value)
{
	str_addf(out, "%s\"%s\": ", out->len > 1 ? ", " : "", name);
	if (value)
		json_quote(out, value);
	else
		str_adds(out, "null");
}

static void print_json(const struct answer *answer, FILE *out)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP(str_release) struct str end = STR_INIT;

	if (answer->expires_ms)
		clock_format_rfc3339(answer->expires_ms, &end);
	str_addc(&text, '{');
	add_member(&text, "account", answer->identity.account.buf);
	add_member(&text, "arn", answer->identity.arn.buf);
	add_member(&text, "userId", answer->identity.user_id.buf);
	add_member(&text, "profile", answer->profile);
	add_member(&text, "region", answer->region);
	add_member(&text, "regionSource", answer->region_source);
	add_member(&text, "credentialsSource", answer->credentials_source);
	add_member(&text, "credentialsEnd", end.len ? end.buf : NULL);
	(void)fprintf(out, "%s}\n", text.buf);
}

static int whoami_run(struct app *app, const void *args, char **operands, struct error *err)
{
	CLEANUP(answer_release) struct answer answer = { .identity = STS_IDENTITY_INIT };

	(void)args;
	(void)operands;
	if (ask(app, &answer, err) < 0)
		return -1;
	if (app_wants_json(app))
		print_json(&answer, app->out);
	else
		print_text(&answer, app->out);
	return 0;
}

static const struct opt opts[] = {
	OPT_END,
};

const struct cmd cmd_whoami = {
	.name = "whoami",
	.group = "AWS",
	.summary = "show the AWS account, identity and region in use",
	.details = "Asks AWS who the credentials belong to (sts:GetCallerIdentity, which needs no "
		   "permission), and shows which account and identity that is, which region is in "
		   "use and what set it, where the credentials were found and when they end.",
	.operands = "",
	.opts = opts,
	.run = whoami_run,
};
