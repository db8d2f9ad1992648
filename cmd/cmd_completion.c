#include "cmd/app.h"
#include "cmd/commands.h"

static const struct opt opts[] = { OPT_END };

static int completion_run(struct app *app, const void *args, char **operands, struct error *err)
{
	(void)args;
	return help_completion(app->program, operands[0], app->out, err);
}

const struct cmd cmd_completion = {
	.name = "completion",
	.group = "Other",
	.summary = "print the completion script of a shell",
	.details = "For bash, add to ~/.bashrc:  source <(deployer completion bash)\n"
		   "For zsh, to ~/.zshrc:  source <(deployer completion zsh)\n"
		   "For fish:  deployer completion fish >~/.config/fish/completions/deployer.fish",
	.operands = "bash|zsh|fish",
	.min_operands = 1,
	.max_operands = 1,
	.opts = opts,
	.run = completion_run,
};
