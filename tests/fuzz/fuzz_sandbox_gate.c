#include "base/cleanup.h"
#include "sandbox/registry_gate.h"

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

/* The head of a request to the registry: what goes on has no login but the gate's own. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(gate_request_release) struct gate_request request = GATE_REQUEST_INIT;
	CLEANUP(gate_verdict_release) struct gate_verdict verdict = GATE_VERDICT_INIT;
	CLEANUP(str_release) struct str name = STR_INIT;
	CLEANUP(sandbox_freep) struct sandbox *sandbox = NULL;
	struct clock clock = { now, now, sleep_not };
	const struct sandbox_options options = { .clock = &clock };

	if (!gate_request_read((const char *)data, size, &request))
		return 0;
	if (strcasestr(request.head.buf, "\nauthorization:"))
		__builtin_trap();
	if (sandbox_open(&options, &sandbox, &err) < 0)
		__builtin_trap();
	gate_request_name(&request, &name);
	if (strncmp(name.buf, request.method.buf, request.method.len) != 0)
		__builtin_trap();
	gate_request_check(sandbox, &request, &verdict);
	if (verdict.is_known)
		__builtin_trap();
	return 0;
}
