#include "base/cleanup.h"
#include "base/str.h"
#include "data/assignments.h"
#include "data/dotenv.h"
#include "data/yaml.h"
#include "data/yaml_map.h"
#include "stack/parameters_json.h"
#include "stack/parameters_samconfig.h"
#include "stack/parameters_write.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef int (*read_fn)(const char *text, size_t len, struct assignments *ret, struct error *err);

static int read_yaml(const char *text, size_t len, struct assignments *ret, struct error *err)
{
	struct slice bytes = assignments_skip_bom(text, len);
	json_auto_t *checked = yaml_read(bytes.p, bytes.n, YAML_PLAIN, err);

	return checked ? yaml_map_read(text, len, "Parameters", ret, err) : -1;
}

static int read_samconfig(const char *text, size_t len, struct assignments *ret, struct error *err)
{
	return samconfig_read(text, len, NULL, ret, err);
}

/* A value that can be replaced is replaced: the text reads the same but for it, where it reads. */
static void check_splice(read_fn read, const char *text, size_t len, const struct assignments *list,
			 size_t at)
{
	static const char value[] = "a5fdbe6";
	const struct assignment *item = &list->items[at];
	CLEANUP(assignments_release) struct assignments after = ASSIGNMENTS_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str edited = STR_INIT;

	assert(item->value_at <= len && item->value_len <= len - item->value_at);
	assert(item->value_len == strlen(item->value));
	assert(memcmp(text + item->value_at, item->value, item->value_len) == 0);
	str_add(&edited, text, item->value_at);
	str_adds(&edited, value);
	str_add(&edited, text + item->value_at + item->value_len,
		len - item->value_at - item->value_len);
	if (read(edited.buf, edited.len, &after, &err) < 0)
		return;
	assert(after.count == list->count);
	assert(strcmp(after.items[at].value, value) == 0);
}

/* Every text that reads has a place for one more, or none; the place is within it. */
static void check_entry(enum parameter_format format, const char *text, size_t len,
			const struct assignments *list)
{
	CLEANUP(str_release) struct str entry = STR_INIT;
	struct parameter_file file = PARAMETER_FILE_INIT;
	size_t at = 0;

	file.format = format;
	str_add(&file.text, text, len);
	file.list = *list;
	if (parameters_write_entry(&file, "NewKey", "a5fdbe6", &at, &entry)) {
		assert(at <= len);
		assert(strstr(entry.buf, "a5fdbe6"));
	}
	str_release(&file.text);
}

static void check(read_fn read, enum parameter_format format, const char *text, size_t len)
{
	CLEANUP(assignments_release) struct assignments list = ASSIGNMENTS_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;

	if (read(text, len, &list, &err) < 0) {
		assert(err.kind == ERROR_CONFIG || err.kind == ERROR_REFUSED);
		assert(list.count == 0);
		return;
	}
	(void)assignments_check_unique(&list, &err);
	for (size_t i = 0; i < list.count && i < 4; i++)
		if (!list.items[i].is_fixed && !list.items[i].is_previous)
			check_splice(read, text, len, &list, i);
	check_entry(format, text, len, &list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	(void)assignments_recognise(text, size);
	check(assignments_read, PARAMETERS_ASSIGNMENTS, text, size);
	check(parameters_read_json, PARAMETERS_JSON_OBJECT, text, size);
	check(read_yaml, PARAMETERS_YAML, text, size);
	check(read_samconfig, PARAMETERS_SAMCONFIG, text, size);
	check(dotenv_read, PARAMETERS_DOTENV, text, size);
	(void)samconfig_recognise(text, size);
	return 0;
}
