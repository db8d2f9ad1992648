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

bool help_family(const struct program *program, const char *word, FILE *out)
{
	size_t len = strlen(word), count = 0;

	for (size_t i = 0; i < program->count; i++) {
		const struct cmd *cmd = program->commands[i];

		if (strncmp(cmd->name, word, len) != 0 || cmd->name[len] != ' ')
			continue;
		if (count++ == 0)
			(void)fprintf(out, "Usage: %s %s COMMAND [ARGUMENT...]\n\nCommands:\n",
				      program->name, word);
		(void)fprintf(out, "  %-18s%s\n", cmd->name + len + 1, cmd->summary);
	}
	if (count)
		(void)fprintf(out, "\n'%s help %s COMMAND' explains a command.\n", program->name,
			      word);
	return count > 0;
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
