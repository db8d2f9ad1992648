/* A test report that some program wrote. */
#include "base/cleanup.h"
#include "deploy/tally.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is refused counts nothing; what is taken counts each test once. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(tally_release) struct tally tally = { 0 };
	struct test_count sum;

	tally_begin(&tally, &report_none);
	if (tally_add_junit(&tally, (const char *)data, size, &err) < 0) {
		assert(err.kind == ERROR_CONFIG && err.msg.len);
		assert(tally_sum(&tally).run == 0);
		return 0;
	}
	sum = tally_sum(&tally);
	assert(sum.failed + sum.skipped <= sum.run && sum.missing == 0);
	assert(sum.run <= size);
	return 0;
}
