#include "base/cleanup.h"
#include "cmd/commands.h"
#include "cmd/deploy_opts.h"
#include "cmd/source.h"

#include <string.h>

struct promote_args {
	const char *tag;
	bool create;
	bool dry_run;
	struct deploy_args deploy;
};

static const struct opt opts[] = {
	OPT(struct promote_args, tag, 't', "tag", "TAG", "promote TAG instead of what runs there"),
	OPT(struct promote_args, create, 0, "create", NULL, "make a repository that is missing"),
	DEPLOY_OPTS(struct promote_args, deploy.),
	OPT_DRY_RUN(struct promote_args),
	OPT_END,
};

static int check_names(const struct app *app, char **names, struct error *err)
{
	if (app->global.environment) {
		error_set(err, ERROR_USAGE, "--env does not go with the two environments");
		return error_fix(err, "name them alone: deployer promote %s %s", names[0],
				 names[1]);
	}
	if (strcmp(names[0], names[1]) != 0)
		return 0;
	return error_set(err, ERROR_USAGE, "'%s' is both where from and where to", names[0]);
}

/* The stages of the target: everything that is not built or tested again. */
static int bring(struct app *app, const struct promote_args *args,
		 const struct promotion *promotion, struct error *err)
{
	struct pipeline pipeline = {
		.version = promotion->version.buf,
		.allow_dirty = true,
		.create = args->create,
		.dry_run = args->dry_run,
		.source = promotion,
	};

	if (deploy_policy_of(app, &args->deploy, &pipeline.deploy, err) < 0)
		return -1;
	pipeline.stages[STAGE_LOGIN] = true;
	pipeline.stages[STAGE_PUBLISH] = true;
	pipeline.stages[STAGE_BUMP] = true;
	pipeline.stages[STAGE_DEPLOY] = true;
	return app_run_pipeline(app, &pipeline, err);
}

static int promote_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct promote_args *args = args_;
	CLEANUP(source_release) struct source source = SOURCE_INIT;

	if (check_names(app, operands, err) < 0 ||
	    source_find(app, operands[0], args->tag, &source, err) < 0)
		return -1;
	report_note(app->report, "%s from %s to %s: %s", source.promotion.version.buf, operands[0],
		    operands[1], source.promotion.digest.buf);
	app->global.environment = operands[1];
	return bring(app, args, &source.promotion, err);
}

const struct cmd cmd_promote = {
	.name = "promote",
	.group = "Pipeline",
	.summary = "bring what one environment runs to the next, without a build",
	.details =
		"Takes the version that the stack of environment FROM runs, brings its image into "
		"the registry of environment TO (another account or region included: layers go "
		"straight from one to the other, those that are there are not sent), sees that the "
		"digest is the same, writes the version into TO's parameter file and deploys its "
		"stack. Nothing is built or tested again, and no Docker is needed. Each "
		"environment has its own credentials: aws.profile and aws.account in deployer.yml.",
	.operands = "FROM TO",
	.min_operands = 2,
	.max_operands = 2,
	.opts = opts,
	.args_size = sizeof(struct promote_args),
	.run = promote_run,
};
