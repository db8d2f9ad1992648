#include "cmd/app.h"
#include "cmd/commands.h"

struct clean_args {
	bool dry_run;
};

static const struct opt opts[] = {
	OPT_DRY_RUN(struct clean_args),
	OPT_END,
};

static int clean_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct clean_args *args = args_;
	struct pipeline pipeline = {
		.http = app_http(app),
		.env = &app->env,
		.clock = app->clock,
		.report = app->report,
	};

	(void)operands;
	if (app_config(app, &pipeline.config, err) < 0)
		return -1;
	return pipeline_clean(&pipeline, args->dry_run, err);
}

const struct cmd cmd_clean = {
	.name = "clean",
	.group = "Pipeline",
	.summary = "remove the project's containers, networks and volumes",
	.details =
		"Untagged images that carry the label named as clean.label in deployer.yml go too.",
	.operands = "",
	.opts = opts,
	.args_size = sizeof(struct clean_args),
	.run = clean_run,
};
