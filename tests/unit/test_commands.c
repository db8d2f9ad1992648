#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "base/str.h"
#include "cmd/app.h"
#include "cmd/sandbox/commands.h"
#include "test.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Walks the tables of one program; meson builds it once for each. */
#ifndef PROGRAM
#define PROGRAM program_deployer
#endif

/* What a walk over the tables finds, a line each, so that one run names every mistake. */
static void assert_nothing_found(const struct str *found)
{
	if (found->len)
		fail_msg("%s", found->buf);
}

/* A letter, small unless it opens a name or an abbreviation ("AWS"), and no full stop at the end.
 */
static bool is_phrase(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (!len || text[len - 1] == '.' || strchr(text, '\n'))
		return false;
	return islower((unsigned char)text[0]) || isupper((unsigned char)text[1]);
}

/* Lower-case words of letters and digits, joined by '-'; a command may have two of them. */
static bool is_name(const char *name)
{
	return name && islower((unsigned char)name[0]) &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789- ")] == '\0';
}

static void check_option(const char *cmd, const struct opt *opt, struct str *found)
{
	if (!is_name(opt->name) || strchr(opt->name, ' '))
		str_addf(found, "%s: --%s is no name of an option\n", cmd, opt->name);
	if (opt->letter && !isalpha((unsigned char)opt->letter))
		str_addf(found, "%s: --%s: '%c' is no letter\n", cmd, opt->name, opt->letter);
	if (!is_phrase(opt->help))
		str_addf(found, "%s: --%s: '%s' is no phrase\n", cmd, opt->name,
			 opt->help ? opt->help : "");
	if ((opt->kind == OPT_KIND_BOOL) != !opt->arg)
		str_addf(found, "%s: --%s: a value needs a name in the help, a switch none\n", cmd,
			 opt->name);
}

/* Whether two options would be found for one word: the same name or letter. */
static void check_pair(const char *cmd, const struct opt *a, const struct opt *b, struct str *found)
{
	if (strcmp(a->name, b->name) == 0)
		str_addf(found, "%s: two options are named --%s\n", cmd, a->name);
	if (a->letter && a->letter == b->letter)
		str_addf(found, "%s: --%s and --%s share -%c\n", cmd, a->name, b->name, a->letter);
}

/* Each option of `opts` against those after it and against all of `globals`. */
static void check_options(const char *cmd, const struct opt *opts, const struct opt *globals,
			  struct str *found)
{
	for (; opts->name; opts++) {
		check_option(cmd, opts, found);
		for (const struct opt *other = opts + 1; other->name; other++)
			check_pair(cmd, opts, other, found);
		for (const struct opt *other = globals; other->name; other++)
			check_pair(cmd, opts, other, found);
	}
}

static void each_command_says_what_it_is(void **state)
{
	CLEANUP(str_release) struct str found = STR_INIT;

	(void)state;
	for (size_t i = 0; i < PROGRAM.count; i++) {
		const struct cmd *cmd = PROGRAM.commands[i];

		if (!is_name(cmd->name))
			str_addf(&found, "'%s' is no name of a command\n", cmd->name);
		if (!is_phrase(cmd->summary) || strlen(cmd->summary) > 62)
			str_addf(&found, "%s: summary '%s' is no phrase of one line\n", cmd->name,
				 cmd->summary);
		if (!cmd->group || !cmd->operands || !cmd->opts || !cmd->run)
			str_addf(&found, "%s: group, operands, opts and run must be set\n",
				 cmd->name);
		if (cmd->max_operands >= 0 && cmd->max_operands < cmd->min_operands)
			str_addf(&found, "%s: more operands needed than allowed\n", cmd->name);
	}
	assert_nothing_found(&found);
}

static void commands_are_sorted_by_name(void **state)
{
	CLEANUP(str_release) struct str found = STR_INIT;

	(void)state;
	for (size_t i = 1; i < PROGRAM.count; i++) {
		const char *before = PROGRAM.commands[i - 1]->name;
		const char *name = PROGRAM.commands[i]->name;

		if (strcmp(before, name) >= 0)
			str_addf(&found, "'%s' stands before '%s'\n", before, name);
	}
	assert_nothing_found(&found);
}

static void no_two_options_of_a_command_are_one(void **state)
{
	const struct opt none[] = { OPT_END };
	CLEANUP(str_release) struct str found = STR_INIT;

	(void)state;
	check_options("globals", PROGRAM.global_opts, none, &found);
	for (size_t i = 0; i < PROGRAM.count; i++) {
		const struct cmd *cmd = PROGRAM.commands[i];

		check_options(cmd->name, cmd->opts, PROGRAM.global_opts, &found);
	}
	assert_nothing_found(&found);
}

/* Where an option's value goes lies inside the struct that the command gets. */
static void options_fit_their_arguments(void **state)
{
	CLEANUP(str_release) struct str found = STR_INIT;

	(void)state;
	for (size_t i = 0; i < PROGRAM.count; i++) {
		const struct cmd *cmd = PROGRAM.commands[i];

		for (const struct opt *opt = cmd->opts; opt->name; opt++) {
			if (opt->offset >= cmd->args_size)
				str_addf(&found, "%s: --%s lies beyond args_size\n", cmd->name,
					 opt->name);
		}
	}
	assert_nothing_found(&found);
}

/* The first line that is wider than a page, but for the usage, which is no prose. */
static void find_wide_line(const char *what, const char *text, struct str *found)
{
	struct slice rest = slice_of(text);

	while (rest.n) {
		struct slice line = slice_next_line(&rest);

		if (line.n > 80 && !slice_starts_with(line, "Usage: "))
			str_addf(found, "%s: %.*s\n", what, (int)line.n, line.p);
	}
}

static void help_fits_a_page(void **state)
{
	CLEANUP(str_release) struct str found = STR_INIT;

	(void)state;
	for (size_t i = 0; i <= PROGRAM.count; i++) {
		CLEANUP_FREE char *text = NULL;
		size_t len;
		FILE *out = open_memstream(&text, &len);

		assert_non_null(out);
		if (i < PROGRAM.count)
			help_command(&PROGRAM, PROGRAM.commands[i], out);
		else
			help_overview(&PROGRAM, out);
		(void)fclose(out);
		find_wide_line(i < PROGRAM.count ? PROGRAM.commands[i]->name : "", text, &found);
	}
	assert_nothing_found(&found);
}

static void each_kind_of_error_has_a_status_with_a_meaning(void **state)
{
	CLEANUP(str_release) struct str found = STR_INIT;

	(void)state;
	for (int kind = ERROR_NONE; PROGRAM.statuses && kind < ERROR_SIGNAL; kind++) {
		const struct error err = { .kind = (enum error_kind)kind };
		const struct meaning *meaning = PROGRAM.statuses;
		char status[16];

		(void)snprintf(status, sizeof(status), "%d", error_exit_status(&err));
		while (meaning->word && strcmp(meaning->word, status) != 0)
			meaning++;
		if (!meaning->word)
			str_addf(&found, "status %s has no meaning\n", status);
	}
	assert_nothing_found(&found);
}

/* One line with blanks in it: in help, as it is; in the manual, neither filled nor an order. */
static void what_is_laid_out_stays_so(void **state)
{
	const struct opt none[] = { OPT_END };
	const struct cmd cmd = {
		.name = "x",
		.summary = "s",
		.details = "One.\n.two - \\\n  a:    # b\n\nThree.",
		.operands = "",
		.opts = none,
	};
	const struct program program = { .name = "p", .global_opts = none };
	CLEANUP_FREE char *help = NULL, *manual = NULL;
	size_t len;
	FILE *out = open_memstream(&help, &len);

	(void)state;
	assert_non_null(out);
	help_command(&program, &cmd, out);
	(void)fclose(out);
	assert_string_equal(help, "Usage: p x\n\ns\n\nOne.\n.two - \\\n  a:    # b\n\nThree.\n");
	out = open_memstream(&manual, &len);
	assert_non_null(out);
	help_manual(&program, &cmd, out);
	(void)fclose(out);
	assert_non_null(strstr(manual, ".SH DESCRIPTION\nOne.\n.br\n\\&.two \\- \\e\n"
				       ".nf\n  a:    # b\n\n.fi\nThree.\n.SH SEE ALSO\n"));
}

static void a_command_is_found_by_its_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < PROGRAM.count; i++) {
		const struct cmd *cmd = PROGRAM.commands[i];
		CLEANUP_FREE char *words = mem_strdup(cmd->name);
		char program[] = "deployer", *space = strchr(words, ' ');
		char *argv[] = { program, words, space ? space + 1 : NULL, NULL };
		int count = 0;

		if (space)
			*space = '\0';
		assert_ptr_equal(program_find(&PROGRAM, argv, &count), cmd);
		assert_int_equal(count, space ? 2 : 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_command_says_what_it_is),
		cmocka_unit_test(commands_are_sorted_by_name),
		cmocka_unit_test(no_two_options_of_a_command_are_one),
		cmocka_unit_test(options_fit_their_arguments),
		cmocka_unit_test(a_command_is_found_by_its_words),
		cmocka_unit_test(help_fits_a_page),
		cmocka_unit_test(what_is_laid_out_stays_so),
		cmocka_unit_test(each_kind_of_error_has_a_status_with_a_meaning),
	};

	return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
