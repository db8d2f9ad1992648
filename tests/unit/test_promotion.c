/* Which version of an environment is promoted: the one that lives there, where one does. */
#include "deploy/promotion.h"
#include "fake_ecs.h"

/* Asks for the version of environment dev. */
static int find(struct fake_cfn *fake)
{
	CLEANUP(promotion_release) struct promotion promotion = PROMOTION_INIT;
	CLEANUP(config_release) struct config config = CONFIG_INIT;
	struct pipeline source = { .config = &config, .client = fake->client };

	config_conventions("/nonexistent", NULL, &config);
	config.environment = mem_strdup("dev");
	free(config.settings[CONFIG_STACK_NAME].value);
	config.settings[CONFIG_STACK_NAME].value = mem_strdup("todobackend");
	return promotion_find(&source, NULL, &promotion, &fake->err);
}

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

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(find(&fake), -1);
		assert_int_equal(fake.err.kind, ERROR_REFUSED);
		assert_string_equal(fake.err.msg.buf, rows[i].msg);
		assert_string_equal(fake.err.fix.buf, rows[i].fix);
		assert_string_equal(fake.calls.buf, "DescribeStacks");
	}
}

/* CloudFormation says UPDATE_COMPLETE, but ECS has brought the former tasks back. */
static void promotes_nothing_that_ecs_has_rolled_back(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStacks", 200,
		  STACK_WITH("UPDATE_COMPLETE",
			     "<Parameters><member><ParameterKey>ApplicationImageTag</ParameterKey>"
			     "<ParameterValue>2b</ParameterValue></member></Parameters>"),
		  0 },
		{ "ListStackResources", 200,
		  RESOURCES(RESOURCE("Definition", DEFINITION "app:2", "AWS::ECS::TaskDefinition")
				    RESOURCE("App", SERVICE_ARN, "AWS::ECS::Service")),
		  0 },
		{ "DescribeServices", 200,
		  SERVICE(DEPLOYMENT("ecs-svc/3", "PRIMARY", "app:1", "COMPLETED", "", 2, 2,
				     1440938165),
			  ""),
		  0 },
	};
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(find(&fake), -1);
	assert_int_equal(fake.err.kind, ERROR_REFUSED);
	assert_string_equal(fake.err.msg.buf,
			    "environment dev: stack 'todobackend': App: ECS has rolled back: app:2 "
			    "is deployed, but app:1 runs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(promotes_only_what_lives),
		cmocka_unit_test(promotes_nothing_that_ecs_has_rolled_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
