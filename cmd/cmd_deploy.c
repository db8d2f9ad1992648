#include "cmd/commands.h"
#include "cmd/deploy_opts.h"

static int deploy_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct deploy_args *args = args_;
	struct pipeline pipeline = { .allow_dirty = true, .dry_run = args->dry_run };

	(void)operands;
	if (deploy_policy_of(app, args, &pipeline.deploy, err) < 0)
		return -1;
	pipeline.stages[STAGE_DEPLOY] = true;
	return app_run_pipeline(app, &pipeline, err);
}

const struct cmd cmd_deploy = {
	.name = "deploy",
	.group = "Pipeline",
	.summary = "bring the stack to the template and parameter file",
	.details = "Creates or updates the stack through a change set, follows its events and "
		   "reports the verdict. An empty change set is success and is deleted. Exit "
		   "status 9: nothing was executed; 10: rolled back, the old version runs; 11: the "
		   "stack needs a person; 12: outcome unknown, the operation may still run; 13: "
		   "another operation runs.\n"
		   "\n"
		   "What would take data away with it, such as a table that is replaced, is "
		   "executed only where its name is typed, given with --lose, or part of a "
		   "reviewed change set.\n"
		   "\n"
		   "Ctrl-C on a terminal asks whether to cancel the operation, to detach from it "
		   "or to go on; a second one leaves. Without a terminal a signal detaches: the "
		   "operation goes on, exit status 12, and 'deployer watch' shows it.\n"
		   "\n"
		   "ECS services are watched while they are updated: one whose tasks keep failing "
		   "is told with their reasons and logs, and the operation is cancelled "
		   "(--on-ecs-failure). A custom resource whose function is past its end is told, "
		   "too; at a terminal it is asked whether to wait on. At the end each service "
		   "must run the stack's task definition and the image of the tag: 10 where ECS "
		   "has rolled back behind CloudFormation's success, 12 where it may not be seen.",
	.operands = "",
	.environments = ENVIRONMENTS_EACH,
	.opts = deploy_opts,
	.args_size = sizeof(struct deploy_args),
	.run = deploy_run,
};
