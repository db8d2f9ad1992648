#include "aws/sso_session.h"
#include "base/cleanup.h"
#include "base/sanitize.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "data/json.h"

static const struct opt opts[] = { OPT_END };

static void show(void *ctx, const struct sso_device *device)
{
	const struct app *app = ctx;
	CLEANUP(str_release) struct str text = STR_INIT;

	str_adds(&text, "Open this page and check that it shows the code ");
	sanitize_text(&text, device->user_code.buf);
	str_adds(&text, ":\n\n  ");
	sanitize_text(&text, device->whole_url.len ? device->whole_url.buf : device->url.buf);
	str_adds(&text, "\n\nWaiting until you have agreed there ...\n");
	(void)fputs(text.buf, app->talk);
	(void)fflush(app->talk);
}

static void print_end(const struct app *app, const struct sso_session *session, int64_t expires_ms)
{
	CLEANUP(str_release) struct str when = STR_INIT, text = STR_INIT;

	clock_format_rfc3339(expires_ms, &when);
	if (app_wants_json(app)) {
		str_adds(&text, "{\"start_url\": ");
		json_quote(&text, session->start_url);
		str_addf(&text, ", \"expires\": \"%s\"}\n", when.buf);
		(void)fputs(text.buf, app->out);
		return;
	}
	str_adds(&text, "Signed in to ");
	sanitize_text(&text, session->start_url);
	(void)fprintf(app->talk, "%s until %s.\n", text.buf, when.buf);
}

static int find_session(const struct aws_search *search, struct sso_session *ret, struct error *err)
{
	int found = sso_session_find(search->files, search->profile, ret, err);

	if (found != 0)
		return found < 0 ? -1 : 0;
	error_set(err, ERROR_CONFIG, "profile '%s' does not sign in with SSO", search->profile);
	return error_fix(err, "name one that has sso_session or sso_start_url with --profile; "
			      "'aws configure sso' writes one");
}

static int login(struct app *app, const struct aws_settings *settings, struct error *err)
{
	const struct aws_search search = {
		.settings = settings,
		.files = &settings->files,
		.http = app_http(app),
		.clock = app->clock,
		.report = app->report,
		.profile = settings->profile,
	};
	struct sso_session session;
	int64_t expires_ms;

	if (find_session(&search, &session, err) < 0 ||
	    sso_session_login(&search, &session, show, app, &expires_ms, err) < 0)
		return -1;
	print_end(app, &session, expires_ms);
	return 0;
}

static int sso_login_run(struct app *app, const void *args, char **operands, struct error *err)
{
	const struct aws_options options = {
		.profile = app->global.profile,
		.region = app->global.region,
		.endpoint_url = app->global.endpoint_url,
	};
	CLEANUP(aws_settings_release) struct aws_settings settings = AWS_SETTINGS_INIT;

	(void)args;
	(void)operands;
	if (aws_settings_load(&options, &app->env, app->report, &settings, err) < 0)
		return -1;
	return login(app, &settings, err);
}

const struct cmd cmd_sso_login = {
	.name = "sso-login",
	.group = "AWS",
	.summary = "sign in with IAM Identity Center (SSO)",
	.details =
		"Shows a page and a code; once you have agreed there, in any browser on any "
		"machine, the sign-in is kept in ~/.aws/sso/cache, where the AWS CLI finds it too.",
	.operands = "",
	.opts = opts,
	.run = sso_login_run,
};
