#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "sandbox/call.h"
#include "sandbox/sandbox.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t now(struct clock *clock)
{
	(void)clock;
	return 1767225600000;
}

static void sleep_not(struct clock *clock, int64_t ms)
{
	(void)clock;
	(void)ms;
}

/* "TARGET", then "name: value" headers, a blank line, and the body: what libmicrohttpd hands over.
 */
static void read_request(struct slice rest, struct request *request)
{
	struct slice line = slice_next_line(&rest);
	char *target = slice_dup(line);

	request->method = "POST";
	target[strcspn(target, "\r")] = '\0';
	request->target = target;
	for (line = slice_next_line(&rest); line.n; line = slice_next_line(&rest))
		strv_take(&request->headers, slice_dup(line));
	str_add(&request->body, rest.p, rest.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(request_release) struct request request = REQUEST_INIT;
	CLEANUP(reply_release) struct reply reply = REPLY_INIT;
	CLEANUP(sandbox_freep) struct sandbox *sandbox = NULL;
	struct clock clock = { now, now, sleep_not };
	const struct sandbox_options options = { .clock = &clock };

	if (sandbox_open(&options, &sandbox, &err) < 0)
		__builtin_trap();
	read_request((struct slice){ (const char *)data, size }, &request);
	sandbox_answer(sandbox, &request, &reply);
	free((void *)(uintptr_t)request.target);
	/* Nobody can sign without the key: only a session by web identity is had for nothing. */
	if (reply.status < 400 && !strstr(reply.body.buf, "AssumeRoleWithWebIdentityResult"))
		__builtin_trap();
	return 0;
}
