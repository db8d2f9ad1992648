#include "cmd/sandbox/commands.h"

#include "cmd/app.h"
#include "cmd/commands.h"

/* Those of deployer's global options that mean something here. */
static const struct opt sandbox_global_opts[] = {
	OPT(struct global_args, dir, 'C', "directory", "DIR", "work as if started in DIR"),
	OPT(struct global_args, region, 0, "region", "REGION", "play this AWS region"),
	OPT(struct global_args, quiet, 'q', "quiet", NULL, "do not say what was called"),
	OPT(struct global_args, help, 'h', "help", NULL, "print this help"),
	OPT(struct global_args, version, 0, "version", NULL, "print the version of the program"),
	OPT_END,
};

/* Sorted by name. */
static const struct cmd *const commands[] = {
	&cmd_completion,
	&cmd_help,
	&cmd_run,
	&cmd_serve,
};

const struct program program_sandbox = {
	.name = "deployer-sandbox",
	.summary = "an AWS account on this machine, for rehearsals and tests",
	.commands = commands,
	.count = sizeof(commands) / sizeof(commands[0]),
	.global_opts = sandbox_global_opts,
};
