#include "cmd/app.h"
#include "cmd/commands.h"

static const struct opt opts[] = { OPT_END };

static int clean_run(struct app *app, const void *args, char **operands, struct error *err)
{
	struct pipeline pipeline = {
		.http = app_http(app),
		.env = &app->env,
		.clock = app->clock,
		.report = app->report,
	};

	(void)args;
	(void)operands;
	if (app_config(app, &pipeline.config, err) < 0)
		return -1;
	return pipeline_clean(&pipeline, err);
}

const struct cmd cmd_clean = {
	.name = "clean",
	.group = "Pipeline",
	.summary = "remove the project's containers, networks and volumes",
	.details =
		"Untagged images that carry the label named as clean.label in deployer.yml go too.",
	.operands = "",
	.opts = opts,
	.run = clean_run,
};
