#include "base/cleanup.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "cmd/record.h"
#include "repo/log.h"

#include <string.h>

/* How far back a person looks for a commit to go to, or for a run. */
#define TAG_COUNT 30
#define RUN_COUNT 20

struct completion_args {
	const char *words;
};

static const struct opt opts[] = {
	OPT(struct completion_args, words, 0, "words", "KIND",
	    "print the words of a kind: COMMAND, STAGE, ENV, STACK, TAG, RUN"),
	OPT_END,
};

static int print_commands(struct app *app, struct error *err)
{
	(void)err;
	for (size_t i = 0; i < app->program->count; i++)
		(void)fprintf(app->out, "%s\n", app->program->commands[i]->name);
	return 0;
}

static int print_stages(struct app *app, struct error *err)
{
	(void)err;
	for (int i = 0; i < STAGE_COUNT; i++)
		(void)fprintf(app->out, "%s\n", stage_name((enum stage)i));
	return 0;
}

static int print_environments(struct app *app, struct error *err)
{
	const struct config *config;

	if (app_config(app, &config, err) < 0)
		return -1;
	for (size_t i = 0; i < config->environments.count; i++)
		(void)fprintf(app->out, "%s\n", config->environments.v[i]);
	return 0;
}

/* The stack of the settings as they stand, and of each environment. */
static int print_stacks(struct app *app, struct error *err)
{
	const struct config *config;

	if (app_config(app, &config, err) < 0)
		return -1;
	(void)fprintf(app->out, "%s\n", config_text(config, CONFIG_STACK_NAME));
	for (size_t i = 0; i < config->environments.count; i++) {
		CLEANUP(config_release) struct config other = CONFIG_INIT;

		if (config_load(app->global.config, config->environments.v[i], &other, err) < 0)
			return -1;
		(void)fprintf(app->out, "%s\n", config_text(&other, CONFIG_STACK_NAME));
	}
	return 0;
}

static int print_tags(struct app *app, struct error *err)
{
	CLEANUP(log_release) struct log log = LOG_INIT;

	if (log_read(".", TAG_COUNT, &log, err) < 0)
		return -1;
	for (size_t i = 0; i < log.count; i++)
		(void)fprintf(app->out, "%s\n", log.items[i].short_id.buf);
	return 0;
}

static int print_runs(struct app *app, struct error *err)
{
	CLEANUP(records_release) struct records records = RECORDS_INIT;

	if (record_list(app, app->global.environment, RUN_COUNT, &records, err) < 0)
		return -1;
	for (size_t i = 0; i < records.count; i++)
		(void)fprintf(app->out, "%s\n", records.items[i].record.id.buf);
	return 0;
}

/* A kind that is not here is a file, a number, a name that nobody knows: no words. */
static int print_words(struct app *app, const char *kind, struct error *err)
{
	static const struct {
		const char *kind;
		int (*print)(struct app *app, struct error *err);
	} rows[] = {
		{ "COMMAND", print_commands },	{ "STAGE", print_stages },
		{ "ENV", print_environments },	{ "STACK", print_stacks },
		{ "TAG", print_tags },		{ "RUN", print_runs },
		{ "FROM", print_environments },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].kind, kind) == 0)
			return rows[i].print(app, err);
	}
	return 0;
}

static int completion_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct completion_args *args = args_;

	if (args->words)
		return print_words(app, args->words, err);
	if (operands[0])
		return completion_script(app->program, operands[0], app->out, err);
	error_set(err, ERROR_USAGE, "no shell named");
	return error_fix(err, "name bash, zsh or fish");
}

const struct cmd cmd_completion = {
	.name = "completion",
	.group = "Other",
	.summary = "print the completion script of a shell",
	.details = "For bash, add to ~/.bashrc:  source <(deployer completion bash)\n"
		   "For zsh, to ~/.zshrc:  source <(deployer completion zsh)\n"
		   "For fish:  deployer completion fish >~/.config/fish/completions/deployer.fish\n"
		   "The scripts ask for environments, stacks, runs and the tags of recent "
		   "commits with --words.",
	.operands = "bash|zsh|fish",
	.max_operands = 1,
	.opts = opts,
	.args_size = sizeof(struct completion_args),
	.run = completion_run,
};
