#include "base/cleanup.h"
#include "secrets/environment_file.h"
#include "secrets/reference.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is accepted can be handed to execve(), each variable once. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct secrets_rules rules = { .report = &report_none };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(secrets_variables_release) struct secrets_variables got = SECRETS_VARIABLES_INIT;

	if (secrets_environment_read("f", (const char *)data, size, &rules, &got, &err) < 0) {
		assert(err.kind == ERROR_CONFIG && err.msg.len);
		return 0;
	}
	for (size_t i = 0; i < got.count; i++) {
		const struct secrets_variable *variable = &got.items[i];

		assert(secrets_is_variable(variable->name, strlen(variable->name)));
		assert(strlen(secret_bytes(&variable->value)) == secret_len(&variable->value));
		assert(secrets_variables_find(&got, variable->name) == variable);
	}
	return 0;
}
