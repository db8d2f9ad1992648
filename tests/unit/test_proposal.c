#include "deploy/proposal.h"

#include "base/cleanup.h"
#include "deploy/config.h"
#include "deploy/draft.h"
#include "sys/file.h"
#include "test.h"

#include <string.h>

#define COMPOSE                                                                                    \
	"services:\n  test: {build: .}\n  release: {build: ., image: 'a/b:latest'}\n"              \
	"  app: {image: 'a/b:${APP_VERSION}', extends: release}\n  migrate: {extends: release}\n"  \
	"  acceptance: {extends: release}\n"
#define STACK                                                                                      \
	"Parameters: {ApplicationImageTag: {Type: String}}\n"                                      \
	"Resources: {A: {Type: 'AWS::SNS::Topic'}}\n"

struct file {
	const char *name;
	const char *text;
};

/* Makes a folder with the files, proposes, and removes it. */
static int propose(const struct file *files, struct proposal *ret, struct error *err)
{
	CLEANUP_FREE char *dir = NULL;
	int result;

	assert_int_equal(file_make_private_dir("test", &dir, err), 0);
	for (; files->name; files++) {
		CLEANUP_FREE char *path = file_join(dir, files->name);

		assert_int_equal(
			file_write_atomic(path, files->text, strlen(files->text), 0600, err), 0);
	}
	result = proposal_make(dir, ret, err);
	file_remove_tree(dir);
	return result;
}

/* What is in the folder, and lines that must be and must not be in the file. */
static const struct folder_case {
	struct file files[5];
	const char *has[4];
	const char *lacks[3];
} folder_cases[] = {
	{ .files = { { "docker-compose.yml", COMPOSE }, { "stack.yml", STACK } },
	  .lacks = { "stages", "stack:", "compose:" } },
	{ .files = { { "Makefile", "test: lint\n\tdocker-compose run test\nlint:\n\t./lint\n" },
		     { "docker-compose.yml", COMPOSE },
		     { "stack.yml", STACK } },
	  .has = { "  test:  # Makefile:1, target 'test'\n    - exec: [./lint]  # "
		   "Makefile:4\n"
		   "    - run: test  # Makefile:2\n",
		   "#   make test         deployer test\n" },
	  .lacks = { "release:", "Not taken over" } },
	{ .files = { { "Makefile", "publish:\n\tdocker-compose push app\n\t./after\n" },
		     { "docker-compose.yml", COMPOSE },
		     { "stack.yml", STACK } },
	  .has = { "publish:\n  tags: []  # Makefile:2\n", "#   Makefile:3: ./after\n" } },
	{ .files = { { "Makefile", "deploy/%:\n\taws cloudformation deploy --stack-name "
				   "todo-$* --parameter-overrides $$(cat p-$*.cfg)\n" },
		     { "p-prod.cfg", "ApplicationImageTag=1\n" },
		     { "stack.yml", STACK } },
	  .has = { "  prod: {stack: {name: todo-prod, parameters: p-prod.cfg}}\n" } },
	{ .files = { { "Makefile", "deploy-live:\n\taws cloudformation deploy --stack-name "
				   "todo --capabilities CAPABILITY_IAM\n" },
		     { "stack.yml", STACK } },
	  .has = { "  live: {stack: {name: todo}}\n", "  capabilities: [CAPABILITY_IAM]" } },
	{ .files = { { "Makefile", "deploy:\n\taws cloudformation deploy --stack-name to_do\n" },
		     { "stack.yml", STACK } },
	  .has = { "#   Makefile:2: aws cloudformation deploy --stack-name to_do\n"
		   "#     no stack can have that name\n" },
	  .lacks = { "\nstack:", "name:" } },
	{ .files = { { "Makefile", "deploy/%:\n\taws cloudformation deploy --stack-name "
				   "to_do_$* --parameter-overrides $$(cat p-$*.cfg)\n" },
		     { "p-prod.cfg", "ApplicationImageTag=1\n" },
		     { "stack.yml", STACK } },
	  .has = { "no stack can have that name\n" },
	  .lacks = { "name:" } },
	{ .files = { { "compose.yml", "services: {web: {image: '123456789012.dkr.ecr."
				      "eu-west-1.amazonaws.com/a/b:${APP_VERSION}'}}\n" },
		     { "cfn.yml", STACK } },
	  .has = { "  account: \"123456789012\"  # compose.yml, image of service 'web'\n",
		   "  region: eu-west-1", "  services: {app: web}", "  template: cfn.yml" } },
	{ .files = { { "Makefile", "deploy:\n\taws cloudformation deploy --template-file "
				   "infra.yml --stack-name todo --parameter-overrides "
				   "file://live.json\n" },
		     { "infra.yml", "Parameters: {AppVersion: {Type: String}}\nResources: "
				    "{A: {Type: 'AWS::SNS::Topic'}}\n" },
		     { "dev.cfg", "ApplicationImageTag=1\n" },
		     { "stack.yml", STACK } },
	  .has = { "  name: todo  # Makefile:2\n  template: infra.yml  # Makefile:2\n"
		   "  parameters: live.json  # Makefile:2\n  tag_parameter: AppVersion" },
	  .lacks = { "environments:" } },
	{ .files = { { "stack.yml", "Parameters: {ImageTag: {Type: String}}\n"
				    "Resources: {A: {Type: 'AWS::SNS::Topic'}}\n" } },
	  .has = { "  tag_parameter: ImageTag" } },
	{ .files = { { "Makefile", "test:\n\t-$(RUN) a\n\tinclude\ninclude x\n" },
		     { "docker-compose.yml", "services: [\n" } },
	  .has = { "#   Makefile:2: $(RUN) a\n",
		   "#     only make knows what its variables and functions stand for\n",
		   "#   Makefile:4: include x\n", "#   docker-compose.yml" } },
};

static void writes_what_differs_from_convention(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(folder_cases) / sizeof(folder_cases[0]); i++) {
		CLEANUP(proposal_release) struct proposal proposal = PROPOSAL_INIT;
		CLEANUP(error_release) struct error err = ERROR_INIT;

		if (propose(folder_cases[i].files, &proposal, &err) < 0)
			fail_msg("row %zu: %s", i, err.msg.buf);
		for (size_t j = 0; j < 4 && folder_cases[i].has[j]; j++) {
			if (!strstr(proposal.text.buf, folder_cases[i].has[j]))
				fail_msg("row %zu lacks '%s':\n%s", i, folder_cases[i].has[j],
					 proposal.text.buf);
		}
		for (size_t j = 0; j < 3 && folder_cases[i].lacks[j]; j++) {
			if (strstr(proposal.text.buf, folder_cases[i].lacks[j]))
				fail_msg("row %zu has '%s':\n%s", i, folder_cases[i].lacks[j],
					 proposal.text.buf);
		}
	}
}

static void needs_something_to_go_by(void **state)
{
	const struct file nothing[] = { { NULL, NULL } };
	CLEANUP(proposal_release) struct proposal proposal = PROPOSAL_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(propose(nothing, &proposal, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_true(err.fix.len > 0);
}

static void says_what_is_wrong_with_a_compose_file_and_goes_on(void **state)
{
	static const struct file files[] = { { "docker-compose.yml", "services: [app]\n" },
					     { "stack.yml", STACK },
					     { NULL, NULL } };
	CLEANUP(proposal_release) struct proposal proposal = PROPOSAL_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(propose(files, &proposal, &err), 0);
	assert_non_null(strstr(proposal.text.buf, "Not taken over:\n#   docker-compose.yml"));
	assert_non_null(strstr(proposal.text.buf, "it has no services"));
}

/* What YAML would read as something else stands in quotes. */
static void quotes_what_is_no_plain_word(void **state)
{
	static const char *const rows[][2] = {
		{ "dev.cfg", "dev.cfg" },
		{ "./smoke", "./smoke" },
		{ "385605022855", "\"385605022855\"" },
		{ "no", "\"no\"" },
		{ "", "\"\"" },
		{ "a b", "\"a b\"" },
		{ "a: b", "\"a: b\"" },
		{ "--x", "\"--x\"" },
		{ "a\"b\\", "\"a\\\"b\\\\\"" },
		{ "a #b", "\"a #b\"" },
		{ "Null", "\"Null\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(str_release) struct str got = STR_INIT;

		draft_quote(rows[i][0], &got);
		assert_string_equal(got.buf, rows[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_what_differs_from_convention),
		cmocka_unit_test(needs_something_to_go_by),
		cmocka_unit_test(says_what_is_wrong_with_a_compose_file_and_goes_on),
		cmocka_unit_test(quotes_what_is_no_plain_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
