#include "data/toml.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "data/place.h"

#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 64

static const char bare_key[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
static const char bare_value[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+.:";

void toml_walk_release(struct toml_walk *walk)
{
	strv_release(&walk->table);
	strv_release(&walk->key);
}

static int fail(const struct toml_walk *walk, const char *what, struct error *err)
{
	struct place place = place_of(walk->text.p, (size_t)(walk->rest.p - walk->text.p));

	error_set(err, ERROR_CONFIG, "line %u, column %u: %s", place.line, place.column, what);
	return error_at(err, place.line, place.column);
}

/* ---- what things are made of: each takes one off the text, or leaves it and says false ---- */

static void drop(struct slice *rest, size_t count)
{
	*rest = (struct slice){ rest->p + count, rest->n - count };
}

static bool starts_with(struct slice rest, char c)
{
	return rest.n && rest.p[0] == c;
}

static bool take(struct slice *rest, char c)
{
	if (!starts_with(*rest, c))
		return false;
	drop(rest, 1);
	return true;
}

static size_t span(struct slice rest, const char *set)
{
	size_t len = 0;

	while (len < rest.n && rest.p[len] && strchr(set, rest.p[len]))
		len++;
	return len;
}

static void take_blanks(struct slice *rest)
{
	drop(rest, span(*rest, " \t"));
}

static void take_comment(struct slice *rest)
{
	const char *end = memchr(rest->p, '\n', rest->n);

	if (starts_with(*rest, '#'))
		drop(rest, end ? (size_t)(end - rest->p) : rest->n);
}

/* Blanks, line ends and comments, as they may stand between the items of an array. */
static void take_lines(struct slice *rest)
{
	const char *before;

	do {
		before = rest->p;
		drop(rest, span(*rest, " \t\r\n"));
		take_comment(rest);
	} while (rest->p != before);
}

/* The rest of a statement's line. */
static bool take_line_end(struct slice *rest)
{
	take_blanks(rest);
	take_comment(rest);
	(void)take(rest, '\r');
	return rest->n == 0 || take(rest, '\n');
}

static bool take_long_string(struct slice *rest, char quote)
{
	const char end[] = { quote, quote, quote, '\0' };

	drop(rest, 3);
	while (rest->n && !slice_starts_with(*rest, end))
		drop(rest, quote == '"' && rest->p[0] == '\\' && rest->n > 1 ? 2 : 1);
	if (rest->n == 0)
		return false;
	drop(rest, 3);
	/* One or two quotation marks may stand before the closing ones. */
	(void)take(rest, quote);
	(void)take(rest, quote);
	return true;
}

static bool take_string(struct slice *rest)
{
	char quote = rest->p[0];
	const char start[] = { quote, quote, quote, '\0' };

	if (slice_starts_with(*rest, start))
		return take_long_string(rest, quote);
	drop(rest, 1);
	while (rest->n && rest->p[0] != quote && rest->p[0] != '\n')
		drop(rest, quote == '"' && rest->p[0] == '\\' && rest->n > 1 ? 2 : 1);
	return take(rest, quote);
}

/* A number, a truth or a date, whose time may stand behind a blank. */
static bool take_bare_value(struct slice *rest)
{
	size_t len = span(*rest, bare_value);

	if (len == 10 && rest->n > 12 && rest->p[4] == '-' && rest->p[10] == ' ' &&
	    rest->p[11] >= '0' && rest->p[11] <= '9')
		len += 1 + span((struct slice){ rest->p + 11, rest->n - 11 }, bare_value);
	drop(rest, len);
	return len;
}

static bool take_key(struct slice *rest, struct strv *ret_key)
{
	struct slice start = *rest;
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP_FREE size_t *at = NULL;
	size_t len = span(*rest, bare_key);

	if (starts_with(*rest, '"') || starts_with(*rest, '\'')) {
		if (!take_string(rest) ||
		    !toml_text((struct slice){ start.p, start.n - rest->n }, &text, &at))
			return false;
		strv_add(ret_key, text.buf);
		return true;
	}
	drop(rest, len);
	strv_take(ret_key, mem_strndup(start.p, len));
	return len;
}

static bool take_keys(struct slice *rest, struct strv *ret_keys)
{
	do {
		take_blanks(rest);
		if (ret_keys->count >= MAX_DEPTH || !take_key(rest, ret_keys))
			return false;
		take_blanks(rest);
	} while (take(rest, '.'));
	return true;
}

static bool take_value(struct slice *rest, unsigned depth);

static bool take_array(struct slice *rest, unsigned depth)
{
	drop(rest, 1);
	for (;;) {
		take_lines(rest);
		if (take(rest, ']'))
			return true;
		if (!take_value(rest, depth + 1))
			return false;
		take_lines(rest);
		if (!take(rest, ',') && !starts_with(*rest, ']'))
			return false;
	}
}

static bool take_inline_table(struct slice *rest, unsigned depth)
{
	drop(rest, 1);
	take_blanks(rest);
	if (take(rest, '}'))
		return true;
	do {
		CLEANUP(strv_release) struct strv ignored = STRV_INIT;

		if (!take_keys(rest, &ignored) || !take(rest, '='))
			return false;
		take_blanks(rest);
		if (!take_value(rest, depth + 1))
			return false;
		take_blanks(rest);
	} while (take(rest, ','));
	return take(rest, '}');
}

static bool take_value(struct slice *rest, unsigned depth)
{
	if (rest->n == 0 || depth > MAX_DEPTH)
		return false;
	switch (rest->p[0]) {
	case '"':
	case '\'':
		return take_string(rest);
	case '[':
		return take_array(rest, depth);
	case '{':
		return take_inline_table(rest, depth);
	default:
		return take_bare_value(rest);
	}
}

/* ---- statements ---- */

/* [a.b] or [[a.b]] */
static int read_table(struct toml_walk *walk, struct error *err)
{
	bool is_array;

	strv_release(&walk->table);
	(void)take(&walk->rest, '[');
	is_array = take(&walk->rest, '[');
	if (!take_keys(&walk->rest, &walk->table) || !take(&walk->rest, ']') ||
	    (is_array && !take(&walk->rest, ']')))
		return fail(walk, "no end of a table's name", err);
	if (is_array)
		strv_add(&walk->table, "[]");
	return take_line_end(&walk->rest) ? 0 : fail(walk, "more behind a table's name", err);
}

static int read_pair(struct toml_walk *walk, struct error *err)
{
	const char *start;

	strv_release(&walk->key);
	strv_add_list(&walk->key, &walk->table);
	if (!take_keys(&walk->rest, &walk->key) || !take(&walk->rest, '='))
		return fail(walk, "neither a table nor a key with '='", err);
	take_blanks(&walk->rest);
	start = walk->rest.p;
	if (!take_value(&walk->rest, 1))
		return fail(walk, "no value that is understood", err);
	walk->value = (struct slice){ start, (size_t)(walk->rest.p - start) };
	return take_line_end(&walk->rest) ? 1 : fail(walk, "more behind a value", err);
}

int toml_next(struct toml_walk *walk, struct error *err)
{
	take_lines(&walk->rest);
	while (starts_with(walk->rest, '[')) {
		if (read_table(walk, err) < 0)
			return -1;
		take_lines(&walk->rest);
	}
	return walk->rest.n ? read_pair(walk, err) : 0;
}

bool toml_next_item(struct slice *rest, struct slice *ret_item)
{
	const char *start;

	(void)(take(rest, '[') || take(rest, ','));
	take_lines(rest);
	start = rest->p;
	if (starts_with(*rest, ']') || !take_value(rest, 1))
		return false;
	*ret_item = (struct slice){ start, (size_t)(rest->p - start) };
	take_lines(rest);
	return true;
}

/* A string on one line: 'x' or "x". */
static bool is_short_string(struct slice value)
{
	if (value.n < 2 || (value.p[0] != '"' && value.p[0] != '\''))
		return false;
	return value.n < 6 || value.p[1] != value.p[0] || value.p[2] != value.p[0];
}

bool toml_text(struct slice value, struct str *ret_text, size_t **ret_at)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP_FREE size_t *at = mem_zalloc((value.n + 1) * sizeof(*at));
	size_t end = value.n - 1;

	if (!is_short_string(value))
		return false;
	for (size_t i = 1; i < end; i++) {
		bool is_escape = value.p[0] == '"' && value.p[i] == '\\';

		if (is_escape && value.p[++i] != '"' && value.p[i] != '\\')
			return false;
		at[text.len] = i;
		str_addc(&text, value.p[i]);
	}
	at[text.len] = end;
	str_release(ret_text);
	*ret_text = text;
	text = (struct str)STR_INIT;
	*ret_at = move_ptr(at);
	return true;
}
