#include "data/yaml_locate.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/json.h"
#include "data/json_walk.h"
#include "data/yaml_parser.h"

#include <string.h>
#include <yaml.h>

/* The deepest path that is searched. */
#define MAX_DEPTH 64

/*
 * What is looked for: each path and what it leads through, by its text, with the place as a number
 * once it is known (JSON's null before). Only below what is in it is anything looked up.
 */
struct search {
	json_t *wanted;
	size_t missing;	 /* of the paths themselves: how many are not found yet */
	struct str path; /* of the node that the walk is at */
};

/* A place as a number, and back. */
static json_t *pack(struct place place)
{
	return json_integer((json_int_t)place.line << 32 | place.column);
}

static struct place unpack(const json_t *number)
{
	json_int_t value = json_integer_value(number);

	return (struct place){ (unsigned)(value >> 32), (unsigned)(value & 0xffffffff) };
}

/* The path itself is true until it is found, what it leads through is null. */
static void want(struct search *search, const char *path)
{
	CLEANUP_FREE char *text = mem_strdup(path);
	char *dot = strrchr(text, '.');

	if (!json_is_true(json_object_get(search->wanted, path)))
		search->missing++;
	(void)json_object_set_new(search->wanted, path, json_true());
	for (; dot; dot = strrchr(text, '.')) {
		*dot = '\0';
		if (json_object_get(search->wanted, text))
			return;
		(void)json_object_set_new(search->wanted, text, json_null());
	}
}

/* Goes from a node with a path of `parent_len` bytes on to a part of it; whether that is wanted. */
static bool step(struct search *search, size_t parent_len, struct slice name)
{
	str_cut(&search->path, parent_len);
	if (parent_len)
		str_addc(&search->path, '.');
	str_add(&search->path, name.p, name.n);
	return json_object_get(search->wanted, search->path.buf);
}

static bool step_item(struct search *search, size_t parent_len, size_t index)
{
	char name[24];
	int len = snprintf(name, sizeof(name), "%zu", index);

	return step(search, parent_len, (struct slice){ name, (size_t)len });
}

/* The first of several at one path is meant. */
static void take_place(struct search *search, struct place place)
{
	const json_t *known = json_object_get(search->wanted, search->path.buf);

	if (json_is_integer(known))
		return;
	if (json_is_true(known))
		search->missing--;
	(void)json_object_set_new(search->wanted, search->path.buf, pack(place));
}

/* ---- YAML ---- */

/* A map or list that is open, and what comes next in it. */
struct level {
	bool is_map;
	bool expects_key;
	bool is_wanted; /* parts of it may be */
	size_t index;	/* in a list: of the next item */
	size_t path_len;
};

struct walk {
	struct search *search;
	unsigned depth;
	struct level levels[MAX_DEPTH];
	bool is_wanted; /* the value that comes next */
};

static struct place place_at(const yaml_event_t *event)
{
	return (struct place){ (unsigned)event->start_mark.line + 1,
			       (unsigned)event->start_mark.column + 1 };
}

static void visit_key(struct walk *w, const struct level *level, const yaml_event_t *event)
{
	const struct slice name = { (const char *)event->data.scalar.value,
				    event->data.scalar.length };

	w->is_wanted = level->is_wanted && event->type == YAML_SCALAR_EVENT &&
		       step(w->search, level->path_len, name);
	if (w->is_wanted)
		take_place(w->search, place_at(event));
}

static bool visit_item(struct walk *w, struct level *level, const yaml_event_t *event)
{
	bool is_wanted = level->is_wanted && step_item(w->search, level->path_len, level->index);

	level->index++;
	if (is_wanted)
		take_place(w->search, place_at(event));
	return is_wanted;
}

/* A node has come that is a key, a value, an item or the top; whether its parts may be wanted. */
static bool visit_node(struct walk *w, const yaml_event_t *event)
{
	struct level *level = w->depth ? &w->levels[w->depth - 1] : NULL;
	bool is_wanted = w->is_wanted;

	w->is_wanted = false;
	if (!level)
		return true;
	if (!level->is_map)
		return visit_item(w, level, event);
	if (level->expects_key)
		visit_key(w, level, event);
	level->expects_key = !level->expects_key;
	return is_wanted;
}

static bool enter(struct walk *w, const yaml_event_t *event)
{
	bool is_map = event->type == YAML_MAPPING_START_EVENT;
	bool is_wanted;

	if (w->depth == MAX_DEPTH)
		return false;
	is_wanted = visit_node(w, event);
	w->levels[w->depth++] = (struct level){ .is_map = is_map,
						.expects_key = is_map,
						.is_wanted = is_wanted,
						.path_len = w->search->path.len };
	return true;
}

/* Takes one event; false when the walk is over. */
static bool visit(struct walk *w, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
	case YAML_ALIAS_EVENT:
		(void)visit_node(w, event);
		break;
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		if (!enter(w, event))
			return false;
		break;
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		w->depth--;
		break;
	case YAML_STREAM_END_EVENT:
	case YAML_NO_EVENT:
		return false;
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return w->search->missing > 0;
}

static void search_yaml(struct search *search, const char *bytes, size_t len)
{
	struct walk w = { .search = search };
	yaml_parser_t parser;
	bool more = true;

	if (!yaml_parser_initialize(&parser))
		mem_fatal("yaml_parser_initialize");
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, len);
	while (more) {
		yaml_event_t event;

		if (!yaml_parser_parse(&parser, &event)) {
			yaml_check_memory(&parser);
			break;
		}
		more = visit(&w, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
}

/* ---- JSON, which libyaml does not read in full ---- */

/* The places of a text, asked for from its start to its end. */
struct counter {
	const char *bytes;
	size_t offset;
	struct place place;
};

static struct place count_to(struct counter *counter, size_t offset)
{
	struct place more = place_of(counter->bytes + counter->offset, offset - counter->offset);

	if (more.line == 1)
		counter->place.column += more.column - 1;
	else
		counter->place = (struct place){ counter->place.line + more.line - 1, more.column };
	counter->offset = offset;
	return counter->place;
}

static void search_container(struct search *search, struct counter *counter, struct slice container,
			     unsigned depth)
{
	struct json_walk walk = json_walk_begin(container);
	size_t path_len = search->path.len;
	struct slice key, value;

	for (size_t i = 0;
	     depth < MAX_DEPTH && search->missing && json_walk_next(&walk, &key, &value); i++) {
		CLEANUP_FREE char *name = walk.is_object ? json_walk_string(key) : NULL;
		const char *at = name ? key.p : value.p;

		if (!(name ? step(search, path_len, slice_of(name))
			   : step_item(search, path_len, i)))
			continue;
		take_place(search, count_to(counter, (size_t)(at - counter->bytes)));
		search_container(search, counter, value, depth + 1);
	}
	str_cut(&search->path, path_len);
}

static bool is_json(struct slice text)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	struct slice trimmed = slice_trim(text);
	json_auto_t *value = NULL;

	if (!slice_starts_with(trimmed, "{") && !slice_starts_with(trimmed, "["))
		return false;
	value = json_read(text.p, text.n, &ignored);
	return value;
}

/* ---- the answers ---- */

/* The place of the path, else of the deepest part of it that is there. */
static void answer(const struct search *search, struct location *location)
{
	CLEANUP_FREE char *text = mem_strdup(location->path);
	const json_t *known = json_object_get(search->wanted, text);
	char *dot = strrchr(text, '.');

	location->found = json_is_integer(known);
	for (; !json_is_integer(known) && dot; dot = strrchr(text, '.')) {
		*dot = '\0';
		known = json_object_get(search->wanted, text);
	}
	location->place = json_is_integer(known) ? unpack(known) : (struct place){ 1, 1 };
}

void yaml_locate_all(const char *bytes, size_t len, struct location *locations, size_t count)
{
	const struct slice text = { bytes, len };
	struct counter counter = { .bytes = bytes, .place = { 1, 1 } };
	struct search search = { .wanted = json_object(), .path = STR_INIT };

	for (size_t i = 0; i < count; i++)
		want(&search, locations[i].path);
	if (is_json(text))
		search_container(&search, &counter, json_walk_top(text), 0);
	else
		search_yaml(&search, bytes, len);
	for (size_t i = 0; i < count; i++)
		answer(&search, &locations[i]);
	json_decref(search.wanted);
	str_release(&search.path);
}

bool yaml_locate(const char *bytes, size_t len, const char *path, struct place *ret_place)
{
	struct location location = { .path = path };

	yaml_locate_all(bytes, len, &location, 1);
	*ret_place = location.place;
	return location.found;
}
