#include "base/cleanup.h"
#include "base/sanitize.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "data/json.h"
#include "deploy/doctor.h"
#include "sys/interrupt.h"

static const struct opt opts[] = { OPT_END };

static struct http *new_transport(struct clock *clock)
{
	return http_curl_new(clock, interrupt_pending);
}

/* One column for the name of the check, as wide as the longest of them. */
static void add_finding(const struct doctor_finding *finding, struct str *out)
{
	str_addf(out, "%-7s  %-18s  ", doctor_severity_name(finding->severity), finding->check);
	sanitize_text(out, finding->text.buf);
	str_addc(out, '\n');
	if (!finding->fix.len)
		return;
	str_adds(out, "  -> ");
	sanitize_text(out, finding->fix.buf);
	str_addc(out, '\n');
}

static void print_text(struct app *app, const struct doctor_findings *findings, int64_t elapsed_ms)
{
	size_t errors = doctor_count(findings, DOCTOR_ERROR);
	size_t warnings = doctor_count(findings, DOCTOR_WARNING);
	CLEANUP(str_release) struct str out = STR_INIT;

	for (size_t i = 0; i < findings->count; i++)
		add_finding(&findings->items[i], &out);
	(void)fputs(out.buf, app->out);
	report_note(app->report, "%zu error%s, %zu warning%s, in %lld ms", errors,
		    errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s",
		    (long long)elapsed_ms);
}

static void set_text(json_t *object, const char *key, const char *text)
{
	CLEANUP(str_release) struct str clean = STR_INIT;

	sanitize_text(&clean, text);
	(void)json_object_set_new(object, key, json_string(clean.buf));
}

static json_t *finding_json(const struct doctor_finding *finding)
{
	json_t *object = json_object();

	set_text(object, "check", finding->check);
	set_text(object, "severity", doctor_severity_name(finding->severity));
	set_text(object, "text", finding->text.buf);
	set_text(object, "fix", finding->fix.buf);
	return object;
}

static void print_json(const struct app *app, const struct doctor_findings *findings,
		       int64_t elapsed_ms)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	json_t *list = json_array();
	json_auto_t *root = NULL;

	for (size_t i = 0; i < findings->count; i++)
		(void)json_array_append_new(list, finding_json(&findings->items[i]));
	root = json_pack("{s:o, s:I, s:I, s:I}", "findings", list, "errors",
			 (json_int_t)doctor_count(findings, DOCTOR_ERROR), "warnings",
			 (json_int_t)doctor_count(findings, DOCTOR_WARNING), "elapsedMs",
			 (json_int_t)elapsed_ms);
	json_write(root, &text);
	(void)fprintf(app->out, "%s\n", text.buf);
}

/* What was found is said; its status is that of the first error. */
static int settle(struct app *app, const struct doctor_findings *findings, int64_t elapsed_ms,
		  struct error *err)
{
	const struct error first = { .kind = doctor_first_error(findings) };

	if (interrupt_check("looking", err) < 0)
		return -1;
	if (app_wants_json(app))
		print_json(app, findings, elapsed_ms);
	else
		print_text(app, findings, elapsed_ms);
	app->exit_status = error_exit_status(&first);
	return 0;
}

static int doctor_run(struct app *app, const void *args, char **operands, struct error *err)
{
	CLEANUP(error_release) struct error client_error = ERROR_INIT;
	CLEANUP(doctor_findings_release) struct doctor_findings findings = DOCTOR_FINDINGS_INIT;
	int64_t started_ms = app->clock->monotonic_ms(app->clock);
	struct doctor_request request = {
		.env = &app->env,
		.clock = app->clock,
		.client_error = &client_error,
		.http_new = new_transport,
		.http_free = http_curl_free,
	};

	(void)args;
	(void)operands;
	if (app_config(app, &request.config, err) < 0)
		return -1;
	(void)app_aws(app, &request.client, &client_error);
	doctor_look(&request, &findings);
	return settle(app, &findings, app->clock->monotonic_ms(app->clock) - started_ms, err);
}

const struct cmd cmd_doctor = {
	.name = "doctor",
	.group = "Other",
	.summary = "look whether everything that a release needs is there",
	.details = "Git and the version, template and parameters, Docker Engine and compose, "
		   "services and image, docker's configuration, disk, credentials and whether they "
		   "outlast a usual release, account, clock, stack, repository, registry: all at "
		   "once, in about a second, and nothing is changed. Each finding is ok, a warning "
		   "or an error, with what to do about it.\n"
		   "\n"
		   "Ends with 0 where there is no error, else with the status that a release would "
		   "end with for the first of them.",
	.operands = "",
	.opts = opts,
	.run = doctor_run,
};
