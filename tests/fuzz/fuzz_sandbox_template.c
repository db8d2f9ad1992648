#include "base/cleanup.h"
#include "sandbox/plan.h"
#include "sandbox/sandbox.h"
#include "sandbox/template.h"

#include <stdint.h>

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

static void plan(struct sandbox *sandbox, const json_t *template, struct error *err)
{
	json_auto_t *values = template_parameters(template, NULL, NULL, err);
	const struct plan_request request = { .stack_name = "fuzz",
					      .stack_id = "arn:fuzz",
					      .template = template,
					      .parameters = values };
	json_auto_t *result = values ? plan_make(sandbox, &request, err) : NULL;
	json_auto_t *changes = result ? plan_changes(result, &request) : NULL;

	if (!changes != (err->kind != ERROR_NONE))
		__builtin_trap();
}

/* Any text is a template that is planned, or refused with a reason. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(sandbox_freep) struct sandbox *sandbox = NULL;
	struct clock clock = { now, now, sleep_not };
	const struct sandbox_options options = { .clock = &clock };
	json_auto_t *template = template_read((const char *)data, size, &err);

	if (!template != (err.kind != ERROR_NONE))
		__builtin_trap();
	if (template && sandbox_open(&options, &sandbox, &err) == 0)
		plan(sandbox, template, &err);
	return 0;
}
