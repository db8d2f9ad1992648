/* Which version of an environment is promoted: the one that lives there, where one does. */
#include "deploy/promotion.h"
#include "fake_cfn.h"

static void promotes_only_what_lives(void **state)
{
	static const struct {
		int status;
		const char *stack, *msg, *fix;
	} rows[] = {
		{ 200, STACK("UPDATE_ROLLBACK_COMPLETE"),
		  "environment dev: stack 'todobackend' is in UPDATE_ROLLBACK_COMPLETE",
		  "wait for it or repair it, or name the version with --tag" },
		{ 200, STACK("UPDATE_IN_PROGRESS"),
		  "environment dev: stack 'todobackend' is in UPDATE_IN_PROGRESS",
		  "wait for it or repair it, or name the version with --tag" },
		{ 200, STACK("UPDATE_COMPLETE"),
		  "environment dev: stack 'todobackend' has no parameter 'ApplicationImageTag'",
		  "name its parameter as stack.tag_parameter in deployer.yml, or the version with "
		  "--tag" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "DescribeStacks", rows[i].status, rows[i].stack, 0 },
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
		CLEANUP(promotion_release) struct promotion promotion = PROMOTION_INIT;
		CLEANUP(config_release) struct config config = CONFIG_INIT;
		struct pipeline source = { .config = &config };

		config_conventions("/nonexistent", NULL, &config);
		config.environment = mem_strdup("dev");
		free(config.settings[CONFIG_STACK_NAME].value);
		config.settings[CONFIG_STACK_NAME].value = mem_strdup("todobackend");
		FAKE_CFN_SET_UP(fake, answers);
		source.client = fake.client;
		assert_int_equal(promotion_find(&source, NULL, &promotion, &fake.err), -1);
		assert_int_equal(fake.err.kind, ERROR_REFUSED);
		assert_string_equal(fake.err.msg.buf, rows[i].msg);
		assert_string_equal(fake.err.fix.buf, rows[i].fix);
		assert_string_equal(fake.calls.buf, "DescribeStacks");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(promotes_only_what_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
