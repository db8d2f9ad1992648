#include "base/cleanup.h"
#include "base/str.h"
#include "cmd/cmd.h"

#include <string.h>

static void bash_options(const struct opt *opts, FILE *out)
{
	for (; opts->name; opts++)
		(void)fprintf(out, " --%s", opts->name);
}

/* The options that take a value, and what the value is: "--env | -e) kind=ENV ;;" */
static void bash_values(const struct opt *opts, FILE *out)
{
	for (; opts->name; opts++) {
		if (!opts->arg)
			continue;
		(void)fprintf(out, "\t\t--%s", opts->name);
		if (opts->letter)
			(void)fprintf(out, " | -%c", opts->letter);
		(void)fprintf(out, ") kind=%s ;;\n", opts->arg);
	}
}

/* Which words are the command: the first that is neither an option nor the value of one, and the
 * next where a command has two. */
static void bash_find_command(const struct program *program, FILE *out)
{
	(void)fputs("\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		    "\t\tkind=''\n"
		    "\t\tcase ${COMP_WORDS[i]} in\n",
		    out);
	bash_values(program->global_opts, out);
	(void)fputs("\t\t-*) ;;\n"
		    "\t\t*) cmd=${COMP_WORDS[i]} && break ;;\n"
		    "\t\tesac\n"
		    "\t\t[[ -z $kind ]] || ((i++))\n"
		    "\tdone\n"
		    "\tkind=''\n"
		    "\t((i + 1 >= COMP_CWORD)) || case \"$cmd ${COMP_WORDS[i + 1]}\" in\n",
		    out);
	for (size_t i = 0; i < program->count; i++) {
		if (strchr(program->commands[i]->name, ' '))
			(void)fprintf(out, "\t'%s') cmd='%s' ;;\n", program->commands[i]->name,
				      program->commands[i]->name);
	}
	(void)fputs("\tesac\n", out);
}

/* What an operand is: the first name in capitals of the usage line, such as ENV. */
static void operand_kind(const char *operands, struct str *out)
{
	static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *start = operands + strcspn(operands, capitals);

	str_add(out, start, strspn(start, capitals));
}

static void bash_command(const struct program *program, const struct cmd *cmd, FILE *out)
{
	CLEANUP(str_release) struct str kind = STR_INIT;

	operand_kind(cmd->operands, &kind);
	(void)fprintf(out, "\t'%s')\n\t\twords='", cmd->name);
	bash_options(cmd->opts, out);
	bash_options(program->global_opts, out);
	if (kind.len == 0 && strchr(cmd->operands, '|'))
		(void)fprintf(out, " %s", cmd->operands);
	(void)fprintf(out, "' kind=%s\n\t\tcase $prev in\n", kind.buf);
	bash_values(cmd->opts, out);
	bash_values(program->global_opts, out);
	(void)fputs("\t\tesac\n\t\t;;\n", out);
}

/* Commands by their first word; after it, where several share it, by the second. */
static void bash_names(const struct program *program, FILE *out)
{
	(void)fputs("\t'') words='", out);
	for (size_t i = 0; i < program->count; i++)
		(void)fprintf(out, " %s", program->commands[i]->name);
	bash_options(program->global_opts, out);
	(void)fputs("'\n\t\tcase $prev in\n", out);
	bash_values(program->global_opts, out);
	(void)fputs(
		"\t\tesac\n\t\t;;\n\t*) words=$(\"${COMP_WORDS[0]}\" completion --words COMMAND "
		"2>/dev/null | sed -n \"s/^$cmd //p\") ;;\n",
		out);
}

static void bash_script(const struct program *program, FILE *out)
{
	(void)fprintf(out,
		      "_%s() {\n"
		      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
		      "\tlocal cmd='' kind='' words='' i\n",
		      program->name);
	bash_find_command(program, out);
	(void)fputs("\tcase $cmd in\n", out);
	for (size_t i = 0; i < program->count; i++)
		bash_command(program, program->commands[i], out);
	bash_names(program, out);
	(void)fprintf(out,
		      "\tesac\n"
		      "\t[[ -z $kind || $cur == -* ]] ||\n"
		      "\t\twords=$(\"${COMP_WORDS[0]}\" completion --words \"$kind\" 2>/dev/null)\n"
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

static void fish_words(const struct program *program, const char *kind, FILE *out)
{
	(void)fprintf(out, " -a '(%s completion --words %s 2>/dev/null)'", program->name, kind);
}

static void fish_options(const struct program *program, const char *condition,
			 const struct opt *opts, FILE *out)
{
	for (; opts->name; opts++) {
		(void)fprintf(out, "complete -c %s%s -l %s", program->name, condition, opts->name);
		if (opts->letter)
			(void)fprintf(out, " -s %c", opts->letter);
		if (opts->arg) {
			(void)fputs(" -r", out);
			fish_words(program, opts->arg, out);
		}
		(void)fputs(" -d ", out);
		fish_text(opts->help, out);
	}
}

static void fish_command(const struct program *program, const struct cmd *cmd, FILE *out)
{
	CLEANUP(str_release) struct str condition = STR_INIT;
	CLEANUP(str_release) struct str kind = STR_INIT;

	(void)fprintf(out, "complete -c %s -n __fish_use_subcommand -f -a '%s' -d ", program->name,
		      cmd->name);
	fish_text(cmd->summary, out);
	str_addf(&condition, " -n '__fish_seen_subcommand_from %s'", cmd->name);
	operand_kind(cmd->operands, &kind);
	if (kind.len) {
		(void)fprintf(out, "complete -c %s%s", program->name, condition.buf);
		fish_words(program, kind.buf, out);
		(void)fputc('\n', out);
	}
	fish_options(program, condition.buf, cmd->opts, out);
}

static void fish_script(const struct program *program, FILE *out)
{
	for (size_t i = 0; i < program->count; i++)
		fish_command(program, program->commands[i], out);
	fish_options(program, "", program->global_opts, out);
}

int completion_script(const struct program *program, const char *shell, FILE *out,
		      struct error *err)
{
	if (strcmp(shell, "zsh") == 0)
		(void)fputs("autoload -U +X bashcompinit && bashcompinit\n", out);
	if (strcmp(shell, "bash") == 0 || strcmp(shell, "zsh") == 0)
		bash_script(program, out);
	else if (strcmp(shell, "fish") == 0)
		fish_script(program, out);
	else
		return error_set(err, ERROR_USAGE, "'%s' is not bash, zsh or fish", shell);
	return 0;
}
