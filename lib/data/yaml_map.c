#include "data/yaml_map.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/yaml_parser.h"

#include <string.h>
#include <yaml.h>

/* The text, and how far its characters were counted: libyaml counts those, not bytes. */
struct reader {
	struct slice text;
	size_t at;
	size_t characters;
	yaml_document_t document;
	struct assignments list;
};

static void reader_release(struct reader *reader)
{
	yaml_document_delete(&reader->document);
	assignments_release(&reader->list);
}

static int fail_at(yaml_mark_t mark, struct error *err)
{
	return error_at(err, (unsigned)mark.line + 1, (unsigned)mark.column + 1);
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The byte where a character starts. Marks come in the order of the text, but for aliases. */
static size_t byte_of(struct reader *reader, size_t character)
{
	if (character < reader->characters) {
		reader->at = 0;
		reader->characters = 0;
	}
	while (reader->characters < character && reader->at < reader->text.n) {
		reader->at++;
		while (reader->at < reader->text.n && is_continuation(reader->text.p[reader->at]))
			reader->at++;
		reader->characters++;
	}
	return reader->at;
}

static bool is_null(const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;

	return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (strcmp(text, "~") == 0 || strcasecmp(text, "null") == 0);
}

/*
 * Finds the bytes of a scalar. They must read like its value: then there are no escapes, no folded
 * lines, no anchor and no tag in them. An alias stands before its own key.
 */
static void place(struct reader *reader, const yaml_node_t *key, const yaml_node_t *value,
		  struct assignment *item)
{
	bool is_quoted = value->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
			 value->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	bool is_alias = value->start_mark.index < key->end_mark.index;
	size_t start = byte_of(reader, value->start_mark.index) + is_quoted;
	size_t end = byte_of(reader, value->end_mark.index) - is_quoted;
	size_t len = value->data.scalar.length;

	item->value_at = start;
	item->value_len = len;
	item->is_fixed = is_alias || (len == 0 && !is_quoted) || end != start + len ||
			 memcmp(reader->text.p + start, value->data.scalar.value, len) != 0;
}

/* The items of a list joined as CloudFormation joins them; false where one is not a scalar. */
static bool join(struct reader *reader, const yaml_node_t *list, struct str *ret)
{
	const yaml_node_item_t *first = list->data.sequence.items.start, *item = first;

	for (; item < list->data.sequence.items.top; item++) {
		const yaml_node_t *node = yaml_document_get_node(&reader->document, *item);

		if (node->type != YAML_SCALAR_NODE || is_null(node))
			return false;
		str_addf(ret, "%s%s", item == first ? "" : ",",
			 (const char *)node->data.scalar.value);
	}
	return true;
}

static bool read_text(struct reader *reader, const yaml_node_t *value, struct str *ret)
{
	if (value->type == YAML_SEQUENCE_NODE)
		return join(reader, value, ret);
	if (value->type != YAML_SCALAR_NODE || is_null(value))
		return false;
	str_adds(ret, (const char *)value->data.scalar.value);
	return true;
}

static int read_pair(struct reader *reader, const yaml_node_pair_t *pair, struct error *err)
{
	const yaml_node_t *key = yaml_document_get_node(&reader->document, pair->key);
	const yaml_node_t *value = yaml_document_get_node(&reader->document, pair->value);
	const char *name = (const char *)key->data.scalar.value;
	CLEANUP(str_release) struct str text = STR_INIT;
	struct assignment *item;

	if (!read_text(reader, value, &text)) {
		error_set(err, ERROR_CONFIG, "line %zu: '%s' is neither text nor a list",
			  key->start_mark.line + 1, name);
		return fail_at(key->start_mark, err);
	}
	item = assignments_add(&reader->list, slice_of(name), (struct slice){ text.buf, text.len });
	item->line = (unsigned)value->start_mark.line + 1;
	item->is_fixed = true;
	item->value_at = byte_of(reader, value->start_mark.index);
	if (value->type == YAML_SCALAR_NODE)
		place(reader, key, value, item);
	return 0;
}

/* The map under `section`, the map itself where it has no such map in it. */
static const yaml_node_t *find_section(struct reader *reader, const yaml_node_t *map,
				       const char *section)
{
	const yaml_node_pair_t *pair = map->data.mapping.pairs.start;

	for (; section && pair < map->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = yaml_document_get_node(&reader->document, pair->key);
		const yaml_node_t *value = yaml_document_get_node(&reader->document, pair->value);

		if (key->type == YAML_SCALAR_NODE && value->type == YAML_MAPPING_NODE &&
		    strcmp((const char *)key->data.scalar.value, section) == 0)
			return value;
	}
	return map;
}

static int read_map(struct reader *reader, const char *section, struct error *err)
{
	const yaml_node_t *root = yaml_document_get_root_node(&reader->document);
	const yaml_node_pair_t *pair;

	if (!root)
		return 0;
	if (root->type != YAML_MAPPING_NODE) {
		error_set(err, ERROR_CONFIG, "line %zu: not a map of 'Key: Value'",
			  root->start_mark.line + 1);
		fail_at(root->start_mark, err);
		return error_fix(err, "write 'Key: Value' lines; a list is read as JSON only");
	}
	root = find_section(reader, root, section);
	for (pair = root->data.mapping.pairs.start; pair < root->data.mapping.pairs.top; pair++)
		if (read_pair(reader, pair, err) < 0)
			return -1;
	return 0;
}

static int load(struct reader *reader, struct error *err)
{
	yaml_parser_t parser;
	int ok;

	if (!yaml_parser_initialize(&parser))
		mem_fatal("yaml_parser_initialize");
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)reader->text.p,
				     reader->text.n);
	ok = yaml_parser_load(&parser, &reader->document);
	if (!ok) {
		yaml_check_memory(&parser);
		/* What yaml_read() has accepted: libyaml's tree has each anchor only once. */
		error_set(err, ERROR_CONFIG, "line %zu: another anchor has that name",
			  parser.problem_mark.line + 1);
		error_fix(err, "give each anchor a name of its own");
		fail_at(parser.problem_mark, err);
	}
	yaml_parser_delete(&parser);
	return ok ? 0 : -1;
}

int yaml_map_read(const char *text, size_t len, const char *section, struct assignments *ret,
		  struct error *err)
{
	CLEANUP(reader_release) struct reader reader = { .text = assignments_skip_bom(text, len) };
	size_t skipped = len - reader.text.n;
	struct assignments old;

	if (load(&reader, err) < 0 || read_map(&reader, section, err) < 0)
		return -1;
	for (size_t i = 0; i < reader.list.count; i++)
		reader.list.items[i].value_at += skipped;
	old = *ret;
	*ret = reader.list;
	reader.list = old;
	return 0;
}

/* The last thing of a value: libyaml ends a list in lines where the next thing begins. */
static const yaml_node_t *last_leaf(struct reader *reader, const yaml_node_t *value)
{
	const yaml_node_item_t *end;

	if (value->type != YAML_SEQUENCE_NODE ||
	    value->data.sequence.style == YAML_FLOW_SEQUENCE_STYLE)
		return value;
	end = value->data.sequence.items.top;
	return end > value->data.sequence.items.start
		       ? yaml_document_get_node(&reader->document, end[-1])
		       : value;
}

/* The end of the line in which the bytes before `end` have their last text. */
static size_t line_end_behind(struct slice text, size_t end)
{
	const char *found;

	while (end > 0 && strchr(" \t\r\n", text.p[end - 1]))
		end--;
	found = memchr(text.p + end, '\n', text.n - end);
	if (!found)
		return text.n;
	return (size_t)(found - text.p) - (found > text.p && found[-1] == '\r');
}

/* What stands in a line before the byte at `at`. */
static struct slice line_before(struct slice text, size_t at)
{
	const char *found = memrchr(text.p, '\n', at), *start = found ? found + 1 : text.p;

	return (struct slice){ start, (size_t)(text.p + at - start) };
}

static bool find_end(struct reader *reader, const yaml_node_t *map, size_t *ret_at,
		     struct slice *ret_indent)
{
	const yaml_node_pair_t *last = map->data.mapping.pairs.top - 1;
	const yaml_node_t *key, *value;

	if (map->data.mapping.style == YAML_FLOW_MAPPING_STYLE ||
	    last < map->data.mapping.pairs.start)
		return false;
	key = yaml_document_get_node(&reader->document, last->key);
	value = last_leaf(reader, yaml_document_get_node(&reader->document, last->value));
	/* An alias stands elsewhere. */
	if (value->start_mark.index < key->end_mark.index)
		return false;
	*ret_indent = line_before(reader->text, byte_of(reader, key->start_mark.index));
	*ret_at = line_end_behind(reader->text, byte_of(reader, value->end_mark.index));
	return slice_trim(*ret_indent).n == 0;
}

bool yaml_map_find_end(const char *text, size_t len, const char *section, size_t *ret_at,
		       struct slice *ret_indent)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	CLEANUP(reader_release) struct reader reader = { .text = assignments_skip_bom(text, len) };
	const yaml_node_t *root;

	if (load(&reader, &ignored) < 0)
		return false;
	root = yaml_document_get_root_node(&reader.document);
	if (!root || root->type != YAML_MAPPING_NODE ||
	    !find_end(&reader, find_section(&reader, root, section), ret_at, ret_indent))
		return false;
	*ret_at += len - reader.text.n;
	return true;
}
