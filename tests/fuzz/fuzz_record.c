#include "base/cleanup.h"
#include "deploy/record.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read is whole: its document can be written, and more lines can follow. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(record_release) struct record record = RECORD_INIT;
	CLEANUP(str_release) struct str out = STR_INIT;
	CLEANUP(str_release) struct str line = STR_INIT;

	if (record_read((const char *)data, size, &record, &err) < 0) {
		assert(err.kind == ERROR_CONFIG && err.msg.len);
		return 0;
	}
	assert(record.runs > 0 && record.exit_status >= -1 && record.exit_status <= 255);
	record_write_json(&record, &out);
	record_line_run(&line, 0, &record);
	assert(record_apply(&record, line.buf, line.len, &err) == 0);
	return 0;
}
