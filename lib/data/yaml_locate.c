#include "data/yaml_locate.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "data/json.h"
#include "data/json_walk.h"

#include <string.h>
#include <yaml.h>

/* The deepest path that is searched. */
#define MAX_DEPTH 64

/* A map or list that is open, and what comes next in it. */
struct level {
	bool is_map;
	bool expects_key;
	size_t index; /* in a list: of the next item */
};

/* Where the walk is: how many levels deep, and how many of them lie on the path. */
struct walk {
	const char *rest; /* of the path: what is still to be found below the matched levels */
	const char *next; /* the same, once the node that comes next is entered */
	unsigned depth;
	unsigned matched;
	struct level levels[MAX_DEPTH];
	bool descends; /* the next node is what the path leads through */
	bool found;
	struct place place;
};

/* Whether the path goes on with this name: a key with dots in it is one name. */
static bool matches(const char *rest, struct slice name, const char **ret_next)
{
	if (strncmp(rest, name.p, name.n) != 0 || (rest[name.n] != '.' && rest[name.n] != '\0'))
		return false;
	*ret_next = rest + name.n + (rest[name.n] == '.');
	return true;
}

static bool matches_index(const char *rest, size_t index, const char **ret_next)
{
	size_t len = strcspn(rest, ".");
	uint64_t wanted;

	return slice_to_u64((struct slice){ rest, len }, SIZE_MAX, &wanted) && wanted == index &&
	       matches(rest, (struct slice){ rest, len }, ret_next);
}

/* ---- YAML ---- */

static void take_place(struct walk *w, const yaml_event_t *event)
{
	w->place.line = (unsigned)event->start_mark.line + 1;
	w->place.column = (unsigned)event->start_mark.column + 1;
	w->found = *w->next == '\0';
	w->descends = true;
}

static void visit_key(struct walk *w, const yaml_event_t *event)
{
	const struct slice name = { (const char *)event->data.scalar.value,
				    event->data.scalar.length };

	if (w->depth == w->matched && event->type == YAML_SCALAR_EVENT &&
	    matches(w->rest, name, &w->next))
		take_place(w, event);
}

/* A node has come that is a key, a value, an item or the top; *ret_on_path: it is on the path. */
static bool visit_node(struct walk *w, const yaml_event_t *event)
{
	struct level *level = w->depth ? &w->levels[w->depth - 1] : NULL;
	bool on_path = w->descends;

	w->descends = false;
	if (!level) {
		w->next = w->rest;
		return true;
	}
	if (!level->is_map) {
		if (w->depth == w->matched && matches_index(w->rest, level->index, &w->next))
			take_place(w, event);
		on_path = w->descends;
		w->descends = false;
		level->index++;
		return on_path;
	}
	if (level->expects_key)
		visit_key(w, event);
	level->expects_key = !level->expects_key;
	return on_path;
}

static bool enter(struct walk *w, const yaml_event_t *event)
{
	bool is_map = event->type == YAML_MAPPING_START_EVENT;

	if (w->depth == MAX_DEPTH)
		return false;
	if (visit_node(w, event)) {
		w->matched++;
		w->rest = w->next;
	}
	w->levels[w->depth++] = (struct level){ .is_map = is_map, .expects_key = is_map };
	return true;
}

/* What lies behind the end of a level on the path cannot be on it. */
static bool leave(struct walk *w)
{
	return w->depth-- != w->matched;
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
		if (!leave(w))
			return false;
		break;
	case YAML_STREAM_END_EVENT:
	case YAML_NO_EVENT:
		return false;
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return !w->found;
}

static bool locate_yaml(const char *bytes, size_t len, const char *path, struct place *ret_place)
{
	struct walk w = { .rest = path, .next = path, .place = { 1, 1 } };
	yaml_parser_t parser;
	bool more = true;

	if (!yaml_parser_initialize(&parser))
		mem_fatal("yaml_parser_initialize");
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, len);
	while (more) {
		yaml_event_t event;

		if (!yaml_parser_parse(&parser, &event))
			break;
		more = visit(&w, &event);
		yaml_event_delete(&event);
	}
	if (parser.error == YAML_MEMORY_ERROR)
		mem_fatal("yaml_parser_parse");
	yaml_parser_delete(&parser);
	*ret_place = w.place;
	return w.found;
}

/* ---- JSON, which libyaml does not read in full ---- */

/* The member or item that the path goes on with; NULL where there is none. */
static const char *find_member(struct slice container, const char **rest, struct slice *ret_value)
{
	struct json_walk walk = json_walk_begin(container);
	struct slice key, value;

	for (size_t i = 0; json_walk_next(&walk, &key, &value); i++) {
		CLEANUP_FREE char *name = walk.is_object ? json_walk_string(key) : NULL;
		bool is_it =
			name ? matches(*rest, slice_of(name), rest) : matches_index(*rest, i, rest);

		if (!is_it)
			continue;
		*ret_value = value;
		return name ? key.p : value.p;
	}
	return NULL;
}

static bool locate_json(struct slice text, const char *path, struct place *ret_place)
{
	struct slice value = json_walk_top(text);

	*ret_place = (struct place){ 1, 1 };
	do {
		const char *at = find_member(value, &path, &value);

		if (!at)
			return false;
		*ret_place = place_of(text.p, (size_t)(at - text.p));
	} while (*path);
	return true;
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

bool yaml_locate(const char *bytes, size_t len, const char *path, struct place *ret_place)
{
	const struct slice text = { bytes, len };

	return is_json(text) ? locate_json(text, path, ret_place)
			     : locate_yaml(bytes, len, path, ret_place);
}
