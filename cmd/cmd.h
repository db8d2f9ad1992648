#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "base/error.h"
#include "cmd/opt.h"

#include <stdio.h>

struct app;

/* What a command makes of several environments, "--env dev,prod". */
enum cmd_environments {
	ENVIRONMENTS_ONE,  /* they are refused */
	ENVIRONMENTS_EACH, /* it runs once for each, in their order, up to the first failure */
	ENVIRONMENTS_SELF, /* it sees to them */
};

/*
 * A subcommand, whole: one of these stands at the end of each cmd/cmd_NAME.c and is listed in the
 * program's table (cmd/commands.c). Help, completions and manual pages are made from it.
 *
 * `name` may be two words ("secrets get"). A line of `details` is a paragraph, however long, which
 * is wrapped where it is shown; one that begins with a blank is shown as it is. `operands` is how
 * they read in the usage line; where `passes_rest`, the first operand ends the options ("run --
 * CMD..."). `run` gets its options in a zeroed struct of args_size bytes and the operands as a
 * NULL-terminated array; it prints data to app->out, tells through app->report, and returns 0 or -1
 * with *err set.
 */
struct cmd {
	const char *name;
	const char *group;   /* heading in the overview */
	const char *summary; /* one line, lower case, no full stop */
	const char *details; /* for the help and the manual, may be NULL */
	const char *operands;
	int min_operands;
	int max_operands; /* -1: any number */
	bool passes_rest;
	enum cmd_environments environments;
	const struct opt *opts;
	size_t args_size;
	int (*run)(struct app *app, const void *args, char **operands, struct error *err);
};

/* A word that is explained: an exit status ("12", "128+N"), a variable, a file. */
struct meaning {
	const char *word; /* NULL: the end */
	const char *meaning;
};

/* A section of the overview's manual page. */
struct manual_section {
	const char *heading; /* NULL: the end */
	const struct meaning *rows;
};

extern const struct manual_section manual_deployer[];

/*
 * A program: its name, what it is for, its commands sorted by name, its global options, its exit
 * statuses and what else its manual has; each of the last two may be NULL.
 */
struct program {
	const char *name;
	const char *summary;
	const struct cmd *const *commands;
	size_t count;
	const struct opt *global_opts;
	const struct meaning *statuses;
	const struct manual_section *manual;
};

/* The command that argv[1] (and argv[2]) name, or NULL; *ret_words is how many words its name has.
 */
const struct cmd *program_find(const struct program *program, char **argv, int *ret_words);

/* Fails with ERROR_USAGE: the word is no command, or only the first word of some. */
int program_unknown(const struct program *program, const char *word, struct error *err);

/* cmd/help.c: everything that is said about commands, from the tables alone. */
void help_overview(const struct program *program, FILE *out);
/* The commands of two words that begin with this one; false, and nothing printed, without any. */
bool help_family(const struct program *program, const char *word, FILE *out);
void help_command(const struct program *program, const struct cmd *cmd, FILE *out);
void help_manual(const struct program *program, const struct cmd *cmd, FILE *out);

/*
 * The completion script of a shell, from the same tables; ERROR_USAGE for another than bash, zsh
 * and fish. Values it asks the program for: `completion --words KIND`, KIND being what the value is
 * called in the help of an option or operand (STAGE, ENV ...).
 */
int completion_script(const struct program *program, const char *shell, FILE *out,
		      struct error *err);

#endif
