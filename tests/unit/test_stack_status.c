#include "stack/status.h"
#include "test.h"

/* Facts: reliability 1.A, all 23 statuses of the API model and what is not among them. */
static void knows_what_each_status_means(void **state)
{
	static const struct {
		const char *status;
		enum stack_start start;
		enum stack_verdict verdict;
	} rows[] = {
		{ "CREATE_IN_PROGRESS", START_BUSY, VERDICT_RUNNING },
		{ "CREATE_FAILED", START_CHOICE, VERDICT_STUCK },
		{ "CREATE_COMPLETE", START_UPDATE, VERDICT_DONE },
		{ "ROLLBACK_IN_PROGRESS", START_BUSY, VERDICT_RUNNING },
		{ "ROLLBACK_FAILED", START_STUCK, VERDICT_STUCK },
		{ "ROLLBACK_COMPLETE", START_STUCK, VERDICT_STUCK },
		{ "DELETE_IN_PROGRESS", START_BUSY, VERDICT_STUCK },
		{ "DELETE_FAILED", START_STUCK, VERDICT_STUCK },
		{ "DELETE_COMPLETE", START_CREATE, VERDICT_STUCK },
		{ "UPDATE_IN_PROGRESS", START_BUSY, VERDICT_RUNNING },
		{ "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", START_BUSY, VERDICT_RUNNING },
		{ "UPDATE_COMPLETE", START_UPDATE, VERDICT_DONE },
		{ "UPDATE_FAILED", START_CHOICE, VERDICT_STUCK },
		{ "UPDATE_ROLLBACK_IN_PROGRESS", START_BUSY, VERDICT_RUNNING },
		{ "UPDATE_ROLLBACK_FAILED", START_STUCK, VERDICT_STUCK },
		{ "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", START_BUSY, VERDICT_RUNNING },
		{ "UPDATE_ROLLBACK_COMPLETE", START_UPDATE, VERDICT_ROLLED_BACK },
		{ "REVIEW_IN_PROGRESS", START_CREATE, VERDICT_RUNNING },
		{ "IMPORT_IN_PROGRESS", START_BUSY, VERDICT_FOREIGN },
		{ "IMPORT_COMPLETE", START_UPDATE, VERDICT_FOREIGN },
		{ "IMPORT_ROLLBACK_IN_PROGRESS", START_BUSY, VERDICT_FOREIGN },
		{ "IMPORT_ROLLBACK_FAILED", START_STUCK, VERDICT_FOREIGN },
		{ "IMPORT_ROLLBACK_COMPLETE", START_UPDATE, VERDICT_FOREIGN },
		{ "", START_CREATE, VERDICT_STUCK },
		{ "MIGRATE_IN_PROGRESS", START_BUSY, VERDICT_RUNNING },
		{ "MIGRATE_COMPLETE", START_UNKNOWN, VERDICT_FOREIGN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(stack_status_start(rows[i].status), rows[i].start);
		assert_int_equal(stack_status_verdict(rows[i].status), rows[i].verdict);
	}
}

static void has_a_remedy_wherever_it_stops(void **state)
{
	static const char *const rows[] = { "CREATE_FAILED",	  "ROLLBACK_COMPLETE",
					    "UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED",
					    "DELETE_FAILED",	  "MIGRATE_COMPLETE" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(stack_status_fix(rows[i])[0] != '\0');
}

static void tells_failures_by_their_ending(void **state)
{
	(void)state;
	assert_true(status_is_failed("CREATE_FAILED"));
	assert_false(status_is_failed("CREATE_FAILED_X"));
	assert_false(status_is_failed("FAILED"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_what_each_status_means),
		cmocka_unit_test(has_a_remedy_wherever_it_stops),
		cmocka_unit_test(tells_failures_by_their_ending),
	};

	return cmocka_run_group_tests_name("stack_status", tests, NULL, NULL);
}
