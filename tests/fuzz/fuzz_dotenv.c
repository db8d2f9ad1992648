/* A .env file: its first line is the name that is asked for. */
#include "base/cleanup.h"
#include "base/slice.h"
#include "docker/dotenv.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is found is a piece of one line of the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(str_release) struct str value = STR_INIT;
	struct slice rest = { (const char *)data, size };
	CLEANUP_FREE char *name = slice_dup(slice_next_line(&rest));

	if (!dotenv_find(rest.p, rest.n, name, &value)) {
		assert(value.len == 0);
		return 0;
	}
	assert(!memchr(value.buf, '\n', value.len));
	assert(value.len == 0 || memmem(rest.p, rest.n, value.buf, value.len));
	return 0;
}
