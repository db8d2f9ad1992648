#include "data/xml.h"

#include "base/mem.h"
#include "base/slice.h"

#include <expat.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH    32
#define MAX_ELEMENTS 50000
#define MAX_TAG	     65536 /* bytes; expat takes a copy of each attribute */
#define PIECE_BYTES  65536 /* expat takes a copy of what it is handed, too */

/* A tree being built: the open elements from the root down, and why building was given up. */
struct builder {
	XML_Parser parser;
	struct xml_node *root;
	struct xml_node *open[MAX_DEPTH];
	size_t depth;
	size_t elements;
	const char *refused;
};

static void refuse(struct builder *builder, const char *why)
{
	if (!builder->refused)
		builder->refused = why;
	(void)XML_StopParser(builder->parser, XML_FALSE);
}

/* Entities can only be declared in a DOCTYPE: without one there is no bomb to defuse. */
static void XMLCALL on_doctype(void *ctx, const XML_Char *name, const XML_Char *system_id,
			       const XML_Char *public_id, int has_internal_subset)
{
	(void)name;
	(void)system_id;
	(void)public_id;
	(void)has_internal_subset;
	refuse(ctx, "a document type is not accepted");
}

static struct xml_node *new_node(const char *name)
{
	const char *colon = strrchr(name, ':');
	const char *local = colon ? colon + 1 : name;
	size_t size = strlen(local) + 1;
	struct xml_node *node = mem_zalloc(sizeof(*node) + size);

	memcpy(node->name, local, size);
	node->text = (struct str)STR_INIT;
	return node;
}

static void add_child(struct xml_node *parent, struct xml_node *child)
{
	struct xml_node **slot = mem_grow(&parent->children, &parent->count, sizeof(void *));

	*slot = child;
}

static void XMLCALL on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
	struct builder *builder = ctx;
	struct xml_node *node;

	(void)attributes;
	if (builder->refused)
		return;
	if (builder->depth == MAX_DEPTH) {
		refuse(builder, "elements are nested too deeply");
		return;
	}
	if (++builder->elements > MAX_ELEMENTS) {
		refuse(builder, "too many elements");
		return;
	}
	node = new_node(name);
	if (builder->depth)
		add_child(builder->open[builder->depth - 1], node);
	else
		builder->root = node;
	builder->open[builder->depth++] = node;
}

static void XMLCALL on_end(void *ctx, const XML_Char *name)
{
	struct builder *builder = ctx;

	(void)name;
	if (!builder->refused)
		builder->depth--;
}

static void XMLCALL on_text(void *ctx, const XML_Char *text, int len)
{
	struct builder *builder = ctx;

	if (!builder->refused && builder->depth)
		str_add(&builder->open[builder->depth - 1]->text, text, (size_t)len);
}

/* The first byte after the tag that begins at `at`: a '>' within quotes does not end it. */
static size_t skip_tag(struct slice text, size_t at)
{
	char quote = '\0';

	for (; at < text.n && (quote || text.p[at] != '>'); at++) {
		if (text.p[at] == quote)
			quote = '\0';
		else if (!quote && (text.p[at] == '"' || text.p[at] == '\''))
			quote = text.p[at];
	}
	return at;
}

/* What begins with <! or <? has no attributes. */
static bool has_long_tag(struct slice text)
{
	for (size_t at = 0; at < text.n; at++) {
		const char *open = memchr(text.p + at, '<', text.n - at);
		size_t start = open ? (size_t)(open - text.p) : text.n;

		at = start;
		if (start + 1 < text.n && !strchr("!?", text.p[start + 1]))
			at = skip_tag(text, start);
		if (at - start > MAX_TAG)
			return true;
	}
	return false;
}

static enum XML_Status feed(XML_Parser parser, const char *bytes, size_t len)
{
	enum XML_Status status = XML_STATUS_OK;

	for (; len > PIECE_BYTES && status == XML_STATUS_OK; len -= PIECE_BYTES) {
		status = XML_Parse(parser, bytes, PIECE_BYTES, XML_FALSE);
		bytes += PIECE_BYTES;
	}
	return status == XML_STATUS_OK ? XML_Parse(parser, bytes, (int)len, XML_TRUE) : status;
}

static int parse(struct builder *builder, const char *bytes, size_t len, struct error *err)
{
	XML_SetUserData(builder->parser, builder);
	XML_SetElementHandler(builder->parser, on_start, on_end);
	XML_SetCharacterDataHandler(builder->parser, on_text);
	XML_SetStartDoctypeDeclHandler(builder->parser, on_doctype);
	if (feed(builder->parser, bytes, len) == XML_STATUS_OK)
		return 0;
	if (XML_GetErrorCode(builder->parser) == XML_ERROR_NO_MEMORY)
		mem_fatal("XML_Parse");
	return error_set(err, ERROR_REMOTE, "line %lu, column %lu: %s",
			 (unsigned long)XML_GetCurrentLineNumber(builder->parser),
			 (unsigned long)XML_GetCurrentColumnNumber(builder->parser) + 1,
			 builder->refused ? builder->refused
					  : XML_ErrorString(XML_GetErrorCode(builder->parser)));
}

struct xml_node *xml_read(const char *bytes, size_t len, struct error *err)
{
	struct builder builder = { .parser = NULL };
	int result;

	if (has_long_tag((struct slice){ bytes, len })) {
		error_set(err, ERROR_REMOTE, "a tag of more than %d bytes", MAX_TAG);
		return NULL;
	}
	builder.parser = XML_ParserCreate(NULL);
	if (!builder.parser)
		mem_fatal("XML_ParserCreate");
	result = parse(&builder, bytes, len, err);
	XML_ParserFree(builder.parser);
	if (result == 0)
		return builder.root;
	xml_free(builder.root);
	return NULL;
}

/* Recursion is bounded by MAX_DEPTH. */
void xml_free(struct xml_node *node)
{
	if (!node)
		return;
	for (size_t i = 0; i < node->count; i++)
		xml_free(node->children[i]);
	free(node->children);
	str_wipe(&node->text);
	free(node);
}

void xml_freep(struct xml_node **node)
{
	xml_free(*node);
	*node = NULL;
}

static const struct xml_node *child_named(const struct xml_node *node, const char *name, size_t len)
{
	for (size_t i = 0; node && i < node->count; i++) {
		const struct xml_node *child = node->children[i];

		if (strncmp(child->name, name, len) == 0 && child->name[len] == '\0')
			return child;
	}
	return NULL;
}

const struct xml_node *xml_child(const struct xml_node *node, const char *name)
{
	return child_named(node, name, strlen(name));
}

const char *xml_text(const struct xml_node *node, const char *path)
{
	while (node && *path) {
		size_t len = strcspn(path, "/");

		node = child_named(node, path, len);
		path += len;
		path += *path == '/';
	}
	return node ? node->text.buf : "";
}
