#include "data/json_edit.h"

#include "base/cleanup.h"
#include "base/slice.h"
#include "data/json.h"
#include "data/json_walk.h"

#include <string.h>

/* Offsets into a text that json_read() has accepted: what follows need not doubt it. */
struct member {
	size_t key_at;
	size_t value_at;
	size_t value_end;
	size_t previous_end; /* of the value before it; 0 where it is the first */
};

struct object {
	size_t at;	 /* of the '{' */
	size_t end;	 /* of the '}' */
	size_t first_at; /* of the first key; 0 where it is empty */
	size_t last_end; /* of the last value */
	bool is_found;
	struct member found;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t skip_blanks(const char *p, size_t i)
{
	while (is_blank(p[i]))
		i++;
	return i;
}

/* A key may be written with escapes: it is compared as what it stands for. */
static bool is_key(struct slice quoted, const char *key)
{
	CLEANUP_FREE char *text = json_walk_string(quoted);

	return text && strcmp(text, key) == 0;
}

/* The object that begins at `at`, or behind blanks there. */
static struct object scan_object(const struct str *text, size_t at, const char *key)
{
	struct slice all = json_walk_top((struct slice){ text->buf + at, text->len - at });
	size_t start = (size_t)(all.p - text->buf);
	struct object object = { .at = start, .end = start + all.n - 1 };
	struct json_walk walk = json_walk_begin(all);
	struct slice quoted, value;

	while (json_walk_next(&walk, &quoted, &value)) {
		struct member member = {
			.key_at = (size_t)(quoted.p - text->buf),
			.value_at = (size_t)(value.p - text->buf),
			.value_end = (size_t)(value.p - text->buf) + value.n,
			.previous_end = object.last_end,
		};

		if (!object.first_at)
			object.first_at = member.key_at;
		object.last_end = member.value_end;
		if (!is_key(quoted, key))
			continue;
		object.is_found = true;
		object.found = member;
	}
	return object;
}

/* Replaces the bytes [from, to) of the text. */
static void splice(struct str *text, size_t from, size_t to, const char *bytes, size_t len)
{
	CLEANUP(str_wipe) struct str whole = STR_INIT;
	struct str old = *text;

	str_reserve(&whole, text->len - (to - from) + len);
	str_add(&whole, text->buf, from);
	str_add(&whole, bytes, len);
	str_add(&whole, text->buf + to, text->len - to);
	*text = whole;
	whole = old;
}

/* How the text is laid out: one member a line, indented by `unit` for each level, or all in one. */
struct style {
	bool is_multiline;
	struct slice unit;
};

static struct style style_of(const struct str *text)
{
	struct object object = scan_object(text, 0, "");
	struct style style = { true, { "\t", 1 } };
	struct slice gap = { text->buf + object.at + 1, 0 };
	const char *nl;

	if (!object.first_at)
		return style;
	gap.n = object.first_at - object.at - 1;
	nl = memrchr(gap.p, '\n', gap.n);
	style.is_multiline = nl != NULL;
	if (nl)
		style.unit = (struct slice){ nl + 1, gap.n - (size_t)(nl + 1 - gap.p) };
	return style;
}

static void add_break(struct str *out, const struct style *style, unsigned depth)
{
	if (!style->is_multiline)
		return;
	str_addc(out, '\n');
	while (depth--)
		str_add(out, style->unit.p, style->unit.n);
}

/* "key": value, where what is left of the path becomes objects around the value. */
static void add_member(struct str *out, const struct style *style, unsigned depth,
		       const char *const *path, const char *value)
{
	unsigned opened = 0;

	for (; path[0]; path++) {
		json_quote(out, path[0]);
		str_adds(out, style->is_multiline ? ": " : ":");
		if (!path[1])
			break;
		opened++;
		str_addc(out, '{');
		add_break(out, style, depth + opened);
	}
	str_adds(out, value);
	while (opened--) {
		add_break(out, style, depth + opened);
		str_addc(out, '}');
	}
}

/* Adds the rest of the path to an object at `depth` (the top one's members are at 1). */
static void insert_member(struct str *text, const struct object *object, unsigned depth,
			  const char *const *path, const char *value)
{
	struct style style = style_of(text);
	CLEANUP(str_wipe) struct str bytes = STR_INIT;

	str_reserve(&bytes, strlen(value) + 1024);
	if (object->first_at) {
		str_addc(&bytes, ',');
		str_add(&bytes, text->buf + object->at + 1, object->first_at - object->at - 1);
		add_member(&bytes, &style, depth, path, value);
		splice(text, object->last_end, object->last_end, bytes.buf, bytes.len);
		return;
	}
	add_break(&bytes, &style, depth);
	add_member(&bytes, &style, depth, path, value);
	add_break(&bytes, &style, depth - 1);
	splice(text, object->at + 1, object->end, bytes.buf, bytes.len);
}

/* Whether every value on the way that is there is an object; null is as good as none. */
static int check_path(const struct str *text, const char *const *path, struct error *err)
{
	json_auto_t *top = json_read(text->buf, text->len, err);
	const json_t *value = top;

	if (!top)
		return -1;
	for (; value && *path; path++) {
		if (json_is_null(value) && value != top)
			return 0;
		if (!json_is_object(value))
			return error_set(err, ERROR_CONFIG, "what holds '%s' is not a JSON object",
					 *path);
		value = json_object_get(value, *path);
	}
	return 0;
}

static bool is_null(const struct str *text, const struct member *member)
{
	return text->buf[member->value_at] == 'n';
}

int json_edit_set(struct str *text, const char *const *path, const char *value, struct error *err)
{
	struct object object;
	size_t at = 0;

	if (check_path(text, path, err) < 0)
		return -1;
	for (unsigned depth = 1;; depth++, path++) {
		object = scan_object(text, at, path[0]);
		if (!object.is_found) {
			insert_member(text, &object, depth, path, value);
			return 0;
		}
		if (!path[1])
			break;
		if (is_null(text, &object.found))
			splice(text, object.found.value_at, object.found.value_end, "{}", 2);
		at = object.found.value_at;
	}
	splice(text, object.found.value_at, object.found.value_end, value, strlen(value));
	return 0;
}

/* The bytes that go with a member: the comma on one of its sides, all blanks of an only one. */
static struct member extent_of(const char *p, const struct object *object)
{
	struct member extent = object->found;

	if (extent.previous_end) {
		extent.key_at = extent.previous_end;
	} else if (p[skip_blanks(p, extent.value_end)] == ',') {
		extent.value_end = skip_blanks(p, skip_blanks(p, extent.value_end) + 1);
	} else {
		extent.key_at = object->at + 1;
		extent.value_end = object->end;
	}
	return extent;
}

static bool is_only_member(const struct object *object)
{
	return object->first_at == object->found.key_at &&
	       object->last_end == object->found.value_end;
}

int json_edit_remove(struct str *text, const char *const *path, bool *ret_found, struct error *err)
{
	size_t at = 0;
	struct member extent = { 0 };

	if (check_path(text, path, err) < 0)
		return -1;
	*ret_found = false;
	for (bool is_top = true; *path; path++, is_top = false) {
		struct object object = scan_object(text, at, *path);

		if (!object.is_found || (path[1] && is_null(text, &object.found)))
			return 0;
		/* What would leave an empty object behind is cut one level further out. */
		if (is_top || !is_only_member(&object))
			extent = extent_of(text->buf, &object);
		at = object.found.value_at;
	}
	splice(text, extent.key_at, extent.value_end, "", 0);
	*ret_found = true;
	return 0;
}
