#include "base/cleanup.h"
#include "data/yaml.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte picks the dialect; whatever is read must be a value, or an error with a text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	json_auto_t *value = NULL;

	if (size == 0)
		return 0;
	value = yaml_read((const char *)data + 1, size - 1,
			  data[0] & 1 ? YAML_CLOUDFORMATION : YAML_PLAIN, &err);
	if (!value == (err.msg.len == 0))
		__builtin_trap();
	return 0;
}
