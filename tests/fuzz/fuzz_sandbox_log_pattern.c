#include "base/cleanup.h"
#include "base/mem.h"
#include "sandbox/log_pattern.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A pattern, a line end, and a message; whatever is no pattern is refused before it is used. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *text = mem_strndup((const char *)data, size);
	char *message = strchr(text, '\n');

	if (!message)
		return 0;
	*message++ = '\0';
	if (log_pattern_check(text, &err) == 0)
		(void)log_pattern_fits(text, message);
	else if (!err.msg.len)
		__builtin_trap();
	return 0;
}
