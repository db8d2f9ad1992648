#include "data/makefile.h"

#include "base/cleanup.h"
#include "deploy/recipe.h"
#include "test.h"

#include <string.h>

static void read_text(const char *text, struct makefile *ret)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;

	if (makefile_read(text, strlen(text), ret, &err) < 0)
		fail_msg("%s", err.msg.buf);
}

/* The recipe of target "t", a line each, those that are not wholly known with a "?" before. */
static void describe(const struct makefile *makefile, struct str *out)
{
	const struct makefile_rule *rule = makefile_find(makefile, "t");

	for (size_t i = 0; rule && i < rule->count; i++)
		str_addf(out, "%s%s%s%s", i ? "\n" : "", rule->lines[i].is_known ? "" : "?",
			 rule->lines[i].is_ignored ? "-" : "", rule->lines[i].text);
}

/* Rules of the GNU make manual, "Writing Rules", "Writing Recipes", "How to Use Variables". */
static void reads_recipes_as_make_would(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
		{ "t:\n\techo a\n\n# no end\n\techo b\n", "echo a\necho b" },
		{ "t:\n\t@ echo a\n\t-false\n\t@-+ x\n\t# nothing\n", "echo a\n-false\n-x" },
		{ "t: ; echo a\n\techo b\n", "echo a\necho b" },
		{ "a t b: c\n\tx\n", "x" },
		{ "t::\n\tx\r\n", "x" },
		{ "t:\n\ta \\\n\t  b\\\n\tc\n", "a   bc" },
		{ "A = 1\nB := $(A)\nA = 2\nt:\n\t$(A) ${B} $A\n", "2 1 2" },
		{ "A ?= 1\nA ?= 2\nB = x\nB += y\nt:\n\t$(A) $(B)\n", "1 x y" },
		{ "A ::= 1\nexport override A := 3\nt:\n\t$(A)\n", "3" },
		{ "A = 1 \\\n   2 # 3\nt:\n\t$(A) # 4\n", "1 2 # 4" },
		{ "t:\n\t$(A) $$A $$(b)\n", "?$(A) $A $(b)" },
		{ "A := $(shell date)\nt:\n\tx $(A)\n", "?x $(shell date)" },
		{ "A != date\nt:\n\tx $(A)\n", "?x date" },
		{ "A = $(B)\nB = $(A)\nt:\n\tx $(A)\n", "?x $(A)" },
		{ "A = $(B)\nB := x$(A)\nt:\n\t$(B)\n", "x" },
		{ "t:\n\tx $@ $* $(\n", "?x $@ $* $(" },
		{ "ifdef X\nt:\n\ta\nelse\n\tb\nendif\n", "a\nb" },
		{ "define F\nt:\n\tno\nendef\nt:\n\tx\n", "x" },
		{ "t: A = 1\nt: b\n\tx\n", "x" },
		{ "t:\n\t$(MAKE) b\n", "make b" },
		{ ".PHONY: t\n\tno\nt: \n", "" },
		{ "\tno\nt=1\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(makefile_release) struct makefile makefile = MAKEFILE_INIT;
		CLEANUP(str_release) struct str got = STR_INIT;

		read_text(rows[i].text, &makefile);
		describe(&makefile, &got);
		if (strcmp(got.buf, rows[i].want) != 0)
			fail_msg("'%s' is read as '%s', not '%s'", rows[i].text, got.buf,
				 rows[i].want);
	}
}

static void says_which_lines_it_passed_over(void **state)
{
	CLEANUP(makefile_release) struct makefile makefile = MAKEFILE_INIT;

	(void)state;
	read_text("include a.mk\nx: y\nifeq (a,b)\nendif\nt: A = 1\n$(info x)\n", &makefile);
	assert_int_equal(makefile.unread_count, 4);
	assert_string_equal(makefile.unread[0].text, "include a.mk");
	assert_int_equal(makefile.unread[1].line, 3);
	assert_string_equal(makefile.unread[2].text, "t: A = 1");
	assert_int_equal(makefile.unread[3].line, 6);
}

static void keeps_prerequisites_and_places(void **state)
{
	CLEANUP(makefile_release) struct makefile makefile = MAKEFILE_INIT;
	const struct makefile_rule *rule;

	(void)state;
	read_text("A = b c\n\nt: $(A) | d\n\tx \\\n\ty\n\tz\n", &makefile);
	rule = makefile_find(&makefile, "t");
	assert_non_null(rule);
	assert_int_equal(rule->line, 3);
	assert_int_equal(rule->needs.count, 3);
	assert_string_equal(rule->needs.v[2], "d");
	assert_int_equal(rule->lines[0].line, 4);
	assert_int_equal(rule->lines[1].line, 6);
}

static void refuses_what_is_no_makefile(void **state)
{
	CLEANUP(str_release) struct str big = STR_INIT;
	CLEANUP(str_release)
	struct str variables = STR_INIT, targets = STR_INIT, recipes = STR_INIT;
	const struct {
		const char *text;
		size_t len;
		const struct str *made;
		const char *want;
	} rows[] = {
		{ "a\0b", 3, NULL, "it has NUL bytes, so it is no Makefile" },
		{ NULL, 0, &big, "it has more than 256 KiB" },
		{ NULL, 0, &variables, "line 1000: more than 1000 variables" },
		{ NULL, 0, &targets, "line 1001: more than 1000 targets" },
		{ NULL, 0, &recipes, "line 102: more than 10000 lines of recipes" },
	};

	(void)state;
	for (size_t i = 0; i <= 256UL << 10; i++)
		str_addc(&big, '#');
	for (unsigned i = 0; i < 1001; i++) {
		str_addf(&variables, "V%u = 1\n", i);
		str_addf(&targets, "t%u:\n", i);
	}
	/* Each line stands in a hundred recipes. */
	for (unsigned i = 0; i < 100; i++)
		str_addf(&recipes, "%st%u", i ? " " : "", i);
	str_adds(&recipes, ":\n");
	for (unsigned i = 0; i < 101; i++)
		str_adds(&recipes, "\tx\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(makefile_release) struct makefile makefile = MAKEFILE_INIT;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		const struct str *made = rows[i].made;

		assert_int_equal(makefile_read(made ? made->buf : rows[i].text,
					       made ? made->len : rows[i].len, &makefile, &err),
				 -1);
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_string_equal(err.msg.buf, rows[i].want);
	}
}

/* Two to the sixteenth lines of text, were nothing to stop it. */
static void ends_where_variables_multiply(void **state)
{
	CLEANUP(makefile_release) struct makefile makefile = MAKEFILE_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	const struct makefile_rule *rule;

	(void)state;
	str_adds(&text, "A0 =\n");
	for (unsigned i = 1; i < 16; i++)
		str_addf(&text, "A%u = $(A%u)$(A%u)$(A%u)$(A%u)\n", i, i - 1, i - 1, i - 1, i - 1);
	str_adds(&text, "t:\n\tx $(A15)\n");
	read_text(text.buf, &makefile);
	rule = makefile_find(&makefile, "t");
	assert_non_null(rule);
	assert_false(rule->lines[0].is_known);
}

/* A recipe as "KIND text". */
static void describe_recipe(const struct recipe *recipe, struct str *out)
{
	static const char *const kinds[] = { "unknown", "step", "push", "deploy", "make", "own" };
	static const char *const steps[] = { "build", "up", "run", "exec" };

	str_adds(out, kinds[recipe->kind]);
	if (recipe->kind == RECIPE_STEP) {
		str_addf(out, " %s%s", steps[recipe->step.kind], recipe->step.pull ? " pull" : "");
		for (size_t i = 0; i < recipe->step.args.count; i++)
			str_addf(out, " [%s]", recipe->step.args.v[i]);
	}
	for (size_t i = 0; i < recipe->words.count; i++)
		str_addf(out, " [%s]", recipe->words.v[i]);
	if (recipe->kind == RECIPE_OWN)
		str_addf(out, " %s", recipe->why);
	if (recipe->kind == RECIPE_UNKNOWN && !*recipe->why)
		str_adds(out, " without a reason");
}

static void knows_what_lines_mean(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
		{ "docker-compose build --pull release", "step build pull [release]" },
		{ "docker compose build", "step build" },
		{ "docker-compose -f ci.yml -p x build", "step build" },
		{ "docker-compose build --no-cache", "unknown" },
		{ "docker-compose run test", "step run [test]" },
		{ "docker-compose run --rm -T app python3 manage.py x --no-input",
		  "step run [app] [python3] [manage.py] [x] [--no-input]" },
		{ "docker-compose run -e A=1 app", "unknown" },
		{ "docker-compose run", "unknown" },
		{ "docker-compose up --exit-code-from migrate migrate", "step up [migrate]" },
		{ "docker-compose up --exit-code-from=a --abort-on-container-exit b a",
		  "step up [a]" },
		{ "docker-compose up migrate", "step up [migrate]" },
		{ "docker-compose up", "unknown" },
		{ "docker-compose up -d db", "unknown" },
		{ "docker compose exec app ls -l",
		  "step exec [docker] [compose] [exec] [-T] [app] [ls] [-l]" },
		{ "docker-compose push release app", "push [release] [app]" },
		{ "docker-compose down -v", "own deployer clean" },
		{ "docker-compose port app 8000", "own it shows something only" },
		{ "docker-compose pause", "unknown" },
		{ "docker-compose run test | tee log", "unknown" },
		{ "A=1 docker-compose run test", "unknown" },
		{ "$(aws ecr get-login --no-include-email)", "own deployer login" },
		{ "aws ecr get-login-password | docker login -u AWS --password-stdin x",
		  "own deployer login" },
		{ "docker logout https://x", "own deployer logout" },
		{ "docker images -q -f dangling=true -f label=a=b | xargs docker rmi",
		  "own deployer clean" },
		{ "echo App running at http://$(docker-compose port app 8000 | sed s/a/b/)",
		  "own it only prints" },
		{ "echo 1 > VERSION", "step exec [sh] [-c] [echo 1 > VERSION]" },
		{ "make lint unit", "make [lint] [unit]" },
		{ "./smoke --all 'a b'", "step exec [./smoke] [--all] [a b]" },
		{ "cd web && npm test", "step exec [sh] [-c] [cd web && npm test]" },
		{ "echo 'no end", "own it only prints" },
		{ "cat 'no end", "unknown" },
		{ "cat \x1b[2J", "unknown" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(recipe_release) struct recipe recipe = RECIPE_INIT;
		CLEANUP(str_release) struct str got = STR_INIT;
		CLEANUP_FREE char *text = strdup(rows[i].text);
		const struct makefile_line line = { text, 1, false, true };

		recipe_read(&line, &recipe);
		describe_recipe(&recipe, &got);
		if (strcmp(got.buf, rows[i].want) != 0)
			fail_msg("'%s' is '%s', not '%s'", rows[i].text, got.buf, rows[i].want);
	}
}

static void a_failure_that_make_ignores_is_ignored_or_no_step(void **state)
{
	CLEANUP(recipe_release) struct recipe program = RECIPE_INIT;
	CLEANUP(recipe_release) struct recipe compose = RECIPE_INIT;

	(void)state;
	recipe_read(&(struct makefile_line){ (char[]){ "./x" }, 1, true, true }, &program);
	assert_int_equal(program.kind, RECIPE_STEP);
	assert_string_equal(program.step.args.v[2], "{ ./x; } || true");
	recipe_read(&(struct makefile_line){ (char[]){ "docker-compose run a" }, 1, true, true },
		    &compose);
	assert_int_equal(compose.kind, RECIPE_UNKNOWN);
}

static void reads_what_a_deployment_was_told(void **state)
{
	static const struct {
		const char *overrides;
		const char *want;
	} rows[] = {
		{ "$(cat dev.cfg)", "dev.cfg" },
		{ "$(cat $*.cfg) X=1", "$*.cfg" },
		{ "$(<dev.cfg)", "dev.cfg" },
		{ "file://dev.json", "dev.json" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(recipe_release) struct recipe recipe = RECIPE_INIT;
		CLEANUP(str_release) struct str text = STR_INIT;

		str_addf(&text,
			 "aws cloudformation deploy --template-file s.yml --stack-name=todo-$* "
			 "--parameter-overrides %s --capabilities A B --region eu-west-1",
			 rows[i].overrides);
		recipe_read(&(struct makefile_line){ text.buf, 1, false, true }, &recipe);
		assert_int_equal(recipe.kind, RECIPE_DEPLOY);
		assert_string_equal(recipe.stack.template, "s.yml");
		assert_string_equal(recipe.stack.name, "todo-$*");
		assert_string_equal(recipe.stack.parameters, rows[i].want);
		assert_int_equal(recipe.stack.capabilities.count, 2);
		assert_string_equal(recipe.stack.region, "eu-west-1");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_recipes_as_make_would),
		cmocka_unit_test(says_which_lines_it_passed_over),
		cmocka_unit_test(keeps_prerequisites_and_places),
		cmocka_unit_test(refuses_what_is_no_makefile),
		cmocka_unit_test(ends_where_variables_multiply),
		cmocka_unit_test(knows_what_lines_mean),
		cmocka_unit_test(a_failure_that_make_ignores_is_ignored_or_no_step),
		cmocka_unit_test(reads_what_a_deployment_was_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
