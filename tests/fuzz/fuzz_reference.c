#include "base/cleanup.h"
#include "secrets/reference.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever SECRETS may be: each reference names something, and reads the same by itself. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP(secrets_references_release)
	struct secrets_references list = SECRETS_REFERENCES_INIT;

	str_add(&text, data, size);
	if (secrets_references_parse(&list, text.buf, false, &err) < 0) {
		assert(err.kind == ERROR_CONFIG && err.fix.len);
		return 0;
	}
	for (size_t i = 0; i < list.count; i++) {
		const struct secrets_reference *reference = &list.items[i];
		CLEANUP(secrets_references_release)
		struct secrets_references again = SECRETS_REFERENCES_INIT;

		assert(reference->id && *reference->id);
		assert(!reference->variable ||
		       secrets_is_variable(reference->variable, strlen(reference->variable)));
		assert(secrets_references_parse(&again, reference->text, false, &err) == 0);
		assert(again.count == 1 && strcmp(again.items[0].id, reference->id) == 0);
	}
	return 0;
}
