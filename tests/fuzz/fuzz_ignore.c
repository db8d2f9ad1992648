/* A .dockerignore file: its first line is the path that is asked for. */
#include "base/cleanup.h"
#include "base/slice.h"
#include "docker/ignore.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever comes: a path that an exception lets in again is reachable through its folder. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(ignore_release) struct ignore ignore = IGNORE_INIT;
	struct slice rest = { (const char *)data, size };
	CLEANUP_FREE char *path = slice_dup(slice_next_line(&rest));
	char *slash = strrchr(path, '/');
	bool is_ignored;

	ignore_read(rest.p, rest.n, &ignore);
	is_ignored = ignore_has(&ignore, path);
	assert(is_ignored == ignore_has(&ignore, path));
	assert(!is_ignored || ignore.count > 0);
	if (!slash || slash == path || is_ignored)
		return 0;
	*slash = '\0';
	if (ignore_has(&ignore, path))
		assert(ignore_may_return(&ignore, path));
	return 0;
}
