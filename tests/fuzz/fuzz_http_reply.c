#include "base/cleanup.h"
#include "net/http_reply.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum http_reply_state read_first(const uint8_t *data, size_t size, bool is_end,
					struct http_response *ret)
{
	const struct http_reply reply = {
		.bytes = (const char *)data, .len = size, .is_end = is_end, .max_body = 4096
	};
	const char *why = NULL;
	bool is_kept;
	enum http_reply_state state = http_reply_read(&reply, ret, &is_kept, &why);

	assert((state == HTTP_REPLY_BROKEN) == (why != NULL));
	return state;
}

/* An end leaves nothing open, and what was whole before it stays what it was. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(http_response_release) struct http_response early = HTTP_RESPONSE_INIT;
	CLEANUP(http_response_release) struct http_response late = HTTP_RESPONSE_INIT;
	enum http_reply_state before = read_first(data, size, false, &early);
	enum http_reply_state after = read_first(data, size, true, &late);

	assert(after != HTTP_REPLY_PARTIAL);
	if (before != HTTP_REPLY_PARTIAL)
		assert(before == after);
	if (before == HTTP_REPLY_WHOLE)
		assert(early.status == late.status && early.body.len == late.body.len);
	if (after == HTTP_REPLY_WHOLE)
		assert(late.status >= 200 && late.status <= 599 && late.body.len <= 4096);
	return 0;
}
