/* A pattern and a text, parted by a NUL: whatever they are, there is a verdict, and the same again.
 */
#include "base/cleanup.h"
#include "base/mem.h"
#include "data/pattern.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *pattern = mem_strndup((const char *)data, size);
	size_t len = strlen(pattern);
	CLEANUP_FREE char *text = mem_strndup((const char *)data + (len < size ? len + 1 : size),
					      len < size ? size - len - 1 : 0);
	CLEANUP_FREE char *either = mem_printf("(?:%s)|(?:%s)", pattern, pattern);
	enum pattern_verdict verdict = pattern_match(pattern, text);
	enum pattern_verdict again = pattern_match(either, text);

	assert(verdict == PATTERN_UNKNOWN || again == PATTERN_UNKNOWN || verdict == again);
	return 0;
}
