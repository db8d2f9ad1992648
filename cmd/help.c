#include "base/cleanup.h"
#include "base/str.h"
#include "cmd/cmd.h"

#include <string.h>

static void print_option(const struct opt *opt, FILE *out)
{
	CLEANUP(str_release) struct str left = STR_INIT;

	if (opt->letter)
		str_addf(&left, "  -%c, --%s", opt->letter, opt->name);
	else
		str_addf(&left, "      --%s", opt->name);
	if (opt->arg)
		str_addf(&left, " %s", opt->arg);
	if (left.len > 27)
		(void)fprintf(out, "%s\n%28s%s\n", left.buf, "", opt->help);
	else
		(void)fprintf(out, "%-28s%s\n", left.buf, opt->help);
}

static void print_options(const char *heading, const struct opt *opts, FILE *out)
{
	if (!opts->name)
		return;
	(void)fprintf(out, "\n%s:\n", heading);
	for (; opts->name; opts++)
		print_option(opts, out);
}

/* Whether commands[at] is the first of its group, so that each group is printed once. */
static bool opens_group(const struct program *program, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (strcmp(program->commands[i]->group, program->commands[at]->group) == 0)
			return false;
	}
	return true;
}

static void print_group(const struct program *program, const char *group, FILE *out)
{
	(void)fprintf(out, "\n%s:\n", group);
	for (size_t i = 0; i < program->count; i++) {
		const struct cmd *cmd = program->commands[i];

		if (strcmp(cmd->group, group) == 0)
			(void)fprintf(out, "  %-18s%s\n", cmd->name, cmd->summary);
	}
}

void help_overview(const struct program *program, FILE *out)
{
	(void)fprintf(out, "Usage: %s [OPTION...] COMMAND [ARGUMENT...]\n\n%s\n", program->name,
		      program->summary);
	for (size_t i = 0; i < program->count; i++) {
		if (opens_group(program, i))
			print_group(program, program->commands[i]->group, out);
	}
	print_options("Options of every command", program->global_opts, out);
	(void)fprintf(out, "\n'%s help COMMAND' explains a command.\n", program->name);
}

static void print_usage(const struct program *program, const struct cmd *cmd, FILE *out)
{
	(void)fprintf(out, "%s %s%s%s%s", program->name, cmd->name,
		      cmd->opts->name ? " [OPTION...]" : "", *cmd->operands ? " " : "",
		      cmd->operands);
}

void help_command(const struct program *program, const struct cmd *cmd, FILE *out)
{
	(void)fprintf(out, "Usage: ");
	print_usage(program, cmd, out);
	(void)fprintf(out, "\n\n%s\n", cmd->summary);
	if (cmd->details)
		(void)fprintf(out, "\n%s\n", cmd->details);
	print_options("Options", cmd->opts, out);
	print_options("Options of every command", program->global_opts, out);
}

/* Text in roff: a line must not begin with a control character, '-' is a minus, '\' is escaped. */
static void roff_text(const char *text, FILE *out)
{
	bool at_start = true;

	for (; *text; text++) {
		if (at_start && (*text == '.' || *text == '\''))
			(void)fputs("\\&", out);
		if (*text == '\\')
			(void)fputs("\\e", out);
		else if (*text == '-')
			(void)fputs("\\-", out);
		else
			(void)fputc(*text, out);
		at_start = *text == '\n';
	}
}

static void roff_options(const char *heading, const struct opt *opts, FILE *out)
{
	if (!opts->name)
		return;
	(void)fprintf(out, ".SH %s\n", heading);
	for (; opts->name; opts++) {
		(void)fputs(".TP\n.B ", out);
		if (opts->letter)
			(void)fprintf(out, "\\-%c, ", opts->letter);
		(void)fputs("\\-\\-", out);
		roff_text(opts->name, out);
		if (opts->arg)
			(void)fprintf(out, " \\fI%s\\fR", opts->arg);
		(void)fputc('\n', out);
		roff_text(opts->help, out);
		(void)fputc('\n', out);
	}
}

static void roff_head(const char *page, const char *summary, FILE *out)
{
	(void)fprintf(out, ".TH \"%s\" 1 \"\" \"deployer %s\" \"User Commands\"\n.SH NAME\n", page,
		      DEPLOYER_VERSION);
	roff_text(page, out);
	(void)fputs(" \\- ", out);
	roff_text(summary, out);
	(void)fputs("\n.SH SYNOPSIS\n.B ", out);
}

static void roff_command(const struct program *program, const struct cmd *cmd, FILE *out)
{
	CLEANUP(str_release) struct str page = STR_INIT;

	str_addf(&page, "%s-%s", program->name, cmd->name);
	for (char *p = page.buf; *p; p++) {
		if (*p == ' ')
			*p = '-';
	}
	roff_head(page.buf, cmd->summary, out);
	print_usage(program, cmd, out);
	(void)fputc('\n', out);
	if (cmd->details) {
		(void)fputs(".SH DESCRIPTION\n", out);
		roff_text(cmd->details, out);
		(void)fputc('\n', out);
	}
	roff_options("OPTIONS", cmd->opts, out);
	roff_options("OPTIONS OF EVERY COMMAND", program->global_opts, out);
	(void)fprintf(out, ".SH SEE ALSO\n.BR %s (1)\n", program->name);
}

static void roff_overview(const struct program *program, FILE *out)
{
	roff_head(program->name, program->summary, out);
	(void)fprintf(out, "%s [OPTION...] COMMAND [ARGUMENT...]\n.SH COMMANDS\n", program->name);
	for (size_t i = 0; i < program->count; i++) {
		(void)fprintf(out, ".TP\n.B %s\n", program->commands[i]->name);
		roff_text(program->commands[i]->summary, out);
		(void)fputc('\n', out);
	}
	roff_options("OPTIONS", program->global_opts, out);
}

void help_manual(const struct program *program, const struct cmd *cmd, FILE *out)
{
	if (cmd)
		roff_command(program, cmd, out);
	else
		roff_overview(program, out);
}

static void completion_words(const struct opt *opts, FILE *out)
{
	for (; opts->name; opts++)
		(void)fprintf(out, " --%s", opts->name);
}

static void completion_commands(const struct program *program, FILE *out)
{
	for (size_t i = 0; i < program->count; i++)
		(void)fprintf(out, " %s", program->commands[i]->name);
}

/* bash: a case a command; zsh runs the same script through bashcompinit. */
static void completion_bash(const struct program *program, FILE *out)
{
	(void)fprintf(out,
		      "_%s() {\n"
		      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} cmd= word words\n"
		      "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
		      "\t\t[[ $word == -* ]] || { cmd=$word; break; }\n"
		      "\tdone\n"
		      "\tcase $cmd in\n",
		      program->name);
	(void)fputs("\t'') words='", out);
	completion_commands(program, out);
	completion_words(program->global_opts, out);
	(void)fputs("' ;;\n", out);
	for (size_t i = 0; i < program->count; i++) {
		(void)fprintf(out, "\t%s) words='",
			      strchr(program->commands[i]->name, ' ') ? "-"
								      : program->commands[i]->name);
		completion_words(program->commands[i]->opts, out);
		completion_words(program->global_opts, out);
		(void)fputs("' ;;\n", out);
	}
	(void)fprintf(out,
		      "\tesac\n"
		      "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
		      "}\n"
		      "complete -o default -F _%s %s\n",
		      program->name, program->name);
}

static void fish_text(const char *text, FILE *out)
{
	(void)fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			(void)fputc('\\', out);
		(void)fputc(*text, out);
	}
	(void)fputs("'\n", out);
}

static void fish_options(const struct program *program, const char *condition,
			 const struct opt *opts, FILE *out)
{
	for (; opts->name; opts++) {
		(void)fprintf(out, "complete -c %s%s -l %s", program->name, condition, opts->name);
		if (opts->letter)
			(void)fprintf(out, " -s %c", opts->letter);
		(void)fprintf(out, "%s -d ", opts->arg ? " -r" : "");
		fish_text(opts->help, out);
	}
}

static void completion_fish(const struct program *program, FILE *out)
{
	for (size_t i = 0; i < program->count; i++) {
		const struct cmd *cmd = program->commands[i];
		CLEANUP(str_release) struct str condition = STR_INIT;

		(void)fprintf(out, "complete -c %s -n __fish_use_subcommand -f -a '%s' -d ",
			      program->name, cmd->name);
		fish_text(cmd->summary, out);
		str_addf(&condition, " -n '__fish_seen_subcommand_from %s'", cmd->name);
		fish_options(program, condition.buf, cmd->opts, out);
	}
	fish_options(program, "", program->global_opts, out);
}

int help_completion(const struct program *program, const char *shell, FILE *out, struct error *err)
{
	if (strcmp(shell, "zsh") == 0)
		(void)fputs("autoload -U +X bashcompinit && bashcompinit\n", out);
	if (strcmp(shell, "bash") == 0 || strcmp(shell, "zsh") == 0)
		completion_bash(program, out);
	else if (strcmp(shell, "fish") == 0)
		completion_fish(program, out);
	else
		return error_set(err, ERROR_USAGE, "'%s' is not bash, zsh or fish", shell);
	return 0;
}
