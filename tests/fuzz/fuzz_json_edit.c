/* An edited JSON text is JSON with that one change; taking the member out again undoes it. */
#include "base/cleanup.h"
#include "data/json.h"
#include "data/json_edit.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static json_t *read_back(const struct str *text)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	json_t *value = json_read(text->buf, text->len, &err);

	assert(value);
	return value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const path[] = { "a", "b", NULL };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	json_auto_t *before = NULL, *edited = NULL, *after = NULL;
	bool found;

	str_add(&text, data, size);
	if (json_edit_set(&text, path, "[\"x\"]", &err) < 0) {
		assert(text.len == size && memcmp(text.buf, data, size) == 0);
		return 0;
	}
	before = json_read((const char *)data, size, &err);
	edited = read_back(&text);
	assert(json_array_size(json_object_get(json_object_get(edited, "a"), "b")) == 1);
	assert(json_edit_remove(&text, path, &found, &err) == 0 && found);
	after = read_back(&text);
	json_object_del(json_object_get(before, "a"), "b");
	if (json_object_size(json_object_get(before, "a")) == 0)
		json_object_del(before, "a");
	assert(json_equal(before, after));
	return 0;
}
