#ifndef DATA_XML_H
#define DATA_XML_H

#include "base/error.h"
#include "base/str.h"

#include <stddef.h>

/*
 * An XML element: name without its namespace, the text directly in it, its children in order.
 * Attributes are not kept: no AWS query reply carries meaning in them.
 */
struct xml_node {
	struct str text;
	size_t count;
	struct xml_node **children;
	char name[];
};

/*
 * The one XML reader, over expat. Refuses any DOCTYPE, more than 32 levels, more than 50,000
 * elements, a tag of more than 64 KiB, and a document that is not whole, with ERROR_REMOTE. Owned
 * by the caller: xml_free().
 */
struct xml_node *xml_read(const char *bytes, size_t len, struct error *err);
void xml_free(struct xml_node *node);

/* For CLEANUP(): xml_freep(&node). */
void xml_freep(struct xml_node **node);

/* The first child of that name, or NULL; `node` may be NULL. */
const struct xml_node *xml_child(const struct xml_node *node, const char *name);

/* The text at the end of a path of names, "A/B/C"; "" where any of them is missing. Borrowed. */
const char *xml_text(const struct xml_node *node, const char *path);

#endif
