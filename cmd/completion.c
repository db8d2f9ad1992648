#include "base/cleanup.h"
#include "base/str.h"
#include "cmd/cmd.h"

#include <string.h>

static void bash_options(const struct opt *opts, FILE *out)
{
	for (; opts->name; opts++)
		(void)fprintf(out, " --%s", opts->name);
}

/* "text|json" -> "text json" */
static void add_alternatives(struct str *out, const char *text)
{
	str_adds(out, text);
	for (char *p = out->buf; (p = strchr(p, '|'));)
		*p = ' ';
}

/*
 * What comes next: the words themselves where they are few ("text|json"), else the name of their
 * kind, which the program is asked for.
 */
static void bash_kind(const char *kind, FILE *out)
{
	CLEANUP(str_release) struct str words = STR_INIT;

	if (!strchr(kind, '|')) {
		(void)fprintf(out, "kind=%s", kind);
		return;
	}
	add_alternatives(&words, kind);
	(void)fprintf(out, "kind=- words='%s'", words.buf);
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
		(void)fputs(") ", out);
		bash_kind(opts->arg, out);
		(void)fputs(" ;;\n", out);
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

/* What an operand is: the first name in capitals of the usage line, such as ENV; or its words. */
static void operand_kind(const char *operands, struct str *out)
{
	static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *start = operands + strcspn(operands, capitals);

	str_add(out, start, strspn(start, capitals));
	if (!out->len)
		str_adds(out, operands);
}

static void bash_command(const struct program *program, const struct cmd *cmd, FILE *out)
{
	CLEANUP(str_release) struct str kind = STR_INIT;

	operand_kind(cmd->operands, &kind);
	(void)fprintf(out, "\t'%s')\n\t\toptions='", cmd->name);
	bash_options(cmd->opts, out);
	bash_options(program->global_opts, out);
	(void)fputs("'\n\t\t", out);
	bash_kind(kind.buf, out);
	(void)fputs("\n\t\tcase $prev in\n", out);
	bash_values(cmd->opts, out);
	bash_values(program->global_opts, out);
	(void)fputs("\t\tesac\n\t\t;;\n", out);
}

static size_t first_word_len(const struct cmd *cmd)
{
	return strcspn(cmd->name, " ");
}

/* Whether commands[at] is the first whose name begins with its first word. */
static bool opens_word(const struct program *program, size_t at)
{
	const struct cmd *cmd = program->commands[at];
	size_t len = first_word_len(cmd);

	for (size_t i = 0; i < at; i++) {
		const struct cmd *other = program->commands[i];

		if (first_word_len(other) == len && memcmp(other->name, cmd->name, len) == 0)
			return false;
	}
	return true;
}

/* Commands by their first word; after it, where several share it, by the second. */
static void bash_names(const struct program *program, FILE *out)
{
	(void)fputs("\t'') options='", out);
	bash_options(program->global_opts, out);
	(void)fputs("' kind=- words='", out);
	for (size_t i = 0; i < program->count; i++) {
		const struct cmd *cmd = program->commands[i];

		if (opens_word(program, i))
			(void)fprintf(out, " %.*s", (int)first_word_len(cmd), cmd->name);
	}
	(void)fputs("'\n\t\tcase $prev in\n", out);
	bash_values(program->global_opts, out);
	(void)fputs("\t\tesac\n\t\t;;\n"
		    "\t*) kind=- words=$(\"${COMP_WORDS[0]}\" completion --words COMMAND "
		    "2>/dev/null | sed -n \"s/^$cmd //p\") ;;\n",
		    out);
}

/* What runs in zsh, too, which has no mapfile. */
static void bash_script(const struct program *program, FILE *out)
{
	(void)fprintf(out,
		      "_%s() {\n"
		      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
		      "\tlocal cmd='' kind='' words='' options='' i\n",
		      program->name);
	bash_find_command(program, out);
	(void)fputs("\tcase $cmd in\n", out);
	for (size_t i = 0; i < program->count; i++)
		bash_command(program, program->commands[i], out);
	bash_names(program, out);
	(void)fprintf(out,
		      "\tesac\n"
		      "\t[[ -n $kind && $cur != -* ]] || words=$options kind=-\n"
		      "\t[[ $kind == - ]] ||\n"
		      "\t\twords=$(\"${COMP_WORDS[0]}\" completion --words \"$kind\" 2>/dev/null)\n"
		      "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
		      "}\n"
		      "complete -o default -F _%s %s\n",
		      program->name, program->name);
}

/*
 * The same by zsh's bashcompinit. As a file of fpath it is loaded at the first use, which then is
 * served, too.
 */
static void zsh_script(const struct program *program, FILE *out)
{
	(void)fprintf(out, "#compdef %s\nautoload -U +X bashcompinit && bashcompinit\n",
		      program->name);
	bash_script(program, out);
	(void)fprintf(out,
		      "if [[ $funcstack[1] == _%s ]]; then\n"
		      "\t_bash_complete -o default -F _%s\n"
		      "fi\n",
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
	(void)fputc('\'', out);
}

/* What an argument may be: a file, or nothing but words. */
static void fish_words(const struct program *program, const char *kind, FILE *out)
{
	static const char *const files[] = { "FILE", "DIR", "CMD" };
	CLEANUP(str_release) struct str words = STR_INIT;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (strcmp(kind, files[i]) == 0) {
			(void)fputs(" -F", out);
			return;
		}
	}
	if (strchr(kind, '|'))
		add_alternatives(&words, kind);
	else
		str_addf(&words, "(%s completion --words %s 2>/dev/null)", program->name, kind);
	(void)fputs(" -f -a ", out);
	fish_text(words.buf, out);
}

/* Only where the command is `at`; NULL: anywhere. */
static void fish_complete(const struct program *program, const char *at, FILE *out)
{
	(void)fprintf(out, "complete -c %s", program->name);
	if (at)
		(void)fprintf(out, " -n '__%s_at \"%s\"'", program->name, at);
}

static void fish_options(const struct program *program, const char *at, const struct opt *opts,
			 FILE *out)
{
	for (; opts->name; opts++) {
		fish_complete(program, at, out);
		(void)fprintf(out, " -l %s", opts->name);
		if (opts->letter)
			(void)fprintf(out, " -s %c", opts->letter);
		if (opts->arg) {
			(void)fputs(" -r", out);
			fish_words(program, opts->arg, out);
		}
		(void)fputs(" -d ", out);
		fish_text(opts->help, out);
		(void)fputc('\n', out);
	}
}

static void fish_name(const struct program *program, const char *at, const char *name,
		      const char *summary, FILE *out)
{
	fish_complete(program, at, out);
	(void)fprintf(out, " -a '%s' -d ", name);
	fish_text(summary, out);
	(void)fputc('\n', out);
}

/* Its name, or the first word of it and then the second; its operands; its options. */
static void fish_command(const struct program *program, size_t at, FILE *out)
{
	const struct cmd *cmd = program->commands[at];
	CLEANUP(str_release) struct str first = STR_INIT;
	CLEANUP(str_release) struct str kind = STR_INIT;
	CLEANUP(str_release) struct str group = STR_INIT;
	bool is_pair = strchr(cmd->name, ' ');

	str_add(&first, cmd->name, first_word_len(cmd));
	str_addf(&group, "commands: %s help %s", program->name, first.buf);
	if (opens_word(program, at))
		fish_name(program, "", first.buf, is_pair ? group.buf : cmd->summary, out);
	if (is_pair)
		fish_name(program, first.buf, cmd->name + first.len + 1, cmd->summary, out);
	operand_kind(cmd->operands, &kind);
	if (kind.len) {
		fish_complete(program, cmd->name, out);
		fish_words(program, kind.buf, out);
		(void)fputc('\n', out);
	}
	fish_options(program, cmd->name, cmd->opts, out);
}

/* fish's own helpers take the value of an option for the command. */
static void fish_find_command(const struct program *program, FILE *out)
{
	(void)fprintf(out,
		      "function __%s_at\n"
		      "\tset -l words (commandline -opc)\n"
		      "\tset -e words[1]\n"
		      "\twhile string match -q -- '-*' $words[1]\n"
		      "\t\tswitch $words[1]\n"
		      "\t\t\tcase",
		      program->name);
	for (const struct opt *opt = program->global_opts; opt->name; opt++) {
		if (opt->arg)
			(void)fprintf(out, " --%s", opt->name);
		if (opt->arg && opt->letter)
			(void)fprintf(out, " -%c", opt->letter);
	}
	(void)fputs("\n\t\t\t\tset -e words[1]\n"
		    "\t\tend\n"
		    "\t\tset -e words[1]\n"
		    "\tend\n"
		    "\tset -l name \"$words[1]\"\n"
		    "\tif contains -- \"$words[1] $words[2]\"",
		    out);
	for (size_t i = 0; i < program->count; i++) {
		if (strchr(program->commands[i]->name, ' '))
			(void)fprintf(out, " '%s'", program->commands[i]->name);
	}
	(void)fputs("\n\t\tset name \"$words[1] $words[2]\"\n"
		    "\tend\n"
		    "\ttest \"$name\" = \"$argv[1]\"\n"
		    "end\n",
		    out);
}

static void fish_script(const struct program *program, FILE *out)
{
	fish_find_command(program, out);
	fish_complete(program, NULL, out);
	(void)fputs(" -f\n", out);
	for (size_t i = 0; i < program->count; i++)
		fish_command(program, i, out);
	fish_options(program, NULL, program->global_opts, out);
}

int completion_script(const struct program *program, const char *shell, FILE *out,
		      struct error *err)
{
	if (strcmp(shell, "bash") == 0)
		bash_script(program, out);
	else if (strcmp(shell, "zsh") == 0)
		zsh_script(program, out);
	else if (strcmp(shell, "fish") == 0)
		fish_script(program, out);
	else
		return error_set(err, ERROR_USAGE, "'%s' is not bash, zsh or fish", shell);
	return 0;
}
