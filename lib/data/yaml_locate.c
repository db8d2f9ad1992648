#include "data/yaml_locate.h"

#include <string.h>
#include <yaml.h>

/* The deepest path that is searched. */
#define MAX_DEPTH 64

/* Where the walk is: how many levels deep, how many of them lie on the path, and what comes next.
 */
struct walk {
	const char *rest; /* of the path: what is still to be found below the matched levels */
	unsigned depth;
	unsigned matched;
	bool is_map[MAX_DEPTH];
	bool expects_key[MAX_DEPTH];
	bool descends; /* the next node is the value of a key on the path */
	bool found;
	unsigned line;
};

/* Whether the scalar is the next name of the path; steps over it where it is. */
static bool matches(struct walk *w, const yaml_event_t *event)
{
	size_t len = event->data.scalar.length;

	if (w->depth != w->matched + 1 ||
	    strncmp(w->rest, (char *)event->data.scalar.value, len) != 0 ||
	    (w->rest[len] != '.' && w->rest[len] != '\0'))
		return false;
	w->line = (unsigned)event->start_mark.line + 1;
	w->found = w->rest[len] == '\0';
	w->rest += len + (w->found ? 0 : 1);
	return true;
}

/* A node of the level that is open has come: in a map, a value follows a key and a key a value. */
static void count_node(struct walk *w)
{
	if (w->depth > 0 && w->is_map[w->depth - 1])
		w->expects_key[w->depth - 1] = !w->expects_key[w->depth - 1];
}

static void enter(struct walk *w, bool is_map)
{
	if (w->descends && is_map)
		w->matched++;
	w->descends = false;
	count_node(w);
	w->is_map[w->depth] = is_map;
	w->expects_key[w->depth] = is_map;
	w->depth++;
}

static void visit_scalar(struct walk *w, const yaml_event_t *event)
{
	bool is_key = w->depth > 0 && w->expects_key[w->depth - 1];

	w->descends = is_key && matches(w, event);
	count_node(w);
}

/* Takes one event; false when the walk is over. */
static bool visit(struct walk *w, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		visit_scalar(w, event);
		break;
	case YAML_ALIAS_EVENT:
		w->descends = false;
		count_node(w);
		break;
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		if (w->depth == MAX_DEPTH)
			return false;
		enter(w, event->type == YAML_MAPPING_START_EVENT);
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
	return !w->found;
}

bool yaml_locate(const char *bytes, size_t len, const char *path, unsigned *ret_line)
{
	struct walk w = { .rest = path };
	yaml_parser_t parser;
	bool more = true;

	if (!yaml_parser_initialize(&parser))
		return false;
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, len);
	while (more) {
		yaml_event_t event;

		if (!yaml_parser_parse(&parser, &event))
			break;
		more = visit(&w, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	if (w.found)
		*ret_line = w.line;
	return w.found;
}
