#include "data/json_walk.h"

#include "base/mem.h"
#include "data/json.h"

#include <string.h>

static struct slice drop(struct slice text, size_t count)
{
	return (struct slice){ text.p + count, text.n - count };
}

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c);
}

/* Blanks, and the commas and colons between members. */
static struct slice skip_between(struct slice text)
{
	while (text.n && is_one_of(text.p[0], " \t\r\n,:"))
		text = drop(text, 1);
	return text;
}

static size_t string_len(struct slice text)
{
	size_t at = 1;

	while (at < text.n && text.p[at] != '"')
		at += text.p[at] == '\\' ? 2 : 1;
	return at < text.n ? at + 1 : text.n;
}

/* An object or a list, counted by its brackets: they balance in a text that was accepted. */
static size_t container_len(struct slice text)
{
	size_t depth = 0, at = 0;

	while (at < text.n) {
		if (text.p[at] == '"') {
			at += string_len(drop(text, at));
			continue;
		}
		depth += is_one_of(text.p[at], "{[");
		depth -= is_one_of(text.p[at], "}]");
		at++;
		if (depth == 0)
			break;
	}
	return at;
}

static size_t value_len(struct slice text)
{
	size_t len = 0;

	if (text.n && text.p[0] == '"')
		return string_len(text);
	if (text.n && is_one_of(text.p[0], "{["))
		return container_len(text);
	while (len < text.n && !is_one_of(text.p[len], " \t\r\n,:}]"))
		len++;
	return len;
}

static struct slice take_value(struct slice *rest)
{
	struct slice text = skip_between(*rest);
	size_t len = value_len(text);

	*rest = drop(text, len);
	return (struct slice){ text.p, len };
}

struct slice json_walk_top(struct slice text)
{
	return take_value(&text);
}

struct json_walk json_walk_begin(struct slice container)
{
	struct json_walk walk = { .rest = { container.p, 0 } };

	if (container.n >= 2 && is_one_of(container.p[0], "{[")) {
		walk.is_object = container.p[0] == '{';
		walk.rest = (struct slice){ container.p + 1, container.n - 2 };
	}
	return walk;
}

bool json_walk_next(struct json_walk *walk, struct slice *ret_key, struct slice *ret_value)
{
	walk->rest = skip_between(walk->rest);
	*ret_key = (struct slice){ walk->rest.p, 0 };
	if (walk->rest.n == 0)
		return false;
	if (walk->is_object)
		*ret_key = take_value(&walk->rest);
	*ret_value = take_value(&walk->rest);
	return true;
}

char *json_walk_string(struct slice value)
{
	json_auto_t *string = NULL;

	if (value.n == 0 || value.p[0] != '"')
		return NULL;
	string = json_loadb(value.p, value.n, JSON_DECODE_ANY, NULL);
	return string ? mem_strdup(json_string_value(string)) : NULL;
}
