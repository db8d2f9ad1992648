/* What services print: each line begins with the byte that names its service. */
#include "base/cleanup.h"
#include "base/slice.h"
#include "deploy/tally.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(tally_release) struct tally tally = { 0 };
	CLEANUP(str_release) struct str text = STR_INIT;
	struct slice rest = { (const char *)data, size };
	struct test_count sum;

	tally_begin(&tally, &report_none);
	while (rest.n) {
		CLEANUP_FREE char *line = slice_dup(slice_next_line(&rest));
		const char name[] = { line[0], '\0' };

		report_output(&tally.report, name, line[0] ? line + 1 : line);
	}
	sum = tally_sum(&tally);
	assert(sum.failed + sum.skipped <= sum.run);
	assert(sum.run <= size);
	tally_describe(&tally, &text);
	assert((text.len > 0) == (sum.run + sum.missing > 0));
	return 0;
}
