/* A path and a text, parted by a NUL: a place is in the text, found or not. */
#include "base/cleanup.h"
#include "base/mem.h"
#include "data/yaml.h"
#include "data/yaml_locate.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *path = mem_strndup((const char *)data, size);
	size_t skipped = strlen(path) + 1;
	const char *text = (const char *)data + skipped;
	struct place place = { 0, 0 };
	json_auto_t *value = NULL;

	if (skipped > size)
		return 0;
	value = yaml_read(text, size - skipped, YAML_CLOUDFORMATION, &err);
	if (!value)
		return 0;
	(void)yaml_locate(text, size - skipped, path, &place);
	assert(place.line >= 1 && place.column >= 1 && place.line <= size + 1);
	return 0;
}
