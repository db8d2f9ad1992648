#include "base/cleanup.h"
#include "cmd/app.h"
#include "cmd/commands.h"

struct plan_args {
	bool markdown;
	bool keep;
};

static const struct opt opts[] = {
	OPT(struct plan_args, markdown, 'm', "markdown", NULL,
	    "write Markdown, for a comment on a pull request"),
	OPT(struct plan_args, keep, 'k', "keep", NULL,
	    "keep the change set for 'deploy --changeset', and print its ARN"),
	OPT_END,
};

static enum plan_form form_of(const struct app *app, const struct plan_args *args)
{
	if (args->markdown)
		return PLAN_MARKDOWN;
	return app_wants_json(app) ? PLAN_JSON : PLAN_TEXT;
}

static int plan_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct plan_args *args = args_;
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP(str_release) struct str arn = STR_INIT;
	struct pipeline pipeline = {
		.allow_dirty = true,
		.deploy = { .keep = args->keep, .form = form_of(app, args) },
	};

	(void)operands;
	pipeline.stages[STAGE_DEPLOY] = true;
	if (app_pipeline(app, &pipeline, err) < 0 || pipeline_plan(&pipeline, &text, &arn, err) < 0)
		return -1;
	if (app_wants_json(app) && args->markdown)
		report_result(app->report, "%s", text.buf);
	else
		(void)fputs(text.buf, app->out);
	if (arn.len)
		report_result(app->report, "kept: deployer deploy --changeset %s", arn.buf);
	return 0;
}

const struct cmd cmd_plan = {
	.name = "plan",
	.group = "Pipeline",
	.summary = "show what a deployment would change in the stack",
	.details = "Makes the change set that 'deploy' would execute, shows parameters, resources "
		   "and property values before and after, what is replaced and what would be lost "
		   "with it, and deletes the change set again. A new image tag alone is one "
		   "sentence. Values of NoEcho parameters are never shown. With --output json one "
		   "line has all of it as {\"event\":\"plan\", ...}.",
	.operands = "",
	.environments = ENVIRONMENTS_EACH,
	.opts = opts,
	.args_size = sizeof(struct plan_args),
	.run = plan_run,
};
