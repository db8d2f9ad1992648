#include "deploy/hooks.h"

#include "aws/settings.h"
#include "base/cleanup.h"
#include "base/sanitize.h"
#include "data/json.h"
#include "sys/interrupt.h"
#include "sys/proc.h"

#include <string.h>

/* Longer than it takes to tell somebody; a run that is over should not hang. */
#define TELL_MS (60U * 1000)

#define WEBHOOK_VARIABLE "DEPLOYER_WEBHOOK"

static void add(struct proc *proc, const char *name, const char *value)
{
	if (value && *value)
		strv_addf(&proc->env, "%s=%s", name, value);
}

static void add_facts(const struct run *run, enum hook hook, struct proc *proc)
{
	const struct pipeline *pipeline = run->pipeline;
	CLEANUP(str_release) struct str image = STR_INIT;

	if (run->repository.uri.len)
		str_addf(&image, "%s:%s", run->repository.uri.buf, run->version.tag.buf);
	add(proc, "DEPLOYER_HOOK", hook_name(hook));
	add(proc, "DEPLOYER_PROJECT", config_text(pipeline->config, CONFIG_PROJECT));
	add(proc, "DEPLOYER_ENVIRONMENT", pipeline->config->environment);
	add(proc, "DEPLOYER_VERSION", run_released_version(run));
	add(proc, "APP_VERSION", run_released_version(run));
	add(proc, "DEPLOYER_STACK", config_text(pipeline->config, CONFIG_STACK_NAME));
	add(proc, "DEPLOYER_REGION", aws_client_region(pipeline->client));
	add(proc, "DEPLOYER_ACCOUNT", run->identity.account.buf);
	add(proc, "DEPLOYER_IMAGE", image.buf);
	add(proc, "DEPLOYER_DIGEST", run->digest.buf);
}

static void add_outcome(const struct error *outcome, struct proc *proc)
{
	strv_addf(&proc->env, "DEPLOYER_STATUS=%d", error_exit_status(outcome));
	add(proc, "DEPLOYER_MESSAGE", outcome->msg.buf);
	add(proc, "DEPLOYER_FIX", outcome->fix.buf);
}

static int run_one(struct run *run, enum hook hook, const struct strv *args,
		   const struct error *outcome, struct error *err)
{
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	struct proc_output output = { run->pipeline->report, hook_name(hook) };
	struct proc_end end;

	strv_add_list(&proc.args, args);
	proc.role = PROC_OWN;
	add_facts(run, hook, &proc);
	if (run_step_timeout(run, &proc.timeout_ms, err) < 0)
		return -1;
	if (outcome) {
		add_outcome(outcome, &proc);
		proc.is_shielded = true;
		proc.timeout_ms = TELL_MS;
	}
	proc.dir = run->pipeline->config->dir;
	proc_report_to(&proc, &output);
	if (proc_run(&proc, &end, err) < 0 || proc_check(&proc, &end, err) < 0)
		return error_wrap(err, "hook %s", hook_name(hook));
	return 0;
}

static int run_all(struct run *run, enum hook hook, const struct error *outcome, struct error *err)
{
	const struct steps *steps = &run->pipeline->config->hooks[hook];

	for (size_t i = 0; i < steps->count; i++) {
		if (run_one(run, hook, &steps->items[i].args, outcome, err) < 0)
			return -1;
	}
	return 0;
}

int hooks_run(struct run *run, enum hook hook, struct error *err)
{
	return run_all(run, hook, NULL, err);
}

/* What Slack reads as markup: https://api.slack.com/reference/surfaces/formatting#escaping */
static void add_escaped(struct str *out, const char *text)
{
	CLEANUP(str_release) struct str clean = STR_INIT;

	sanitize_text(&clean, text);
	for (const char *p = clean.buf; *p; p++) {
		if (*p == '&')
			str_adds(out, "&amp;");
		else if (*p == '<')
			str_adds(out, "&lt;");
		else if (*p == '>')
			str_adds(out, "&gt;");
		else
			str_addc(out, *p);
	}
}

/* What a run that went well has done; nobody is to be told twice of one deployment. */
static void describe_success(const struct run *run, struct str *out)
{
	bool deploys = run->pipeline->stages[STAGE_DEPLOY];

	if (!deploys)
		str_adds(out, run->is_published ? "published already" : "published");
	else
		str_adds(out, run->is_up_to_date ? "already runs in " : "deployed to ");
	if (deploys)
		add_escaped(out, config_text(run->pipeline->config, CONFIG_STACK_NAME));
}

/* The text that a webhook gets: one or two lines. */
static void describe_end(const struct run *run, const struct error *outcome, int64_t elapsed_ms,
			 struct str *out)
{
	const char *version = run_released_version(run);
	bool is_unknown = outcome->kind == ERROR_OUTCOME;

	add_escaped(out, config_text(run->pipeline->config, CONFIG_PROJECT));
	str_adds(out, *version ? " " : "");
	add_escaped(out, version);
	str_adds(out, ": ");
	if (outcome->kind == ERROR_NONE)
		describe_success(run, out);
	else
		str_addf(out, "%s with status %d", is_unknown ? "outcome unknown" : "failed",
			 error_exit_status(outcome));
	str_adds(out, " after ");
	clock_format_duration(elapsed_ms, out);
	if (outcome->kind == ERROR_NONE)
		return;
	str_adds(out, ": ");
	add_escaped(out, outcome->msg.buf);
	if (outcome->fix.len) {
		str_adds(out, "\n-> ");
		add_escaped(out, outcome->fix.buf);
	}
}

static int post(struct run *run, const char *url, const struct str *body, struct error *err)
{
	const struct aws_settings settings = { .env = run->pipeline->env };
	CLEANUP(http_request_release) struct http_request request = HTTP_REQUEST_INIT;
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;

	request.method = "POST";
	request.url = url;
	strv_add(&request.headers, "Content-Type: application/json");
	request.body = body->buf;
	request.body_len = body->len;
	request.allow_http = true;
	request.proxy = aws_settings_proxy(&settings, url);
	request.timeout_ms = TELL_MS / 6;
	if (http_send(run->pipeline->http, &request, &response, err) < 0)
		return -1;
	if (response.status / 100 == 2)
		return 0;
	return error_set(err, ERROR_REMOTE, "HTTP %d", response.status);
}

/* The error of the transport names the URL, which nobody is to see. */
static void tell_webhook(struct run *run, const char *url, const struct error *outcome,
			 int64_t elapsed_ms)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP(str_release) struct str body = STR_INIT;
	CLEANUP(str_release) struct str host = STR_INIT;

	describe_end(run, outcome, elapsed_ms, &text);
	str_adds(&body, "{\"text\": ");
	json_quote(&body, text.buf);
	str_addc(&body, '}');
	if (post(run, url, &body, &err) == 0)
		return;
	url_host(url, &host);
	report_warning(run->pipeline->report, "the webhook at '%s' was not told: %s", host.buf,
		       err.kind == ERROR_REMOTE ? err.msg.buf : "it cannot be reached");
}

void hooks_tell_end(struct run *run, const struct error *outcome, int64_t elapsed_ms)
{
	const struct pipeline *pipeline = run->pipeline;
	enum hook hook = outcome->kind == ERROR_NONE ? HOOK_SUCCEEDED : HOOK_FAILED;
	const char *url = env_get(pipeline->env, WEBHOOK_VARIABLE);
	CLEANUP(error_release) struct error err = ERROR_INIT;

	if (!pipeline->stages[STAGE_PUBLISH] && !pipeline->stages[STAGE_DEPLOY])
		return;
	if (!url)
		url = config_text(pipeline->config, CONFIG_WEBHOOK);
	/* What ended the run is not to end this; another signal still does. */
	interrupt_clear();
	if (*url)
		tell_webhook(run, url, outcome, elapsed_ms);
	if (run_all(run, hook, outcome, &err) < 0)
		report_warning(pipeline->report, "%s", err.msg.buf);
}
