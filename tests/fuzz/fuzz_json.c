#include "base/cleanup.h"
#include "data/json.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read and written must read as the same value again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str out = STR_INIT;
	json_auto_t *value = json_read((const char *)data, size, &err);
	json_auto_t *again = NULL;

	assert(!value == (err.kind == ERROR_CONFIG));
	if (!value)
		return 0;
	json_write(value, &out);
	again = json_read(out.buf, out.len, &err);
	assert(again && json_typeof(again) == json_typeof(value));
	return 0;
}
