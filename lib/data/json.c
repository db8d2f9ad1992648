#include "data/json.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sanitize.h"
#include "base/slice.h"
#include "data/place.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 64

/*
 * What a document may take in memory, and what jansson 2.14 takes for its parts: a short text is
 * read into many times its size.
 */
#define MAX_TREE_BYTES (12UL << 20)
#define OBJECT_BYTES   200
#define ARRAY_BYTES    110
#define MEMBER_BYTES   130
#define ELEMENT_BYTES  40

/*
 * The size comes from the allocator, not from a word of ours before the block: what jansson hands
 * out (json_dumps()) stays a block for free().
 */
static void free_wiped(void *block)
{
	if (block)
		explicit_bzero(block, malloc_usable_size(block));
	free(block);
}

/* A value that could not be made would be missing from its parent without a word. */
static void *allocate(size_t size)
{
	return mem_realloc(NULL, size);
}

/* Before any value can have been made, and in every program that reads JSON. */
__attribute__((constructor)) static void wipe_what_is_freed(void)
{
	json_set_alloc_funcs(allocate, free_wiped);
}

/* The first byte after the string that starts at `at`, a quotation mark; the end where it has none.
 */
static size_t skip_string(struct slice text, size_t at)
{
	for (at++; at < text.n && text.p[at] != '"'; at++)
		if (text.p[at] == '\\')
			at++;
	return at;
}

/* What a byte outside of strings adds to the tree. */
static size_t cost_of(char c)
{
	switch (c) {
	case '{':
		return OBJECT_BYTES;
	case '[':
		return ARRAY_BYTES;
	case ':':
		return MEMBER_BYTES;
	case ',':
		return ELEMENT_BYTES;
	default:
		return 0;
	}
}

/*
 * Where the text nests deeper than MAX_DEPTH or takes more memory than `max`, as *ret_what says, or
 * its length. Strings hold no brackets of ours.
 */
static size_t find_bomb(struct slice text, size_t max, const char **ret_what)
{
	unsigned depth = 0;
	size_t cost = 0;

	*ret_what = "nested too deeply";
	for (size_t at = 0; at < text.n; at++) {
		cost += cost_of(text.p[at]);
		if (cost > max) {
			*ret_what = "too many values";
			return at;
		}
		switch (text.p[at]) {
		case '"':
			at = skip_string(text, at);
			break;
		case '[':
		case '{':
			if (++depth > MAX_DEPTH)
				return at;
			break;
		case ']':
		case '}':
			depth -= depth > 0;
			break;
		default:
			break;
		}
	}
	return text.n;
}

static int fail_at(struct slice text, size_t at, const char *what, struct error *err)
{
	struct place place = place_of(text.p, at);

	error_set(err, ERROR_CONFIG, "line %u, column %u: %s", place.line, place.column, what);
	return error_at(err, place.line, place.column);
}

/* What the decoder would take: it recurses without our limit, and stops at a NUL as at the end. */
static int check_text(struct slice text, size_t max, struct error *err)
{
	const char *what;
	size_t bomb = find_bomb(text, max, &what);
	const char *nul = text.n ? memchr(text.p, '\0', text.n) : NULL;

	if (nul)
		return fail_at(text, (size_t)(nul - text.p), "NUL byte", err);
	if (bomb < text.n)
		return fail_at(text, bomb, what, err);
	return 0;
}

static json_t *read_with(struct slice text, size_t flags, size_t max, struct error *err)
{
	json_error_t found;
	json_t *value;
	const char *quote;

	if (check_text(text, max, err) < 0)
		return NULL;
	value = json_loadb(text.p, text.n, flags, &found);
	if (value)
		return value;
	/* What stands there may be a key or a token that lost its quotation mark. */
	quote = strstr(found.text, " near '");
	error_set(err, ERROR_CONFIG, "line %d, column %d: %.*s", found.line, found.column,
		  quote ? (int)(quote - found.text) : JSON_ERROR_TEXT_LENGTH, found.text);
	error_at(err, (unsigned)found.line, (unsigned)found.column);
	return NULL;
}

json_t *json_read(const char *bytes, size_t len, struct error *err)
{
	return read_with((struct slice){ bytes, len }, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES,
			 MAX_TREE_BYTES, err);
}

json_t *json_read_own(const char *bytes, size_t len, struct error *err)
{
	return read_with((struct slice){ bytes, len }, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES,
			 SIZE_MAX, err);
}

json_t *json_read_duplicates(const char *bytes, size_t len, struct error *err)
{
	return read_with((struct slice){ bytes, len }, JSON_DECODE_ANY, MAX_TREE_BYTES, err);
}

const char *json_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

char *json_scalar_text(const json_t *value)
{
	if (json_is_string(value))
		return mem_strdup(json_string_value(value));
	if (json_is_integer(value))
		return mem_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	if (json_is_real(value))
		return mem_printf("%.15g", json_real_value(value));
	if (json_is_boolean(value))
		return mem_strdup(json_is_true(value) ? "true" : "false");
	return NULL;
}

static int append(const char *bytes, size_t len, void *ctx)
{
	str_add(ctx, bytes, len);
	return 0;
}

void json_write(const json_t *value, struct str *out)
{
	const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15);

	str_reserve(out, json_dumpb(value, NULL, 0, flags));
	/* A value that is no tree cannot be made here: nothing else can fail. */
	if (json_dump_callback(value, append, out, flags) != 0)
		mem_fatal("json_dump_callback");
}

void json_quote(struct str *out, const char *text)
{
	size_t len = strlen(text);

	str_addc(out, '"');
	while (len) {
		unsigned code = 0;
		size_t size = utf8_decode(text, len, &code);

		if (size == 0)
			str_adds(out, "\\ufffd");
		else if (code < 0x20)
			str_addf(out, "\\u%04x", code);
		else if (code == '"' || code == '\\')
			str_addf(out, "\\%c", (char)code);
		else
			str_add(out, text, size);
		size = size ? size : 1;
		text += size;
		len -= size;
	}
	str_addc(out, '"');
}
