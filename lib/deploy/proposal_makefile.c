#include "base/cleanup.h"
#include "base/mem.h"
#include "deploy/config_read.h"
#include "deploy/proposal_make.h"
#include "deploy/recipe.h"
#include "sys/file.h"

#include <string.h>

#define MAKEFILE_MAX_BYTES (1UL << 20)
#define MAX_DEPTH	   16

/* What a target is to deployer. */
enum part {
	PART_OTHER,
	PART_LOGIN,
	PART_TEST,
	PART_RELEASE,
	PART_PUBLISH,
	PART_DEPLOY,
	PART_CLEAN,
	PART_LOGOUT,
	PART_VERSION,
};

static const struct {
	const char *target;
	enum part part;
	const char *command;
} parts[] = {
	{ "login", PART_LOGIN, "deployer login" },
	{ "test", PART_TEST, "deployer test" },
	{ "tests", PART_TEST, "deployer test" },
	{ "release", PART_RELEASE, "deployer release --only release" },
	{ "publish", PART_PUBLISH, "deployer publish" },
	{ "push", PART_PUBLISH, "deployer publish" },
	{ "deploy", PART_DEPLOY, "deployer deploy" },
	{ "clean", PART_CLEAN, "deployer clean" },
	{ "logout", PART_LOGOUT, "deployer logout" },
	{ "version", PART_VERSION, "deployer version" },
};

/* One target that is gone through, with what it needs, as make would. */
struct walk {
	struct making *making;
	enum part part;
	const char *environment; /* of a deploy target: NULL none, "%" any */
	struct steps steps;
	struct strv origins;
	struct strv made;
};

static const char *rest_after(const char *text, const char *head)
{
	size_t len = strlen(head);

	return strncmp(text, head, len) == 0 && text[len] ? text + len : NULL;
}

/* "prod" of deploy/prod, deploy-prod, deploy_prod; "%" of a pattern; NULL of others. */
static const char *environment_of(const char *target)
{
	static const char of_names[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789.-_";
	const char *name = rest_after(target, "deploy");

	if (!name || !strchr("/-_", *name) || !*++name)
		return NULL;
	return strcmp(name, "%") == 0 || !name[strspn(name, of_names)] ? name : NULL;
}

static enum part part_of(const char *target, const char **ret_command)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(parts[i].target, target) == 0) {
			*ret_command = parts[i].command;
			return parts[i].part;
		}
	}
	*ret_command = "deployer --env ENV deploy";
	return environment_of(target) ? PART_DEPLOY : PART_OTHER;
}

static void note(const struct walk *walk, const struct makefile_line *line, const char *becomes,
		 const char *why)
{
	(void)making_note(walk->making, walk->making->makefile_name, line->line, line->text,
			  becomes, why);
}

static char *origin_of(const struct walk *walk, const struct makefile_line *line)
{
	return mem_printf("%s:%u", walk->making->makefile_name, line->line);
}

/* ---- steps ---- */

static void take_step(struct walk *walk, const struct makefile_line *line, struct recipe *recipe)
{
	struct step *step;

	if (walk->part != PART_TEST && walk->part != PART_RELEASE) {
		note(walk, line, "",
		     "only the stages test and release have steps: the programs of a hook "
		     "(hooks.before_publish, hooks.after_deploy ...) run beside the others");
		return;
	}
	step = mem_grow(&walk->steps.items, &walk->steps.count, sizeof(*step));
	*step = recipe->step;
	recipe->step.args = (struct strv)STRV_INIT;
	strv_take(&walk->origins, origin_of(walk, line));
	note(walk, line, walk->part == PART_TEST ? "stages.test" : "stages.release", "");
}

static void take_compose(struct walk *walk, const struct makefile_line *line,
			 const struct recipe *recipe)
{
	CLEANUP_FREE char *from = origin_of(walk, line);
	struct making *making = walk->making;

	if (recipe->files.count)
		draft_set_list(&making->draft, "compose", "files", &recipe->files, from);
	if (recipe->project)
		making_set(making, CONFIG_COMPOSE_PROJECT, "compose", "project", recipe->project,
			   from);
	if (recipe->label)
		making_set(making, CONFIG_CLEAN_LABEL, "clean", "label", recipe->label, from);
}

/* ---- publishing ---- */

/* The tag of an image's name, "" where it has none; NULL where the version is in it. */
static const char *fixed_tag(const char *image)
{
	const char *slash = strrchr(image, '/');
	const char *colon = strrchr(slash ? slash : image, ':');

	if (strchr(image, '$'))
		return NULL;
	return colon ? colon + 1 : "latest";
}

/* Besides the version's own tag: those that the pushed services' images are fixed to. */
static void take_push(struct walk *walk, const struct makefile_line *line,
		      const struct recipe *recipe)
{
	struct making *making = walk->making;
	const struct strv *usual = config_list(&making->conventions, CONFIG_PUBLISH_TAGS);
	CLEANUP(strv_release) struct strv tags = STRV_INIT;
	CLEANUP_FREE char *from = origin_of(walk, line);

	note(walk, line, "deployer publish", "");
	for (size_t i = 0; i < recipe->words.count; i++) {
		const json_t *service = json_object_get(making->services, recipe->words.v[i]);
		const char *image = json_text(service, "image");
		const char *tag = image ? fixed_tag(image) : NULL;

		if (tag && !strv_has(&tags, tag))
			strv_add(&tags, tag);
	}
	if (!making->services || !recipe->words.count)
		return;
	if (tags.count != usual->count || (tags.count && strcmp(tags.v[0], usual->v[0]) != 0) ||
	    tags.count > 1)
		draft_set_list(&making->draft, "publish", "tags", &tags, from);
}

/* ---- deploying ---- */

/* Whether a value was given, and is not what convention has. */
static const char *unusual(const struct config *conventions, enum config_key key, const char *value)
{
	return value && strcmp(value, config_text(conventions, key)) != 0 ? value : NULL;
}

/* A text with "$*" in it made the one of an environment; NULL stays NULL. */
static char *of_environment(const char *text, const char *name)
{
	CLEANUP(str_release) struct str out = STR_INIT;

	if (!text)
		return NULL;
	for (; *text; text++) {
		if (text[0] == '$' && text[1] == '*') {
			str_adds(&out, name);
			text++;
		} else {
			str_addc(&out, *text);
		}
	}
	return str_detach(&out);
}

static void add_environment(struct making *making, const char *name,
			    const struct recipe_stack *stack)
{
	CLEANUP(config_release) struct config usual = CONFIG_INIT;
	CLEANUP_FREE char *stack_name = of_environment(stack->name, name);
	CLEANUP_FREE char *template = of_environment(stack->template, name);
	CLEANUP_FREE char *parameters = of_environment(stack->parameters, name);

	if (strv_has(&making->draft.environments, name))
		return;
	config_conventions(making->dir, name, &usual);
	draft_add_environment(&making->draft, name, unusual(&usual, CONFIG_STACK_NAME, stack_name),
			      unusual(&usual, CONFIG_STACK_TEMPLATE, template),
			      unusual(&usual, CONFIG_STACK_PARAMETERS, parameters));
}

/* Whether there is a file of parameters for the environment. */
static bool has_parameters(const struct making *making, const struct recipe_stack *stack,
			   const char *name)
{
	CLEANUP_FREE char *given = of_environment(stack->parameters, name);
	CLEANUP_FREE char *path = given ? file_join(making->dir, given) : NULL;

	return path && file_exists(path);
}

/* A pattern deploys what there are files for. */
void making_add_environments(struct making *making, const struct recipe_stack *stack)
{
	static const char *const usual[] = { "dev", "test", "qa", "staging", "stage", "prod" };

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		CLEANUP(config_release) struct config config = CONFIG_INIT;

		config_conventions(making->dir, usual[i], &config);
		if (has_parameters(making, stack, usual[i])) {
			add_environment(making, usual[i], stack);
		} else if (*config_text(&config, CONFIG_STACK_PARAMETERS)) {
			struct recipe_stack named = { .name = stack->name,
						      .template = stack->template };

			add_environment(making, usual[i], &named);
		}
	}
}

static void take_stack_texts(struct making *making, const struct recipe_stack *stack,
			     const char *from)
{
	if (stack->template && !making->template_name)
		making->template_name = mem_strdup(stack->template);
	making_set(making, CONFIG_STACK_NAME, "stack", "name", stack->name, from);
	making_set(making, CONFIG_STACK_TEMPLATE, "stack", "template", stack->template, from);
	making_set(making, CONFIG_STACK_PARAMETERS, "stack", "parameters", stack->parameters, from);
}

static void take_deploy(struct walk *walk, const struct makefile_line *line,
			const struct recipe *recipe)
{
	const struct recipe_stack *stack = &recipe->stack;
	struct making *making = walk->making;
	const struct strv *usual = config_list(&making->conventions, CONFIG_STACK_CAPABILITIES);
	CLEANUP_FREE char *from = origin_of(walk, line);
	CLEANUP_FREE char *example = of_environment(stack->name, "dev");

	if (example && !config_is_stack_name(example)) {
		note(walk, line, "", "no stack can have that name");
		return;
	}
	note(walk, line, walk->environment ? "environments" : "stack", "");
	if (walk->environment && strcmp(walk->environment, "%") == 0)
		making_add_environments(making, stack);
	else if (walk->environment)
		add_environment(making, walk->environment, stack);
	else
		take_stack_texts(making, stack, from);
	making_set(making, CONFIG_STACK_BUCKET, "stack", "bucket", stack->bucket, from);
	making_set(making, CONFIG_STACK_ROLE, "stack", "role", stack->role, from);
	making_set(making, CONFIG_AWS_REGION, "aws", "region", stack->region, from);
	making_set(making, CONFIG_AWS_PROFILE, "aws", "profile", stack->profile, from);
	if (stack->capabilities.count > 1 ||
	    (stack->capabilities.count && !strv_has(usual, stack->capabilities.v[0])))
		draft_set_list(&making->draft, "stack", "capabilities", &stack->capabilities, from);
	if (stack->tags.count)
		draft_set_list(&making->draft, "stack", "tags", &stack->tags, from);
}

/* ---- going through a target ---- */

static void go(struct walk *walk, const char *target, unsigned depth);

/* What the pipeline does by itself before this is no part of it. */
static bool is_stage(const char *target)
{
	const char *command;

	return part_of(target, &command) != PART_OTHER;
}

static void go_each(struct walk *walk, const struct strv *targets, unsigned depth)
{
	for (size_t i = 0; i < targets->count; i++) {
		if (!is_stage(targets->v[i]))
			go(walk, targets->v[i], depth + 1);
	}
}

static void take_make(struct walk *walk, const struct makefile_line *line,
		      const struct recipe *recipe, unsigned depth)
{
	for (size_t i = 0; i < recipe->words.count; i++) {
		const char *target = recipe->words.v[i];

		if (target[0] == '-' || strchr(target, '=') ||
		    !makefile_find(&walk->making->makefile, target)) {
			note(walk, line, "", "make is told more here than a target of this file");
			return;
		}
	}
	note(walk, line, "what the target does", "");
	go_each(walk, &recipe->words, depth);
}

static void take_line(struct walk *walk, const struct makefile_line *line, unsigned depth)
{
	CLEANUP(recipe_release) struct recipe recipe = RECIPE_INIT;

	recipe_read(line, &recipe);
	take_compose(walk, line, &recipe);
	switch (recipe.kind) {
	case RECIPE_STEP:
		take_step(walk, line, &recipe);
		break;
	case RECIPE_PUSH:
		take_push(walk, line, &recipe);
		break;
	case RECIPE_DEPLOY:
		take_deploy(walk, line, &recipe);
		break;
	case RECIPE_MAKE:
		take_make(walk, line, &recipe, depth);
		break;
	case RECIPE_OWN:
		note(walk, line, recipe.why, "");
		break;
	case RECIPE_UNKNOWN:
		note(walk, line, "", recipe.why);
		break;
	}
}

static void go(struct walk *walk, const char *target, unsigned depth)
{
	const struct makefile_rule *rule = makefile_find(&walk->making->makefile, target);

	if (!rule || depth > MAX_DEPTH || strv_has(&walk->made, target))
		return;
	strv_add(&walk->made, target);
	go_each(walk, &rule->needs, depth);
	for (size_t i = 0; i < rule->count; i++)
		take_line(walk, &rule->lines[i], depth);
}

/* ---- the whole of it ---- */

static bool is_same_step(const struct step *a, const struct step *b)
{
	CLEANUP(str_release) struct str first = STR_INIT;
	CLEANUP(str_release) struct str second = STR_INIT;

	step_describe(a, &first);
	step_describe(b, &second);
	return a->kind == b->kind && a->pull == b->pull && a->args.count == b->args.count &&
	       strcmp(first.buf, second.buf) == 0;
}

static bool are_same(const struct steps *a, const struct steps *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!is_same_step(&a->items[i], &b->items[i]))
			return false;
	}
	return true;
}

static void set_steps(struct walk *walk, const struct makefile_rule *rule)
{
	struct making *making = walk->making;
	bool is_test = walk->part == PART_TEST;
	const struct steps *usual =
		is_test ? &making->conventions.test : &making->conventions.release;
	CLEANUP_FREE char *from =
		mem_printf("%s:%u, target '%s'", making->makefile_name, rule->line, rule->target);

	if ((is_test || walk->part == PART_RELEASE) && !are_same(&walk->steps, usual))
		draft_set_steps(&making->draft, is_test ? "test" : "release", &walk->steps,
				&walk->origins, from);
}

/* Targets that do nothing themselves only gather others. */
static void read_rule(struct making *making, const struct makefile_rule *rule,
		      const struct strv *used)
{
	const char *command;
	struct walk walk = {
		.making = making,
		.part = part_of(rule->target, &command),
		.environment = environment_of(rule->target),
	};

	if (walk.part != PART_OTHER) {
		making_note(making, making->makefile_name, rule->line, rule->target, command, "")
			->is_target = true;
		go(&walk, rule->target, 0);
		set_steps(&walk, rule);
	} else if (rule->count && !strv_has(used, rule->target)) {
		(void)making_note(making, making->makefile_name, rule->line, rule->target, "",
				  "no stage of a release: it stays in the Makefile");
	}
	steps_release(&walk.steps);
	strv_release(&walk.origins);
	strv_release(&walk.made);
}

/* What stages need is read with them. */
static void find_used(const struct makefile *makefile, const char *target, unsigned depth,
		      struct strv *used)
{
	const struct makefile_rule *rule = makefile_find(makefile, target);

	if (!rule || depth > MAX_DEPTH || strv_has(used, target))
		return;
	strv_add(used, target);
	for (size_t i = 0; i < rule->needs.count; i++)
		find_used(makefile, rule->needs.v[i], depth + 1, used);
	for (size_t i = 0; i < rule->count; i++) {
		CLEANUP(recipe_release) struct recipe recipe = RECIPE_INIT;

		recipe_read(&rule->lines[i], &recipe);
		for (size_t j = 0; recipe.kind == RECIPE_MAKE && j < recipe.words.count; j++)
			find_used(makefile, recipe.words.v[j], depth + 1, used);
	}
}

static void read_rules(struct making *making)
{
	const struct makefile *makefile = &making->makefile;
	CLEANUP(strv_release) struct strv used = STRV_INIT;

	for (size_t i = 0; i < makefile->rule_count; i++) {
		if (is_stage(makefile->rules[i].target))
			find_used(makefile, makefile->rules[i].target, 0, &used);
	}
	for (size_t i = 0; i < makefile->rule_count; i++)
		read_rule(making, &makefile->rules[i], &used);
	for (size_t i = 0; i < makefile->unread_count; i++) {
		const struct makefile_unread *unread = &makefile->unread[i];

		(void)making_note(making, making->makefile_name, unread->line, unread->text, "",
				  unread->why);
	}
}

int making_read_makefile(struct making *making, struct error *err)
{
	/* In make's own order (manual, "What Name to Give Your Makefile"). */
	static const char *const names[] = { "GNUmakefile", "makefile", "Makefile" };
	CLEANUP(str_release) struct str text = STR_INIT;

	for (size_t i = 0; !making->makefile_name && i < sizeof(names) / sizeof(names[0]); i++) {
		CLEANUP_FREE char *path = file_join(making->dir, names[i]);

		if (!file_exists(path))
			continue;
		making->makefile_name = names[i];
		if (file_read(path, MAKEFILE_MAX_BYTES, &text, err) < 0)
			return -1;
	}
	if (!making->makefile_name)
		return 0;
	if (makefile_read(text.buf, text.len, &making->makefile, err) < 0) {
		error_wrap(err, "%s", making->makefile_name);
		return error_fix(err, "move it away and run this again, to go by the other files");
	}
	read_rules(making);
	return 0;
}
