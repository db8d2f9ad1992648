#include "base/cleanup.h"
#include "base/mem.h"
#include "secrets/document.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted has names that are variables and values that execve() can take; and what was
 * taken apart goes together again to the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct secrets_rules rules = { .report = &report_none };
	const struct secrets_reference reference = { .text = (char *)(uintptr_t) "s",
						     .id = (char *)(uintptr_t) "s" };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(secrets_variables_release) struct secrets_variables got = SECRETS_VARIABLES_INIT;
	CLEANUP(secrets_variables_release) struct secrets_variables again = SECRETS_VARIABLES_INIT;
	CLEANUP(secret_release) struct secret text = SECRET_INIT, merged = SECRET_INIT;

	secret_set(&text, data, size);
	if (secrets_document_read(&reference, &text, &rules, &got, &err) < 0) {
		assert(err.kind == ERROR_CONFIG && err.msg.len);
		return 0;
	}
	for (size_t i = 0; i < got.count; i++) {
		const struct secret *value = &got.items[i].value;

		assert(secrets_is_variable(got.items[i].name, strlen(got.items[i].name)));
		assert(strlen(secret_bytes(value)) == secret_len(value));
	}
	assert(secrets_document_merge("s", &text, &got, false, &merged, &err) == 0);
	assert(secrets_document_read(&reference, &merged, &rules, &again, &err) == 0);
	assert(again.count == got.count);
	for (size_t i = 0; i < got.count; i++) {
		const struct secrets_variable *same =
			secrets_variables_find(&again, got.items[i].name);

		assert(same);
		assert(strcmp(secret_bytes(&same->value), secret_bytes(&got.items[i].value)) == 0);
	}
	return 0;
}
