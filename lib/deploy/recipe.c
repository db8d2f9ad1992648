#include "deploy/recipe.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sanitize.h"
#include "base/words.h"

#include <string.h>

void recipe_release(struct recipe *recipe)
{
	struct recipe_stack *stack = &recipe->stack;

	strv_release(&recipe->step.args);
	strv_release(&recipe->words);
	strv_release(&recipe->files);
	free(recipe->project);
	free(recipe->label);
	free(stack->name);
	free(stack->template);
	free(stack->parameters);
	free(stack->bucket);
	free(stack->role);
	free(stack->region);
	free(stack->profile);
	strv_release(&stack->capabilities);
	strv_release(&stack->tags);
	*recipe = (struct recipe)RECIPE_INIT;
}

/* A line in words, and the one that is looked at. */
struct words {
	struct strv list;
	size_t at;
};

static const char *word(const struct words *words)
{
	return words->at < words->list.count ? words->list.v[words->at] : "";
}

/* Takes the word where it is that one. */
static bool take(struct words *words, const char *text)
{
	if (strcmp(word(words), text) != 0 || !*text)
		return false;
	words->at++;
	return true;
}

static void rest_of(const struct words *words, struct strv *ret)
{
	for (size_t i = words->at; i < words->list.count; i++)
		strv_add(ret, words->list.v[i]);
}

static void unknown(struct recipe *recipe, const char *why)
{
	recipe->kind = RECIPE_UNKNOWN;
	recipe->why = why;
}

static void own(struct recipe *recipe, const char *why)
{
	recipe->kind = RECIPE_OWN;
	recipe->why = why;
}

/* ---- compose ---- */

enum effect {
	EFFECT_NONE,	/* a step does so anyway, or it changes what is printed alone */
	EFFECT_PULL,	/* a step has it */
	EFFECT_SERVICE, /* its value is the service that is waited for */
};

/* Options of a command of compose that a step can do without or has; others it cannot. */
struct compose_option {
	const char *verb;
	const char *name;
	enum effect effect;
	bool has_value;
};

static const struct compose_option compose_options[] = {
	{ "build", "--pull", EFFECT_PULL, false },
	{ "build", "--force-rm", EFFECT_NONE, false },
	{ "build", "--parallel", EFFECT_NONE, false },
	{ "build", "--progress", EFFECT_NONE, true },
	{ "build", "--quiet", EFFECT_NONE, false },
	{ "build", "-q", EFFECT_NONE, false },
	{ "run", "--rm", EFFECT_NONE, false },
	{ "run", "--quiet-pull", EFFECT_NONE, false },
	{ "run", "-T", EFFECT_NONE, false },
	{ "run", "--no-TTY", EFFECT_NONE, false },
	{ "up", "--exit-code-from", EFFECT_SERVICE, true },
	{ "up", "--abort-on-container-exit", EFFECT_NONE, false },
	{ "up", "--no-color", EFFECT_NONE, false },
	{ "up", "--quiet-pull", EFFECT_NONE, false },
	{ "push", "--quiet", EFFECT_NONE, false },
	{ "push", "-q", EFFECT_NONE, false },
};

/* The option that a word is, with its value where that is joined to it ("--name=value"). */
static const struct compose_option *find_option(const char *verb, const char *text,
						const char **ret_value)
{
	size_t len = strcspn(text, "=");

	for (size_t i = 0; i < sizeof(compose_options) / sizeof(compose_options[0]); i++) {
		const struct compose_option *option = &compose_options[i];

		if (strcmp(option->verb, verb) != 0 || strlen(option->name) != len ||
		    strncmp(option->name, text, len) != 0 || (text[len] && !option->has_value))
			continue;
		*ret_value = text[len] ? text + len + 1 : NULL;
		return option;
	}
	return NULL;
}

/* Takes the options of a command; false where there is one that no step has. */
static bool take_options(struct words *words, const char *verb, struct recipe *recipe,
			 const char **ret_service)
{
	while (word(words)[0] == '-') {
		const char *value;
		const struct compose_option *option = find_option(verb, word(words), &value);

		if (!option)
			return false;
		words->at++;
		if (option->has_value && !value) {
			value = word(words);
			words->at++;
		}
		if (option->effect == EFFECT_PULL)
			recipe->step.pull = true;
		if (option->effect == EFFECT_SERVICE)
			*ret_service = value;
	}
	return true;
}

static void read_up(struct recipe *recipe, const char *service)
{
	struct strv *args = &recipe->step.args;

	if (!service && args->count != 1) {
		unknown(recipe, "a step waits for one service: say which, as in 'up: NAME'");
		return;
	}
	if (service) {
		char *name = mem_strdup(service);

		strv_release(args);
		strv_take(args, name);
	}
	recipe->step.kind = STEP_UP;
}

/* With what compose is told before its command, and without a terminal. */
static void read_exec(const struct words *words, size_t verb, struct recipe *recipe)
{
	recipe->step.kind = STEP_EXEC;
	for (size_t i = 0; i < words->list.count; i++) {
		strv_add(&recipe->step.args, words->list.v[i]);
		if (i == verb && !strv_has(&words->list, "-T"))
			strv_add(&recipe->step.args, "-T");
	}
}

static void read_step(struct words *words, const char *verb, struct recipe *recipe)
{
	const char *service = NULL;

	recipe->kind = RECIPE_STEP;
	if (!take_options(words, verb, recipe, &service)) {
		unknown(recipe, strcmp(verb, "up") == 0
					? "an 'up' that goes on in the background is no step: name "
					  "what is needed under depends_on, or in a step of its own"
					: "it has an option that a step has not");
		return;
	}
	rest_of(words, &recipe->step.args);
	if (strcmp(verb, "build") == 0) {
		recipe->step.kind = STEP_BUILD;
	} else if (strcmp(verb, "up") == 0) {
		read_up(recipe, service);
	} else {
		recipe->step.kind = STEP_RUN;
		if (!recipe->step.args.count)
			unknown(recipe, "it names no service");
	}
}

static void read_push(struct words *words, struct recipe *recipe)
{
	const char *none;

	if (!take_options(words, "push", recipe, &none)) {
		unknown(recipe, "it has an option that 'deployer publish' has not");
		return;
	}
	recipe->kind = RECIPE_PUSH;
	rest_of(words, &recipe->words);
}

static void read_verb(struct words *words, struct recipe *recipe)
{
	size_t at = words->at;
	const char *verb = word(words);

	words->at++;
	if (strcmp(verb, "build") == 0 || strcmp(verb, "run") == 0 || strcmp(verb, "up") == 0)
		read_step(words, verb, recipe);
	else if (strcmp(verb, "push") == 0)
		read_push(words, recipe);
	else if (strcmp(verb, "down") == 0 || strcmp(verb, "rm") == 0 ||
		 strcmp(verb, "stop") == 0 || strcmp(verb, "kill") == 0)
		own(recipe, "deployer clean");
	else if (strcmp(verb, "ps") == 0 || strcmp(verb, "logs") == 0 || strcmp(verb, "port") == 0)
		own(recipe, "it shows something only");
	else if (strcmp(verb, "exec") == 0 && *word(words)) {
		recipe->kind = RECIPE_STEP;
		read_exec(words, at, recipe);
	} else
		unknown(recipe, "this command of compose is no step");
}

static void read_compose(struct words *words, struct recipe *recipe)
{
	while (word(words)[0] == '-') {
		bool is_file = take(words, "-f") || take(words, "--file");
		bool is_project = !is_file && (take(words, "-p") || take(words, "--project-name"));

		if (!is_file && !is_project) {
			unknown(recipe, "it has an option of compose that deployer.yml has not");
			return;
		}
		if (is_file)
			strv_add(&recipe->files, word(words));
		if (is_project) {
			free(recipe->project);
			recipe->project = mem_strdup(word(words));
		}
		words->at++;
	}
	read_verb(words, recipe);
}

static bool take_compose(struct words *words)
{
	if (take(words, "docker-compose"))
		return true;
	if (!take(words, "docker"))
		return false;
	if (take(words, "compose"))
		return true;
	words->at = 0;
	return false;
}

/* ---- aws cloudformation deploy ---- */

static void set(char **text, const char *value)
{
	free(*text);
	*text = mem_strdup(value);
}

/* The words up to the next option. */
static void take_values(struct words *words, struct strv *ret)
{
	while (*word(words) && word(words)[0] != '-') {
		strv_add(ret, word(words));
		words->at++;
	}
}

/* "$(cat dev.cfg)", "$(<dev.cfg)" and "file://dev.json" name the file that values come from. */
static void read_overrides(const struct strv *values, struct recipe_stack *stack)
{
	for (size_t i = 0; i < values->count; i++) {
		CLEANUP_FREE char *text = NULL;
		const char *value = values->v[i];

		if (strncmp(value, "file://", 7) == 0) {
			set(&stack->parameters, value + 7);
			continue;
		}
		if ((strcmp(value, "$(cat") == 0 || strcmp(value, "$(<") == 0) &&
		    i + 1 < values->count)
			value = values->v[++i];
		else if (strncmp(value, "$(<", 3) == 0)
			value += 3;
		else
			continue;
		text = mem_strndup(value, strcspn(value, ")"));
		set(&stack->parameters, text);
	}
}

static void read_stack_option(const char *option, const struct strv *values,
			      struct recipe_stack *stack)
{
	const struct {
		const char *name;
		char **text;
	} texts[] = {
		{ "--template-file", &stack->template }, { "--stack-name", &stack->name },
		{ "--s3-bucket", &stack->bucket },	 { "--role-arn", &stack->role },
		{ "--region", &stack->region },		 { "--profile", &stack->profile },
	};

	if (strcmp(option, "--parameter-overrides") == 0)
		read_overrides(values, stack);
	if (strcmp(option, "--capabilities") == 0)
		strv_add_list(&stack->capabilities, values);
	if (strcmp(option, "--tags") == 0)
		strv_add_list(&stack->tags, values);
	for (size_t i = 0; values->count && i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(option, texts[i].name) == 0)
			set(texts[i].text, values->v[0]);
	}
}

static void read_deploy(struct words *words, struct recipe *recipe)
{
	recipe->kind = RECIPE_DEPLOY;
	while (words->at < words->list.count) {
		CLEANUP(strv_release) struct strv values = STRV_INIT;
		const char *option = word(words);
		const char *equals = option[0] == '-' ? strchr(option, '=') : NULL;
		CLEANUP_FREE char *name =
			mem_strndup(option, equals ? (size_t)(equals - option) : strlen(option));

		words->at++;
		if (equals)
			strv_add(&values, equals + 1);
		take_values(words, &values);
		read_stack_option(name, &values, &recipe->stack);
	}
}

/* ---- lines ---- */

/* What a shell would do more than take words apart (POSIX shell, 2.2 and 2.3). */
static bool needs_shell(const char *text)
{
	char quote = '\0';

	for (; *text; text++) {
		if (quote == '\'' && *text != '\'')
			continue;
		if (*text == quote) {
			quote = '\0';
		} else if (!quote && (*text == '\'' || *text == '"')) {
			quote = *text;
		} else if (*text == '\\' && text[1]) {
			text++;
		} else if (strchr(quote ? "$`" : "$`|&;<>()*?[~#", *text)) {
			return true;
		}
	}
	return false;
}

static bool begins_with(const char *text, const char *head)
{
	return strncmp(text, head, strlen(head)) == 0;
}

/* "application=todobackend" of "-f label=application=todobackend". */
static void find_label(const char *text, struct recipe *recipe)
{
	const char *label = strstr(text, "label=");

	if (label && !recipe->label)
		recipe->label = mem_strndup(label + 6, strcspn(label + 6, " \t'\"|)"));
}

/* Whether what it prints goes into a file or a program, or another command follows. */
static bool prints_elsewhere(const char *text)
{
	int depth = 0;
	char quote = '\0';

	for (; *text; text++) {
		if (quote ? *text == quote : (*text == '\'' || *text == '"'))
			quote = (char)(quote ? '\0' : *text);
		depth += *text == '(';
		depth -= *text == ')';
		if (!quote && depth <= 0 && strchr(">|;&", *text))
			return true;
	}
	return false;
}

/* What is known by its looks, however it is written. */
static bool read_own(const char *text, struct recipe *recipe)
{
	static const struct {
		const char *part;
		const char *why;
		bool is_head;
	} rows[] = {
		{ "ecr get-login", "deployer login", false },
		{ "docker login", "deployer login", true },
		{ "docker logout", "deployer logout", true },
		{ "dangling=true", "deployer clean", false },
		{ "docker rmi", "deployer clean", true },
		{ "docker image prune", "deployer clean", true },
		{ "docker system prune", "deployer clean, for this project alone", true },
		{ "echo ", "it only prints", true },
		{ "printf ", "it only prints", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].is_head ? !begins_with(text, rows[i].part)
				    : !strstr(text, rows[i].part))
			continue;
		if (strcmp(rows[i].why, "it only prints") == 0 && prints_elsewhere(text))
			continue;
		own(recipe, rows[i].why);
		find_label(text, recipe);
		return true;
	}
	return false;
}

static bool has_compose(const char *text)
{
	return strstr(text, "docker-compose ") || strstr(text, "docker compose ");
}

static void read_program(const struct makefile_line *line, const struct words *words,
			 struct recipe *recipe)
{
	struct strv *args = &recipe->step.args;

	recipe->kind = RECIPE_STEP;
	recipe->step.kind = STEP_EXEC;
	if (!line->is_ignored && !needs_shell(line->text)) {
		rest_of(words, args);
		return;
	}
	strv_add_all(args, "sh", "-c", NULL);
	strv_addf(args, line->is_ignored ? "{ %s; } || true" : "%s", line->text);
}

static void read_words(const struct makefile_line *line, struct words *words, struct recipe *recipe)
{
	bool is_shell = needs_shell(line->text);

	if (take(words, "aws") && take(words, "cloudformation") && take(words, "deploy")) {
		read_deploy(words, recipe);
		return;
	}
	words->at = 0;
	if (!is_shell && take(words, "make")) {
		recipe->kind = RECIPE_MAKE;
		rest_of(words, &recipe->words);
		return;
	}
	if (!is_shell && take_compose(words)) {
		read_compose(words, recipe);
		if (line->is_ignored && recipe->kind == RECIPE_STEP)
			unknown(recipe, "make goes on where it fails, a step does not");
		return;
	}
	if (has_compose(line->text) || strchr(word(words), '='))
		unknown(recipe, "the shell does more here than call one program: write it as a "
				"step, or as a script");
	else
		read_program(line, words, recipe);
}

void recipe_read(const struct makefile_line *line, struct recipe *ret)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str clean = STR_INIT;
	struct words words = { .list = STRV_INIT };

	sanitize_text(&clean, line->text);
	*ret = (struct recipe)RECIPE_INIT;
	if (read_own(line->text, ret))
		return;
	if (words_split(&words.list, line->text, &err) < 0 || !words.list.count)
		unknown(ret, "a quote in it is not closed");
	else if (strcmp(clean.buf, line->text) != 0)
		unknown(ret, "it has control characters");
	else if (!line->is_known)
		unknown(ret, "only make knows what its variables and functions stand for");
	else
		read_words(line, &words, ret);
	strv_release(&words.list);
}
