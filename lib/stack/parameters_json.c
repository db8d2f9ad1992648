#include "stack/parameters_json.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/json.h"
#include "data/json_walk.h"
#include "data/place.h"

#include <string.h>

struct reader {
	const char *start;   /* of the file, for offsets */
	const char *counted; /* so far lines are counted */
	unsigned line;
	struct assignments list;
};

static void reader_release(struct reader *reader)
{
	assignments_release(&reader->list);
}

/* Values come in the order of the text, so that each line is counted once. */
static unsigned line_of(struct reader *reader, struct slice value)
{
	for (; reader->counted < value.p; reader->counted++)
		reader->line += *reader->counted == '\n';
	return reader->line;
}

static int fail_at(struct reader *reader, struct slice value, const char *what, struct error *err)
{
	struct place place = place_of(reader->start, (size_t)(value.p - reader->start));

	error_set(err, ERROR_CONFIG, "line %u: %s", place.line, what);
	return error_at(err, place.line, place.column);
}

/* Text as it is meant, numbers and truths as they are written; NULL for all else. */
static char *scalar_text(struct slice value)
{
	char *text = json_walk_string(value);

	if (text)
		return text;
	if (value.n == 0 || strchr("{[n", value.p[0]))
		return NULL;
	return slice_dup(value);
}

static char *list_text(struct slice value)
{
	CLEANUP(str_release) struct str joined = STR_INIT;
	struct json_walk walk = json_walk_begin(value);
	size_t count = 0;
	struct slice key, item;

	if (value.n == 0 || value.p[0] != '[')
		return NULL;
	while (json_walk_next(&walk, &key, &item)) {
		CLEANUP_FREE char *text = scalar_text(item);

		if (!text)
			return NULL;
		str_addf(&joined, "%s%s", count++ ? "," : "", text);
	}
	return str_detach(&joined);
}

/* The place of a string is what lies between its quotation marks. */
static void add(struct reader *reader, const char *key, const char *text, struct slice value)
{
	struct assignment *item = assignments_add(&reader->list, slice_of(key), slice_of(text));

	item->line = line_of(reader, value);
	item->is_fixed = value.p[0] != '"' || value.n != strlen(text) + 2;
	item->value_at = (size_t)(value.p - reader->start) + (item->is_fixed ? 0 : 1);
	item->value_len = item->is_fixed ? 0 : value.n - 2;
}

static int read_value(struct reader *reader, const char *key, struct slice value, struct error *err)
{
	CLEANUP_FREE char *text = scalar_text(value);

	if (!text)
		text = list_text(value);
	if (!text) {
		fail_at(reader, value, "neither text nor a list", err);
		return error_wrap(err, "'%s'", key);
	}
	add(reader, key, text, value);
	return 0;
}

static bool find_member(struct slice object, const char *name, struct slice *ret)
{
	struct json_walk walk = json_walk_begin(object);
	struct slice key, value;

	while (walk.is_object && json_walk_next(&walk, &key, &value)) {
		CLEANUP_FREE char *text = json_walk_string(key);

		if (text && strcmp(text, name) == 0) {
			*ret = value;
			return true;
		}
	}
	return false;
}

/* {"Parameters": {...}}, or the parameters themselves. */
static struct slice container_of(struct slice top)
{
	struct slice value;

	return find_member(top, "Parameters", &value) && value.p[0] == '{' ? value : top;
}

static int read_object(struct reader *reader, struct slice object, struct error *err)
{
	struct json_walk walk = json_walk_begin(container_of(object));
	struct slice key, value;

	while (json_walk_next(&walk, &key, &value)) {
		CLEANUP_FREE char *name = json_walk_string(key);

		if (read_value(reader, name, value, err) < 0)
			return -1;
	}
	return 0;
}

/* "Key=Value", as the AWS CLI takes them in a list too. */
static int read_pair(struct reader *reader, struct slice item, struct error *err)
{
	CLEANUP_FREE char *text = json_walk_string(item);
	char *equals = text ? strchr(text, '=') : NULL;
	size_t key_len = equals ? (size_t)(equals - text) : 0;
	struct assignment *added;

	if (key_len == 0)
		return fail_at(reader, item, "not \"Key=Value\"", err);
	added = assignments_add(&reader->list, (struct slice){ text, key_len },
				slice_of(equals + 1));
	added->line = line_of(reader, item);
	added->is_fixed = item.n != strlen(text) + 2;
	added->value_at = (size_t)(item.p - reader->start) + (added->is_fixed ? 0 : key_len + 2);
	added->value_len = added->is_fixed ? 0 : strlen(equals + 1);
	return 0;
}

/* {"ParameterKey": ..., "ParameterValue": ... or "UsePreviousValue": true} */
static int read_item(struct reader *reader, struct slice item, struct error *err)
{
	CLEANUP_FREE char *key = NULL;
	struct slice value;

	if (item.p[0] == '"')
		return read_pair(reader, item, err);
	if (find_member(item, "ParameterKey", &value))
		key = json_walk_string(value);
	if (!key)
		return fail_at(reader, item, "no ParameterKey", err);
	if (find_member(item, "UsePreviousValue", &value) && slice_is(value, "true")) {
		add(reader, key, "", value);
		reader->list.items[reader->list.count - 1].is_previous = true;
		return 0;
	}
	if (!find_member(item, "ParameterValue", &value)) {
		fail_at(reader, item, "neither ParameterValue nor UsePreviousValue", err);
		return error_wrap(err, "'%s'", key);
	}
	return read_value(reader, key, value, err);
}

static int read_list(struct reader *reader, struct slice list, struct error *err)
{
	struct json_walk walk = json_walk_begin(list);
	struct slice key, item;

	while (json_walk_next(&walk, &key, &item))
		if (read_item(reader, item, err) < 0)
			return -1;
	return 0;
}

static int read_top(struct reader *reader, struct slice top, struct error *err)
{
	int result = top.p[0] == '[' ? read_list(reader, top, err) : read_object(reader, top, err);

	return result < 0 ? -1 : assignments_check_unique(&reader->list, err);
}

int parameters_read_json(const char *text, size_t len, struct assignments *ret, struct error *err)
{
	struct slice bytes = assignments_skip_bom(text, len);
	CLEANUP(reader_release)
	struct reader reader = { .start = text, .counted = text, .line = 1 };
	json_auto_t *readable = json_read_duplicates(bytes.p, bytes.n, err);
	json_auto_t *unique = NULL;
	struct assignments old;

	if (!readable || read_top(&reader, json_walk_top(bytes), err) < 0)
		return -1;
	/* A parameter that is there twice is told with both its lines, all else by the reader. */
	unique = json_read(bytes.p, bytes.n, err);
	if (!unique)
		return -1;
	old = *ret;
	*ret = reader.list;
	reader.list = old;
	return 0;
}

struct slice parameters_json_container(const char *text, size_t len)
{
	return container_of(json_walk_top(assignments_skip_bom(text, len)));
}
