/* What an Engine streams while it pushes: the outcome must not depend on how it was cut. */
#include "base/cleanup.h"
#include "docker/push.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int play(const char *bytes, size_t size, size_t piece, struct str *digest)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(push_release) struct push push = PUSH_INIT;

	push.tag = "1";
	for (size_t at = 0; at < size; at += piece)
		push_add(&push, bytes + at, size - at < piece ? size - at : piece);
	return push_finish(&push, digest, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(str_release) struct str whole = STR_INIT;
	CLEANUP(str_release) struct str cut = STR_INIT;
	int a = play((const char *)data, size, size + 1, &whole);
	int b = play((const char *)data, size, 3, &cut);

	assert(a == b);
	assert(strcmp(whole.buf, cut.buf) == 0);
	return 0;
}
