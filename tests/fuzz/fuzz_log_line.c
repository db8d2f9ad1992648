/* A line of a log: what is shown of it is fit to be shown, and what is found in it is an ARN. */
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sanitize.h"
#include "stack/log_line.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *line = mem_strndup((const char *)data, size);
	CLEANUP(str_release) struct str shown = STR_INIT;
	CLEANUP(str_release) struct str again = STR_INIT;
	CLEANUP(str_release) struct str arn = STR_INIT;
	CLEANUP(str_release) struct str stream = STR_INIT;

	assert(log_line_clean(line, &shown) == (shown.len > 0));
	sanitize(&again, shown.buf, shown.len);
	assert(strcmp(shown.buf, again.buf) == 0);
	if (log_line_find_task(line, &arn))
		assert(strncmp(arn.buf, "arn:", 4) == 0 && strstr(arn.buf, ":task/") &&
		       strstr(line, arn.buf));
	if (log_line_find_stream(line, &stream))
		assert(stream.len && strstr(line, stream.buf));
	return 0;
}
