#ifndef SANDBOX_DOCUMENT_H
#define SANDBOX_DOCUMENT_H

#include <jansson.h>
#include <stdint.h>

/* Small steps on the JSON documents that the sandbox's state is made of. */

/* jansson's iterators take a pointer that is not const, and leave the value alone. */
static inline json_t *document_loosen(const json_t *value)
{
	return (json_t *)(uintptr_t)value;
}

/* Sets a text; NULL leaves the document as it is. */
static inline void document_set_text(json_t *document, const char *key, const char *value)
{
	if (value)
		(void)json_object_set_new(document, key, json_string(value));
}

/* Milliseconds since 1970; 0 where there is no such member. */
static inline int64_t document_time(const json_t *document, const char *key)
{
	return json_integer_value(json_object_get(document, key));
}

static inline void document_set_time(json_t *document, const char *key, int64_t at_ms)
{
	(void)json_object_set_new(document, key, json_integer(at_ms));
}

/* Copies the members that are there. `names` ends with NULL. */
static inline void document_copy(const json_t *from, json_t *to, const char *const *names)
{
	for (; *names; names++) {
		json_t *value = json_object_get(from, *names);

		if (value)
			(void)json_object_set(to, *names, value);
	}
}

#endif
