#include "base/cleanup.h"
#include "base/mem.h"
#include "deploy/config.h"
#include "sys/file.h"
#include "test.h"

#include <string.h>
#include <unistd.h>

/* A folder of its own, with the file of the test in it, as the current one. */
struct place {
	char *dir;
	char *back;
};

static struct place enter(const char *text)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct place place = { NULL, getcwd(NULL, 0) };

	assert_non_null(place.back);
	assert_int_equal(file_make_private_dir("config", &place.dir, &err), 0);
	assert_int_equal(chdir(place.dir), 0);
	if (text)
		assert_int_equal(file_write_atomic("deployer.yml", text, strlen(text), 0600, &err),
				 0);
	return place;
}

static void leave(struct place *place)
{
	assert_int_equal(chdir(place->back), 0);
	file_remove_tree(place->dir);
	free(place->dir);
	free(place->back);
}

#define PLACE(text) __attribute__((unused)) CLEANUP(leave) struct place place = enter(text)

static void does_without_a_file(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(config_release) struct config config = CONFIG_INIT;
	PLACE(NULL);

	(void)state;
	assert_int_equal(file_write_atomic("stack.yml", "", 0, 0600, &err), 0);
	assert_int_equal(file_write_atomic("dev.cfg", "", 0, 0600, &err), 0);
	assert_int_equal(config_load(NULL, NULL, &config, &err), 0);
	assert_null(config.file);
	assert_string_equal(config_text(&config, CONFIG_STACK_TEMPLATE), "stack.yml");
	assert_string_equal(config_text(&config, CONFIG_STACK_PARAMETERS), "dev.cfg");
	assert_string_equal(config_text(&config, CONFIG_STACK_TAG_PARAMETER),
			    "ApplicationImageTag");
	assert_string_equal(config.settings[CONFIG_STACK_TAG_PARAMETER].origin, "convention");
	assert_int_equal(config.test.count, 3);
	assert_true(config.test.items[0].pull);
	assert_int_equal(config.test.items[2].kind, STEP_RUN);
	assert_int_equal(config.release.count, 2);
}

static void reads_lists_maps_and_steps(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(config_release) struct config config = CONFIG_INIT;
	PLACE("project: todo\n"
	      "aws: {region: eu-west-1, account: '012345678901'}\n"
	      "stack:\n"
	      "  capabilities: [CAPABILITY_IAM, CAPABILITY_AUTO_EXPAND]\n"
	      "  tags: {team: core, cost: 12}\n"
	      "publish: {tags: []}\n"
	      "stages:\n"
	      "  release:\n"
	      "    - up: migrate\n"
	      "    - run: [app, collect, --no input]\n"
	      "    - make smoke\n");

	(void)state;
	assert_int_equal(config_load(NULL, NULL, &config, &err), 0);
	assert_string_equal(config_text(&config, CONFIG_STACK_NAME), "todo");
	assert_string_equal(config_text(&config, CONFIG_AWS_ACCOUNT), "012345678901");
	assert_int_equal(config_list(&config, CONFIG_STACK_CAPABILITIES)->count, 2);
	assert_true(strv_has(config_list(&config, CONFIG_STACK_TAGS), "cost=12"));
	assert_int_equal(config_list(&config, CONFIG_PUBLISH_TAGS)->count, 0);
	assert_int_equal(config.release.count, 3);
	assert_string_equal(config.release.items[1].args.v[2], "--no input");
	assert_int_equal(config.release.items[2].kind, STEP_EXEC);
	assert_string_equal(config.release.items[2].args.v[1], "smoke");
}

static void lets_an_environment_override(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(config_release) struct config config = CONFIG_INIT;
	PLACE("project: todo\n"
	      "environments:\n"
	      "  dev: {}\n"
	      "  prod:\n"
	      "    stack: {name: todo-live, parameters: live.json}\n");

	(void)state;
	assert_int_equal(config_load(NULL, "prod", &config, &err), 0);
	assert_string_equal(config_text(&config, CONFIG_STACK_NAME), "todo-live");
	assert_string_equal(config.settings[CONFIG_STACK_NAME].origin, "environment prod");
	assert_int_equal(config.environments.count, 2);
	config_release(&config);
	assert_int_equal(config_load(NULL, "dev", &config, &err), 0);
	assert_string_equal(config_text(&config, CONFIG_STACK_NAME), "todo-dev");
	config_release(&config);
	assert_int_equal(config_load(NULL, "stage", &config, &err), -1);
	assert_non_null(strstr(err.msg.buf, "has no environment 'stage'"));
}

static void says_where_a_mistake_is(void **state)
{
	static const struct {
		const char *text, *msg, *fix;
	} rows[] = {
		{ "project: a\nstack:\n  nme: b\n", "deployer.yml:3: unknown key 'stack.nme'",
		  "did you mean 'stack.name'?" },
		{ "environments:\n  dev:\n    stack:\n      templte: x\n",
		  "deployer.yml:4: unknown key 'environments.dev.stack.templte'",
		  "did you mean 'stack.template'?" },
		{ "zzzzzzzzzz: a\n", "deployer.yml:1: unknown key 'zzzzzzzzzz'",
		  "'deployer config' prints every key" },
		/* What an alias stands for has no place of its own. */
		{ "environments:\n  x: &x {stack: {nme: a}}\n  dev: *x\n",
		  "deployer.yml: unknown key 'environments.dev.stack.nme'",
		  "did you mean 'stack.name'?" },
		{ "stack: [a]\n", "deployer.yml:1: 'stack' is not a map", "" },
		{ "project: {a: b}\n", "deployer.yml:1: 'project' is not a text", "" },
		{ "stages:\n  test: build\n",
		  "deployer.yml:2: 'stages.test' is not a list of steps", "" },
		{ "stages:\n  test:\n  - dance: x\n",
		  "deployer.yml:2: 'stages.test' is not a step: build, up, run, exec", "" },
		{ "aws: {account: 123}\n", "aws.account '123' is not 12 digits",
		  "write it in quotes, so that YAML keeps leading zeros" },
		{ "stack: {name: 'a/b'}\n", "stack.name 'a/b' is not a stack's name",
		  "a stack's name is up to 128 of A-Z a-z 0-9 - and starts with a letter" },
		{ "stack: {name: \"a\\r\\nb\"}\n", "is not a stack's name",
		  "a stack's name is up to 128 of A-Z a-z 0-9 - and starts with a letter" },
		{ "stack: {name: 1a}\n", "stack.name '1a' is not a stack's name",
		  "a stack's name is up to 128 of A-Z a-z 0-9 - and starts with a letter" },
		{ "a: [\n", "line 2", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(config_release) struct config config = CONFIG_INIT;
		PLACE(rows[i].text);

		assert_int_equal(config_load(NULL, "dev", &config, &err), -1);
		assert_int_equal(error_exit_status(&err), 2);
		if (!strstr(err.msg.buf, rows[i].msg))
			fail_msg("row %zu: '%s' lacks '%s'", i, err.msg.buf, rows[i].msg);
		assert_string_equal(err.fix.buf, rows[i].fix);
	}
}

static void is_found_from_a_folder_below(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(config_release) struct config config = CONFIG_INIT;
	PLACE("project: above\n");

	(void)state;
	assert_int_equal(file_make_dirs("a/b", &err), 0);
	assert_int_equal(chdir("a/b"), 0);
	assert_int_equal(config_load(NULL, NULL, &config, &err), 0);
	assert_string_equal(config_text(&config, CONFIG_PROJECT), "above");
	assert_string_equal(config.dir, place.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(does_without_a_file),
		cmocka_unit_test(reads_lists_maps_and_steps),
		cmocka_unit_test(lets_an_environment_override),
		cmocka_unit_test(says_where_a_mistake_is),
		cmocka_unit_test(is_found_from_a_folder_below),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
