#include "cmd/app.h"
#include "cmd/commands.h"

struct help_args {
	bool man;
};

static const struct opt opts[] = {
	OPT(struct help_args, man, 0, "man", NULL, "print the manual page in roff"),
	OPT_END,
};

static int help_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct help_args *args = args_;
	const struct cmd *cmd;
	int words;

	if (!operands[0]) {
		if (args->man)
			help_manual(app->program, NULL, app->out);
		else
			help_overview(app->program, app->out);
		return 0;
	}
	cmd = program_find(app->program, operands - 1, &words);
	if (!cmd && !operands[1] && help_family(app->program, operands[0], app->out))
		return 0;
	if (!cmd)
		return program_unknown(app->program, operands[0], err);
	if (args->man)
		help_manual(app->program, cmd, app->out);
	else
		help_command(app->program, cmd, app->out);
	return 0;
}

const struct cmd cmd_help = {
	.name = "help",
	.group = "Other",
	.summary = "explain a command",
	.operands = "[COMMAND]",
	.max_operands = 2,
	.opts = opts,
	.args_size = sizeof(struct help_args),
	.run = help_run,
};
