#include "base/cleanup.h"
#include "base/slice.h"
#include "base/str.h"
#include "cmd/cmd.h"

#include <stdlib.h>
#include <string.h>

/* A page is so wide; where the second column begins: of options, of commands, of statuses. */
#define PAGE_WIDTH     80
#define OPTION_COLUMN  28
#define COMMAND_COLUMN 18
#define STATUS_COLUMN  9

/*
 * One line of text from column `indent` on, which has been reached; what does not fit goes on below
 * at that column.
 */
static void print_wrapped(const char *text, size_t indent, FILE *out)
{
	size_t column = indent;

	while (*text) {
		size_t gap = strspn(text, " ");
		size_t len = strcspn(text + gap, " ");

		if (column > indent && column + gap + len > PAGE_WIDTH) {
			(void)fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
			text += gap;
			gap = 0;
		}
		(void)fwrite(text, 1, gap + len, out);
		text += gap + len;
		column += gap + len;
	}
	(void)fputc('\n', out);
}

/* What a line of struct cmd's details is: see there. */
static bool is_paragraph(const char *line)
{
	return *line && *line != ' ';
}

static void print_details(const char *details, FILE *out)
{
	struct slice rest = slice_of(details);

	(void)fputc('\n', out);
	while (rest.n) {
		CLEANUP_FREE char *line = slice_dup(slice_next_line(&rest));

		if (is_paragraph(line))
			print_wrapped(line, 0, out);
		else
			(void)fprintf(out, "%s\n", line);
	}
}

static void print_option(const struct opt *opt, FILE *out)
{
	CLEANUP(str_release) struct str left = STR_INIT;

	if (opt->letter)
		str_addf(&left, "  -%c, --%s", opt->letter, opt->name);
	else
		str_addf(&left, "      --%s", opt->name);
	if (opt->arg)
		str_addf(&left, " %s", opt->arg);
	if (left.len > OPTION_COLUMN - 2) {
		(void)fprintf(out, "%s\n", left.buf);
		str_reset(&left);
	}
	(void)fprintf(out, "%-*s", OPTION_COLUMN, left.buf);
	print_wrapped(opt->help, OPTION_COLUMN, out);
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

		if (strcmp(cmd->group, group) != 0)
			continue;
		(void)fprintf(out, "  %-*s", COMMAND_COLUMN - 2, cmd->name);
		print_wrapped(cmd->summary, COMMAND_COLUMN, out);
	}
}

static void print_statuses(const struct meaning *statuses, FILE *out)
{
	(void)fprintf(out, "\nExit status:\n");
	for (; statuses->word; statuses++) {
		(void)fprintf(out, "  %5s  ", statuses->word);
		print_wrapped(statuses->meaning, STATUS_COLUMN, out);
	}
}

void help_overview(const struct program *program, FILE *out)
{
	(void)fprintf(out, "Usage: %s [OPTION...] COMMAND [ARGUMENT...]\n\n", program->name);
	print_wrapped(program->summary, 0, out);
	for (size_t i = 0; i < program->count; i++) {
		if (opens_group(program, i))
			print_group(program, program->commands[i]->group, out);
	}
	print_options("Options of every command", program->global_opts, out);
	if (program->statuses)
		print_statuses(program->statuses, out);
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
		print_details(cmd->details, out);
	print_options("Options", cmd->opts, out);
	print_options("Options of every command", program->global_opts, out);
}

/* A line in roff: it must not begin with a control character, '-' is a minus, '\' is escaped. */
static void roff_text(const char *text, FILE *out)
{
	if (*text == '.' || *text == '\'')
		(void)fputs("\\&", out);
	for (; *text; text++) {
		if (*text == '\\')
			(void)fputs("\\e", out);
		else if (*text == '-')
			(void)fputs("\\-", out);
		else
			(void)fputc(*text, out);
	}
}

static void roff_line(const char *text, FILE *out)
{
	roff_text(text, out);
	(void)fputc('\n', out);
}

/* Paragraphs are filled; lines that are kept as they are stand between .nf and .fi. */
static void roff_details(const char *details, FILE *out)
{
	struct slice rest = slice_of(details);
	bool is_first = true, is_kept = false;

	(void)fputs(".SH DESCRIPTION\n", out);
	while (rest.n) {
		CLEANUP_FREE char *line = slice_dup(slice_next_line(&rest));
		bool keep = !is_paragraph(line);

		if (keep != is_kept)
			(void)fputs(keep ? ".nf\n" : ".fi\n", out);
		else if (!keep && !is_first)
			(void)fputs(".br\n", out);
		roff_line(line, out);
		is_first = false;
		is_kept = keep;
	}
	if (is_kept)
		(void)fputs(".fi\n", out);
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
		roff_line(opts->help, out);
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

/* "deployer-secrets-get" */
static void add_page(const struct program *program, const struct cmd *cmd, struct str *out)
{
	str_addf(out, "%s-%s", program->name, cmd->name);
	for (char *p = out->buf; *p; p++) {
		if (*p == ' ')
			*p = '-';
	}
}

static void roff_command(const struct program *program, const struct cmd *cmd, FILE *out)
{
	CLEANUP(str_release) struct str page = STR_INIT;

	add_page(program, cmd, &page);
	roff_head(page.buf, cmd->summary, out);
	print_usage(program, cmd, out);
	(void)fputc('\n', out);
	if (cmd->details)
		roff_details(cmd->details, out);
	roff_options("OPTIONS", cmd->opts, out);
	roff_options("OPTIONS OF EVERY COMMAND", program->global_opts, out);
	(void)fprintf(out, ".SH SEE ALSO\n.BR %s (1)\n", program->name);
}

static void roff_meanings(const char *heading, const struct meaning *rows, FILE *out)
{
	(void)fprintf(out, ".SH %s\n", heading);
	for (; rows->word; rows++) {
		(void)fputs(".TP\n.B ", out);
		roff_line(rows->word, out);
		roff_line(rows->meaning, out);
	}
}

static void roff_see_also(const struct program *program, FILE *out)
{
	(void)fputs(".SH SEE ALSO\n", out);
	for (size_t i = 0; i < program->count; i++) {
		CLEANUP(str_release) struct str page = STR_INIT;

		add_page(program, program->commands[i], &page);
		(void)fputs(".BR ", out);
		roff_text(page.buf, out);
		(void)fprintf(out, " (1)%s\n", i + 1 < program->count ? "," : "");
	}
}

static void roff_overview(const struct program *program, FILE *out)
{
	const struct manual_section *section = program->manual;

	roff_head(program->name, program->summary, out);
	(void)fprintf(out, "%s [OPTION...] COMMAND [ARGUMENT...]\n.SH COMMANDS\n", program->name);
	for (size_t i = 0; i < program->count; i++) {
		(void)fprintf(out, ".TP\n.B %s\n", program->commands[i]->name);
		roff_line(program->commands[i]->summary, out);
	}
	roff_options("OPTIONS", program->global_opts, out);
	if (program->statuses)
		roff_meanings("EXIT STATUS", program->statuses, out);
	for (; section && section->heading; section++)
		roff_meanings(section->heading, section->rows, out);
	roff_see_also(program, out);
}

void help_manual(const struct program *program, const struct cmd *cmd, FILE *out)
{
	if (cmd)
		roff_command(program, cmd, out);
	else
		roff_overview(program, out);
}
