#include "data/makefile.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"

#include <string.h>

#define MAX_BYTES	(256UL << 10)
#define MAX_ENTRIES	1000  /* variables, rules, and what one of them needs */
#define MAX_RECIPES	10000 /* lines of all recipes */
#define MAX_DEPTH	16
#define MAX_LINE	(16UL << 10)
#define MAX_REPLACING	(1UL << 20) /* bytes of values, and so many for each replacement: */
#define REPLACING_COSTS 64

/* A Makefile being read. */
struct reader {
	struct makefile *makefile;
	struct slice rest;
	unsigned line; /* of the logical line at hand: its first */
	unsigned next_line;
	struct strv targets; /* whose recipe the next lines are */
	bool in_rule;	     /* of those, or of a rule that tells make something */
	size_t recipes;
	struct str text; /* the logical line */
	bool is_recipe;
};

static void rule_release(struct makefile_rule *rule)
{
	for (size_t i = 0; i < rule->count; i++)
		free(rule->lines[i].text);
	free(rule->lines);
	free(rule->target);
	strv_release(&rule->needs);
}

void makefile_release(struct makefile *makefile)
{
	for (size_t i = 0; i < makefile->rule_count; i++)
		rule_release(&makefile->rules[i]);
	for (size_t i = 0; i < makefile->unread_count; i++)
		free(makefile->unread[i].text);
	for (size_t i = 0; i < makefile->variable_count; i++) {
		free(makefile->variables[i].name);
		free(makefile->variables[i].value);
	}
	free(makefile->rules);
	free(makefile->unread);
	free(makefile->variables);
	*makefile = (struct makefile)MAKEFILE_INIT;
}

static struct makefile_rule *find_rule(const struct makefile *makefile, const char *target)
{
	for (size_t i = 0; i < makefile->rule_count; i++) {
		if (strcmp(makefile->rules[i].target, target) == 0)
			return &makefile->rules[i];
	}
	return NULL;
}

const struct makefile_rule *makefile_find(const struct makefile *makefile, const char *target)
{
	return find_rule(makefile, target);
}

static struct makefile_variable *find_variable(const struct makefile *makefile, struct slice name)
{
	for (size_t i = 0; i < makefile->variable_count; i++) {
		if (slice_is(name, makefile->variables[i].name))
			return &makefile->variables[i];
	}
	return NULL;
}

/* ---- variables (manual, "How to Use Variables") ---- */

static void expand(struct makefile *makefile, struct slice text, unsigned depth, struct str *out,
		   bool *known);

/* The length of "(...)" or "{...}" at the begin of `text`, 0 where it is not closed. */
static size_t bracket_len(struct slice text)
{
	char open = text.p[0], close = open == '(' ? ')' : '}';
	size_t depth = 0;

	for (size_t i = 0; i < text.n; i++) {
		depth += text.p[i] == open;
		depth -= text.p[i] == close;
		if (depth == 0)
			return i + 1;
	}
	return 0;
}

/* Puts a variable's value in the place of `whole`, which stays where the value is not known. */
static void expand_name(struct makefile *makefile, struct slice name, struct slice whole,
			unsigned depth, struct str *out, bool *known)
{
	const struct makefile_variable *variable = find_variable(makefile, name);
	size_t cost = variable ? strlen(variable->value) + REPLACING_COSTS : 0;

	if (!variable || depth >= MAX_DEPTH || makefile->budget < cost || out->len > MAX_LINE) {
		str_add(out, whole.p, whole.n);
		*known = false;
		return;
	}
	makefile->budget -= cost;
	if (variable->is_simple) {
		str_adds(out, variable->value);
		*known = *known && variable->is_known;
		return;
	}
	expand(makefile, slice_of(variable->value), depth + 1, out, known);
}

/* What stands at a "$": returns how many bytes were taken. */
static size_t expand_one(struct makefile *makefile, struct slice text, unsigned depth,
			 struct str *out, bool *known)
{
	size_t len = text.n > 1 ? 2 : 1;
	struct slice name = { text.p + 1, len - 1 };

	if (len == 2 && text.p[1] == '$') {
		str_addc(out, '$');
		return 2;
	}
	if (len == 2 && (text.p[1] == '(' || text.p[1] == '{')) {
		size_t inner = bracket_len((struct slice){ text.p + 1, text.n - 1 });

		len = inner ? inner + 1 : text.n;
		name = (struct slice){ text.p + 2, inner ? inner - 2 : 0 };
	}
	/* The stem of a pattern is for the reader of the rule to fill in. */
	if (slice_is(name, "*"))
		str_adds(out, "$*");
	else
		expand_name(makefile, name, (struct slice){ text.p, len }, depth, out, known);
	return len;
}

static void expand(struct makefile *makefile, struct slice text, unsigned depth, struct str *out,
		   bool *known)
{
	while (text.n) {
		const char *dollar = memchr(text.p, '$', text.n);
		size_t plain = dollar ? (size_t)(dollar - text.p) : text.n;
		size_t taken = plain;

		if (out->len > MAX_LINE) {
			*known = false;
			return;
		}
		str_add(out, text.p, plain);
		if (dollar)
			taken += expand_one(makefile, (struct slice){ dollar, text.n - plain },
					    depth, out, known);
		text = (struct slice){ text.p + taken, text.n - taken };
	}
}

static void pass_over(struct reader *r, const char *why)
{
	struct makefile *makefile = r->makefile;
	struct makefile_unread *unread;

	if (makefile->unread_count >= MAX_ENTRIES)
		return;
	unread = mem_grow(&makefile->unread, &makefile->unread_count, sizeof(*unread));
	unread->line = r->line;
	unread->text = slice_dup(slice_trim((struct slice){ r->text.buf, r->text.len }));
	unread->why = why;
}

/* How a variable gets its value: the operator's first byte, '=' for itself. */
static void give_value(struct makefile *makefile, struct makefile_variable *variable, char op,
		       struct slice value)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	bool is_simple = op == ':' || (op == '+' && variable->is_simple);
	bool is_known = op != '!';

	if (op == '+' && *variable->value) {
		str_addf(&text, "%s ", variable->value);
		is_known = is_known && variable->is_known;
	}
	if (is_simple)
		expand(makefile, value, 0, &text, &is_known);
	else
		str_add(&text, value.p, value.n);
	if (text.len > MAX_LINE)
		str_cut(&text, MAX_LINE);
	free(variable->value);
	variable->value = str_detach(&text);
	/* What a command prints is final, and not known. */
	variable->is_simple = is_simple || op == '!';
	variable->is_known = is_known;
}

static int set_variable(struct makefile *makefile, struct slice name, char op, struct slice value,
			struct error *err)
{
	struct makefile_variable *variable = find_variable(makefile, name);

	if (variable && op == '?')
		return 0;
	if (makefile->variable_count >= MAX_ENTRIES)
		return error_set(err, ERROR_CONFIG, "more than %d variables", MAX_ENTRIES);
	if (!variable) {
		variable = mem_grow(&makefile->variables, &makefile->variable_count,
				    sizeof(*variable));
		variable->name = slice_dup(name);
		variable->value = mem_strdup("");
		variable->is_known = true;
	}
	give_value(makefile, variable, op, value);
	return 0;
}

/* ---- lines (manual, "Splitting Long Lines") ---- */

/* Whether the line goes on: an odd number of backslashes at its end. */
static bool is_continued(struct slice line)
{
	size_t count = 0;

	while (count < line.n && line.p[line.n - 1 - count] == '\\')
		count++;
	return count % 2 == 1;
}

static struct slice next_physical(struct reader *r)
{
	struct slice line = slice_next_line(&r->rest);

	r->next_line++;
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* Takes the next logical line into r->text; false at the end. */
static bool next_line(struct reader *r)
{
	struct slice line;

	if (r->rest.n == 0)
		return false;
	r->line = r->next_line;
	line = next_physical(r);
	r->is_recipe = line.n && line.p[0] == '\t' && r->in_rule;
	str_reset(&r->text);
	while (is_continued(line) && r->rest.n) {
		line.n--;
		if (!r->is_recipe)
			line = slice_trim(line);
		str_add(&r->text, line.p, line.n);
		if (!r->is_recipe)
			str_addc(&r->text, ' ');
		line = next_physical(r);
		if (r->is_recipe && line.n && line.p[0] == '\t')
			line = (struct slice){ line.p + 1, line.n - 1 };
		else if (!r->is_recipe)
			line = slice_trim(line);
	}
	str_add(&r->text, line.p, line.n);
	return true;
}

/* ---- recipes ---- */

static int add_recipe_line(struct reader *r, struct slice text, struct error *err)
{
	bool is_ignored = false;

	text = slice_trim(text);
	while (text.n && strchr("@-+", text.p[0])) {
		is_ignored = is_ignored || text.p[0] == '-';
		text = slice_trim((struct slice){ text.p + 1, text.n - 1 });
	}
	if (text.n == 0 || text.p[0] == '#')
		return 0;
	for (size_t i = 0; i < r->targets.count; i++) {
		struct makefile_rule *rule = find_rule(r->makefile, r->targets.v[i]);
		struct makefile_line *line = mem_grow(&rule->lines, &rule->count, sizeof(*line));

		/* Variables are replaced at the end, with what they are by then. */
		*line = (struct makefile_line){ slice_dup(text), r->line, is_ignored, true };
		if (++r->recipes > MAX_RECIPES)
			return error_set(err, ERROR_CONFIG, "more than %d lines of recipes",
					 MAX_RECIPES);
	}
	return 0;
}

static void expand_recipes(struct makefile *makefile)
{
	for (size_t i = 0; i < makefile->rule_count; i++) {
		struct makefile_rule *rule = &makefile->rules[i];

		for (size_t j = 0; j < rule->count; j++) {
			struct makefile_line *line = &rule->lines[j];
			struct str out = STR_INIT;

			expand(makefile, slice_of(line->text), 0, &out, &line->is_known);
			free(line->text);
			line->text = str_detach(&out);
		}
	}
}

/* ---- rules (manual, "Rule Syntax") ---- */

static int add_target(struct reader *r, const char *target, const struct strv *needs,
		      struct error *err)
{
	struct makefile_rule *rule = find_rule(r->makefile, target);

	/* ".PHONY" and its like tell make something, and are never made. */
	if (target[0] == '.' && !strchr(target, '/'))
		return 0;
	if (r->makefile->rule_count >= MAX_ENTRIES || needs->count > MAX_ENTRIES ||
	    (rule && rule->needs.count > MAX_ENTRIES))
		return error_set(err, ERROR_CONFIG, "more than %d targets", MAX_ENTRIES);
	if (!rule) {
		rule = mem_grow(&r->makefile->rules, &r->makefile->rule_count, sizeof(*rule));
		rule->target = mem_strdup(target);
		rule->line = r->line;
	}
	strv_add_list(&rule->needs, needs);
	strv_add(&r->targets, target);
	return 0;
}

static void split_expanded(struct reader *r, struct slice text, struct strv *ret)
{
	CLEANUP(str_release) struct str out = STR_INIT;
	bool known = true;

	expand(r->makefile, text, 0, &out, &known);
	strv_split(ret, out.buf, " \t&|");
}

static int read_rule(struct reader *r, struct slice targets, struct slice rest, struct error *err)
{
	const char *semicolon = memchr(rest.p, ';', rest.n);
	struct slice needs = { rest.p, semicolon ? (size_t)(semicolon - rest.p) : rest.n };
	CLEANUP(strv_release) struct strv names = STRV_INIT;
	CLEANUP(strv_release) struct strv list = STRV_INIT;

	strv_release(&r->targets);
	if (memchr(needs.p, '=', needs.n)) {
		pass_over(r, "a variable of one target alone");
		return 0;
	}
	split_expanded(r, targets, &names);
	split_expanded(r, needs, &list);
	r->in_rule = true;
	for (size_t i = 0; i < names.count; i++) {
		if (add_target(r, names.v[i], &list, err) < 0)
			return -1;
	}
	if (!semicolon)
		return 0;
	return add_recipe_line(r, (struct slice){ semicolon + 1, rest.n - needs.n - 1 }, err);
}

/* ---- everything else ---- */

/* The first word, taken off where it is `word`. */
static bool take_word(struct slice *text, const char *word)
{
	size_t len = strlen(word);

	if (!slice_starts_with(*text, word) ||
	    (text->n > len && text->p[len] != ' ' && text->p[len] != '\t'))
		return false;
	*text = slice_trim((struct slice){ text->p + len, text->n - len });
	return true;
}

static void skip_definition(struct reader *r)
{
	pass_over(r, "a definition of several lines");
	while (next_line(r)) {
		if (slice_starts_with(slice_trim((struct slice){ r->text.buf, r->text.len }),
				      "endef"))
			return;
	}
}

/* Whether the line tells make something that only make can follow. */
static bool read_directive(struct reader *r, struct slice text)
{
	static const struct {
		const char *word;
		const char *why;
	} words[] = {
		{ "ifeq", "conditions are not evaluated: all their branches were read" },
		{ "ifneq", "conditions are not evaluated: all their branches were read" },
		{ "ifdef", "conditions are not evaluated: all their branches were read" },
		{ "ifndef", "conditions are not evaluated: all their branches were read" },
		{ "else", NULL },
		{ "endif", NULL },
		{ "include", "other files are not read" },
		{ "-include", "other files are not read" },
		{ "sinclude", "other files are not read" },
		{ "vpath", NULL },
		{ "unexport", NULL },
		{ "undefine", NULL },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct slice rest = text;

		if (!take_word(&rest, words[i].word))
			continue;
		if (words[i].why)
			pass_over(r, words[i].why);
		return true;
	}
	if (!take_word(&text, "define"))
		return false;
	skip_definition(r);
	return true;
}

/* Where a line without a comment divides: at the "=" of an assignment or the ":" of a rule. */
static size_t find_divide(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		struct slice rest = { text.p + i, text.n - i };

		if (rest.p[0] == '$' && rest.n > 1 && (rest.p[1] == '(' || rest.p[1] == '{')) {
			i += bracket_len((struct slice){ rest.p + 1, rest.n - 1 });
			continue;
		}
		if (rest.p[0] == '=')
			return i;
		if (rest.p[0] == ':' && !slice_starts_with(rest, ":=") &&
		    !slice_starts_with(rest, "::=") && !slice_starts_with(rest, ":::="))
			return i;
	}
	return text.n;
}

static int read_assignment(struct reader *r, struct slice text, size_t equals, struct error *err)
{
	struct slice value = slice_trim((struct slice){ text.p + equals + 1, text.n - equals - 1 });
	char op = '=';

	if (equals && strchr(":?+!", text.p[equals - 1])) {
		op = text.p[equals - 1];
		equals--;
	}
	while (equals && text.p[equals - 1] == ':')
		equals--;
	text = slice_trim((struct slice){ text.p, equals });
	if (text.n == 0 || memchr(text.p, ' ', text.n) || memchr(text.p, '$', text.n)) {
		pass_over(r, "not understood");
		return 0;
	}
	return set_variable(r->makefile, text, op, value, err);
}

static struct slice without_comment(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '#' && (i == 0 || text.p[i - 1] != '\\'))
			return slice_trim((struct slice){ text.p, i });
	}
	return text;
}

static int read_line(struct reader *r, struct error *err)
{
	struct slice text = slice_trim((struct slice){ r->text.buf, r->text.len });
	size_t divide;

	if (r->is_recipe)
		return add_recipe_line(r, text, err);
	text = without_comment(text);
	if (text.n == 0 || read_directive(r, text))
		return 0;
	while (take_word(&text, "export") || take_word(&text, "override") ||
	       take_word(&text, "private"))
		;
	divide = find_divide(text);
	if (divide < text.n && text.p[divide] == '=')
		return read_assignment(r, text, divide, err);
	if (divide < text.n) {
		struct slice rest = { text.p + divide + 1, text.n - divide - 1 };

		if (rest.n && rest.p[0] == ':')
			rest = (struct slice){ rest.p + 1, rest.n - 1 };
		return read_rule(r, (struct slice){ text.p, divide }, rest, err);
	}
	/* "export NAME", or a call of a function. */
	if (memchr(text.p, '$', text.n))
		pass_over(r, "functions of make are not evaluated");
	return 0;
}

static int read_lines(struct reader *r, struct error *err)
{
	while (next_line(r)) {
		if (read_line(r, err) < 0)
			return error_wrap(err, "line %u", r->line);
	}
	expand_recipes(r->makefile);
	return 0;
}

int makefile_read(const char *bytes, size_t len, struct makefile *ret, struct error *err)
{
	CLEANUP(makefile_release) struct makefile makefile = MAKEFILE_INIT;
	struct reader r = {
		.makefile = &makefile,
		.rest = { bytes, len },
		.next_line = 1,
		.text = STR_INIT,
	};
	int result;

	if (len > MAX_BYTES)
		return error_set(err, ERROR_CONFIG, "it has more than %lu KiB", MAX_BYTES >> 10);
	if (memchr(bytes, '\0', len))
		return error_set(err, ERROR_CONFIG, "it has NUL bytes, so it is no Makefile");
	makefile.budget = MAX_REPLACING;
	result = set_variable(&makefile, slice_of("MAKE"), ':', slice_of("make"), err);
	if (result == 0)
		result = read_lines(&r, err);
	strv_release(&r.targets);
	str_release(&r.text);
	if (result < 0)
		return -1;
	*ret = makefile;
	makefile = (struct makefile)MAKEFILE_INIT;
	return 0;
}
