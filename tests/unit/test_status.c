/* What is live: a look that is interrupted is none that found nothing. */
#include "deploy/status.h"
#include "fake_cfn.h"
#include "sys/file.h"

#define SETTINGS "stack: {name: todobackend}\n"

static int look(struct fake_cfn *fake, struct status *ret)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(config_release) struct config config = CONFIG_INIT;
	CLEANUP_FREE char *dir = NULL;
	CLEANUP_FREE char *path = NULL;
	const struct status_request request = {
		.config = &config,
		.client = fake->client,
		.git = "",
		.repository = "",
	};

	assert_int_equal(file_make_private_dir("test", &dir, &err), 0);
	path = file_join(dir, "deployer.yml");
	assert_int_equal(file_write_atomic(path, SETTINGS, strlen(SETTINGS), 0600, &err), 0);
	assert_int_equal(config_load(path, NULL, &config, &err), 0);
	file_remove_tree(dir);
	return status_find(&request, ret, &fake->err);
}

static void is_interrupted_or_leaves_out_what_is_not_told(void **state)
{
	static const struct {
		int status; /* of the look at the stack's resources */
		int want;
	} rows[] = { { INTERRUPTED, 130 }, { 0, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_answer answers[] = {
			{ "DescribeStacks", 200, STACK("UPDATE_COMPLETE"), 0 },
			{ "ListStackResources", rows[i].status, NULL, 0 },
		};
		CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
		CLEANUP(status_release) struct status status = STATUS_INIT;

		FAKE_CFN_SET_UP(fake, answers);
		assert_int_equal(look(&fake, &status), rows[i].want ? -1 : 0);
		assert_int_equal(error_exit_status(&fake.err), rows[i].want);
		assert_int_equal(status.are_tasks_unknown, !rows[i].want);
		if (rows[i].want)
			assert_string_equal(fake.err.msg.buf, "status of stack 'todobackend': "
							      "looking: interrupted by SIGINT");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_interrupted_or_leaves_out_what_is_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
