#include "data/xml.h"

#include "base/mem.h"

#include <expat.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH    32
#define MAX_ELEMENTS 1000000

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
	struct xml_node *node = mem_zalloc(sizeof(*node));

	node->name = mem_strdup(colon ? colon + 1 : name);
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

static int parse(struct builder *builder, const char *bytes, size_t len, struct error *err)
{
	XML_SetUserData(builder->parser, builder);
	XML_SetElementHandler(builder->parser, on_start, on_end);
	XML_SetCharacterDataHandler(builder->parser, on_text);
	XML_SetStartDoctypeDeclHandler(builder->parser, on_doctype);
	if (XML_Parse(builder->parser, bytes, (int)len, XML_TRUE) == XML_STATUS_OK)
		return 0;
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

	if (len > INT_MAX) {
		error_set(err, ERROR_REMOTE, "a document of %zu bytes is too long", len);
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
	free(node->name);
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
