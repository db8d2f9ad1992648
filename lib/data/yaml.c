#include "data/yaml.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "base/str.h"
#include "data/json.h"
#include "data/place.h"
#include "data/yaml_parser.h"
#include "data/yaml_scalar.h"

#include <stdbool.h>
#include <string.h>
#include <yaml.h>

enum {
	MAX_BYTES = 1 << 20,
	MAX_DEPTH = 64,
	MAX_ALIASES = 100,
	MAX_NODES = 150000,
	/* Jansson's collections take the memory of so many texts. */
	MAPPING_NODES = 4,
	SEQUENCE_NODES = 2,
};

/* A node that aliases can refer to, and how many nodes a copy of it adds. */
struct anchor {
	char *name;
	json_t *value;
	size_t nodes;
};

struct reader {
	struct slice text;
	yaml_parser_t parser;
	enum yaml_dialect dialect;
	unsigned depth;
	unsigned aliases;
	size_t nodes;
	size_t anchor_count;
	struct anchor *anchors;
};

static json_t *read_node(struct reader *reader, const yaml_event_t *event, struct error *err);

static int set_error_at(yaml_mark_t mark, const char *what, struct error *err)
{
	unsigned line = (unsigned)mark.line + 1, column = (unsigned)mark.column + 1;

	error_set(err, ERROR_CONFIG, "line %u, column %u: %s", line, column, what);
	return error_at(err, line, column);
}

/* The scanner's own complaints; those about encoding come with a byte offset instead of a mark. */
static int set_parser_error(const struct reader *reader, struct error *err)
{
	const yaml_parser_t *parser = &reader->parser;
	struct place place;

	yaml_check_memory(parser);
	if (parser->error != YAML_READER_ERROR)
		return set_error_at(parser->problem_mark, parser->problem, err);
	place = place_of(reader->text.p, parser->problem_offset);
	error_set(err, ERROR_CONFIG, "byte %zu: %s", parser->problem_offset, parser->problem);
	return error_at(err, place.line, place.column);
}

static int next_event(struct reader *reader, yaml_event_t *ret_event, struct error *err)
{
	if (!yaml_parser_parse(&reader->parser, ret_event))
		return set_parser_error(reader, err);
	return 0;
}

static int count_nodes(struct reader *reader, size_t more, yaml_mark_t mark, struct error *err)
{
	reader->nodes += more;
	if (reader->nodes > MAX_NODES)
		return set_error_at(mark, "more than 150000 nodes", err);
	return 0;
}

static void remember_anchor(struct reader *reader, const yaml_char_t *name, json_t *value,
			    size_t nodes)
{
	struct anchor *anchor;

	if (!name)
		return;
	anchor = mem_grow(&reader->anchors, &reader->anchor_count, sizeof(*anchor));
	anchor->name = mem_strdup((const char *)name);
	anchor->value = json_incref(value);
	anchor->nodes = nodes;
}

/* The latest anchor of a name counts (YAML 1.2 section 3.2.2.2). */
static json_t *read_alias(struct reader *reader, const yaml_event_t *event, struct error *err)
{
	const char *name = (const char *)event->data.alias.anchor;

	if (++reader->aliases > MAX_ALIASES) {
		set_error_at(event->start_mark, "more than 100 aliases", err);
		return NULL;
	}
	for (size_t i = reader->anchor_count; i-- > 0;) {
		const struct anchor *anchor = &reader->anchors[i];

		if (strcmp(anchor->name, name) != 0)
			continue;
		if (count_nodes(reader, anchor->nodes, event->start_mark, err) < 0)
			return NULL;
		return json_deep_copy(anchor->value);
	}
	set_error_at(event->start_mark, "alias to an anchor that is not there", err);
	return NULL;
}

/* "!GetAtt a.b.c" names attribute "b.c" of "a", as the AWS CLI and CloudFormation split it. */
static json_t *split_attribute(const char *text)
{
	const char *dot = strchr(text, '.');

	if (!dot)
		return json_pack("[s]", text);
	return json_pack("[s%s]", text, (size_t)(dot - text), dot + 1);
}

/* Wraps `value` (stolen) as the tag says; a tag that means nothing here is an error. */
static json_t *apply_tag(struct reader *reader, const yaml_event_t *event, const char *tag,
			 json_t *value, struct error *err)
{
	CLEANUP(str_release) struct str key = STR_INIT;
	json_t *object;

	if (!tag || yaml_tag_is_standard(tag))
		return value;
	if (reader->dialect == YAML_PLAIN || tag[0] != '!') {
		json_decref(value);
		set_error_at(event->start_mark, "a tag that is not known here", err);
		return NULL;
	}
	if (count_nodes(reader, MAPPING_NODES + 1, event->start_mark, err) < 0) {
		json_decref(value);
		return NULL;
	}
	if (strcmp(tag, "!GetAtt") == 0 && json_is_string(value)) {
		json_t *pair = split_attribute(json_string_value(value));

		json_decref(value);
		value = pair;
	}
	if (strcmp(tag, "!Ref") != 0 && strcmp(tag, "!Condition") != 0)
		str_adds(&key, "Fn::");
	str_adds(&key, tag + 1);
	object = json_object();
	(void)json_object_set_new(object, key.buf, value);
	return object;
}

static json_t *read_scalar(struct reader *reader, const yaml_event_t *event, struct error *err)
{
	const char *text = (const char *)event->data.scalar.value;
	const char *tag = (const char *)event->data.scalar.tag;
	size_t len = event->data.scalar.length;
	bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	json_t *value;

	if (memchr(text, '\0', len)) {
		set_error_at(event->start_mark, "a NUL character in a string", err);
		return NULL;
	}
	if (is_plain && (!tag || yaml_tag_is_resolved(tag)))
		value = yaml_resolve_plain(text, reader->dialect);
	else
		value = json_string(text);
	return apply_tag(reader, event, tag, value, err);
}

/* Who looks for keys that stand twice has read the values before, and still has them. */
static json_t *kept(const struct reader *reader, json_t *value)
{
	bool is_whole = reader->dialect != YAML_CLOUDFORMATION_STRICT;

	return is_whole ? value : json_null();
}

static json_t *fill_sequence(struct reader *reader, struct error *err)
{
	json_auto_t *list = json_array();

	for (;;) {
		CLEANUP(yaml_event_delete) yaml_event_t event = { 0 };
		json_t *item;

		if (next_event(reader, &event, err) < 0)
			return NULL;
		if (event.type == YAML_SEQUENCE_END_EVENT)
			return json_incref(list);
		item = read_node(reader, &event, err);
		if (!item)
			return NULL;
		(void)json_array_append(list, kept(reader, item));
		json_decref(item);
	}
}

/* A key is text, as it is written: CloudFormation's keys are names, also where they look numeric.
 */
static const char *check_key(const yaml_event_t *event, struct error *err)
{
	const char *text = (const char *)event->data.scalar.value;

	if (event->type != YAML_SCALAR_EVENT) {
		set_error_at(event->start_mark, "a key that is not a string", err);
		return NULL;
	}
	if (event->data.scalar.anchor || memchr(text, '\0', event->data.scalar.length)) {
		set_error_at(event->start_mark, "a key that is not a plain string", err);
		return NULL;
	}
	return text;
}

static bool is_merge_key(const yaml_event_t *event)
{
	return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !event->data.scalar.tag &&
	       strcmp((const char *)event->data.scalar.value, "<<") == 0;
}

/* Collects what "<<" brings in; what came first wins (yaml.org/type/merge.html). */
static int merge_into(json_t *merged, json_t *value, yaml_mark_t mark, struct error *err)
{
	json_t *item;
	size_t i;

	if (json_is_object(value))
		return json_object_update_missing(merged, value);
	if (!json_is_array(value))
		return set_error_at(mark, "'<<' needs a mapping", err);
	json_array_foreach(value, i, item)
	{
		if (!json_is_object(item))
			return set_error_at(mark, "'<<' needs mappings", err);
		(void)json_object_update_missing(merged, item);
	}
	return 0;
}

static int read_member(struct reader *reader, const yaml_event_t *key_event, json_t *object,
		       json_t *merged, struct error *err)
{
	CLEANUP(yaml_event_delete) yaml_event_t event = { 0 };
	const char *key = check_key(key_event, err);
	json_auto_t *value = NULL;

	if (!key)
		return -1;
	if (json_object_get(object, key) && reader->dialect != YAML_CLOUDFORMATION) {
		CLEANUP_FREE char *what = mem_printf("duplicate key '%s'", key);

		return set_error_at(key_event->start_mark, what, err);
	}
	if (count_nodes(reader, 1, key_event->start_mark, err) < 0 ||
	    next_event(reader, &event, err) < 0)
		return -1;
	value = read_node(reader, &event, err);
	if (!value)
		return -1;
	if (is_merge_key(key_event))
		return merge_into(merged, value, key_event->start_mark, err);
	return json_object_set(object, key, kept(reader, value));
}

static json_t *fill_mapping(struct reader *reader, struct error *err)
{
	json_auto_t *object = json_object();
	json_auto_t *merged = json_object();

	for (;;) {
		CLEANUP(yaml_event_delete) yaml_event_t event = { 0 };

		if (next_event(reader, &event, err) < 0)
			return NULL;
		if (event.type == YAML_MAPPING_END_EVENT)
			break;
		if (read_member(reader, &event, object, merged, err) < 0)
			return NULL;
	}
	(void)json_object_update_missing(object, merged);
	return json_incref(object);
}

static json_t *read_collection(struct reader *reader, const yaml_event_t *event, struct error *err)
{
	bool is_mapping = event->type == YAML_MAPPING_START_EVENT;
	const yaml_char_t *tag =
		is_mapping ? event->data.mapping_start.tag : event->data.sequence_start.tag;
	json_t *value;

	/* Checked before libyaml reads on: its flow nesting takes quadratic time. */
	if (reader->depth == MAX_DEPTH) {
		set_error_at(event->start_mark, "more than 64 levels deep", err);
		return NULL;
	}
	reader->depth++;
	value = is_mapping ? fill_mapping(reader, err) : fill_sequence(reader, err);
	reader->depth--;
	return value ? apply_tag(reader, event, (const char *)tag, value, err) : NULL;
}

static const yaml_char_t *anchor_of(const yaml_event_t *event)
{
	if (event->type == YAML_SCALAR_EVENT)
		return event->data.scalar.anchor;
	if (event->type == YAML_SEQUENCE_START_EVENT)
		return event->data.sequence_start.anchor;
	if (event->type == YAML_MAPPING_START_EVENT)
		return event->data.mapping_start.anchor;
	return NULL;
}

static size_t cost_of(const yaml_event_t *event)
{
	if (event->type == YAML_MAPPING_START_EVENT)
		return MAPPING_NODES;
	return event->type == YAML_SEQUENCE_START_EVENT ? SEQUENCE_NODES : 1;
}

static json_t *read_node(struct reader *reader, const yaml_event_t *event, struct error *err)
{
	size_t before = reader->nodes;
	json_t *value;

	if (event->type == YAML_ALIAS_EVENT)
		return read_alias(reader, event, err);
	if (count_nodes(reader, cost_of(event), event->start_mark, err) < 0)
		return NULL;
	value = event->type == YAML_SCALAR_EVENT ? read_scalar(reader, event, err)
						 : read_collection(reader, event, err);
	if (value)
		remember_anchor(reader, anchor_of(event), value, reader->nodes - before);
	return value;
}

/* The one document of the stream; an empty stream is a null, as an empty document is. */
static json_t *read_stream(struct reader *reader, struct error *err)
{
	json_auto_t *value = NULL;

	for (;;) {
		CLEANUP(yaml_event_delete) yaml_event_t event = { 0 };

		if (next_event(reader, &event, err) < 0)
			return NULL;
		if (event.type == YAML_STREAM_END_EVENT)
			return value ? json_incref(value) : json_null();
		if (event.type == YAML_STREAM_START_EVENT || event.type == YAML_DOCUMENT_END_EVENT)
			continue;
		if (event.type != YAML_DOCUMENT_START_EVENT) {
			value = read_node(reader, &event, err);
			if (!value)
				return NULL;
		} else if (value) {
			set_error_at(event.start_mark, "more than one document", err);
			return NULL;
		}
	}
}

static void release_reader(struct reader *reader)
{
	for (size_t i = 0; i < reader->anchor_count; i++) {
		free(reader->anchors[i].name);
		json_decref(reader->anchors[i].value);
	}
	free(reader->anchors);
	yaml_parser_delete(&reader->parser);
}

/* JSON that YAML 1.1 has no words for, such as surrogate pairs, is read as JSON. */
static json_t *try_json(const char *bytes, size_t len)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	size_t blank = 0;

	while (blank < len && strchr(" \t\r\n", bytes[blank]) && bytes[blank])
		blank++;
	if (blank == len || (bytes[blank] != '{' && bytes[blank] != '['))
		return NULL;
	return json_read(bytes, len, &ignored);
}

json_t *yaml_read(const char *bytes, size_t len, enum yaml_dialect dialect, struct error *err)
{
	CLEANUP(release_reader)
	struct reader reader = { .text = { bytes, len }, .dialect = dialect };
	json_t *value;

	if (len > MAX_BYTES) {
		error_set(err, ERROR_CONFIG, "larger than 1 MiB");
		return NULL;
	}
	value = try_json(bytes, len);
	if (value)
		return value;
	if (!yaml_parser_initialize(&reader.parser))
		mem_fatal("yaml_parser_initialize");
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)bytes, len);
	return read_stream(&reader, err);
}
