#include "data/dotenv.h"

#include "base/str.h"

#include <string.h>

static const char export[] = "export ";

static int refuse(unsigned number, const char *what, const char *fix, struct error *err)
{
	error_set(err, ERROR_CONFIG, "line %u: %s", number, what);
	error_at(err, number, 1);
	return error_fix(err, "%s", fix);
}

static bool has_any(struct slice text, const char *set)
{
	for (size_t i = 0; i < text.n; i++) {
		if (strchr(set, text.p[i]))
			return true;
	}
	return false;
}

/* Cuts a value that begins with a quotation mark down to what lies between the two. */
static int cut_quotes(struct slice *value, unsigned number, struct error *err)
{
	char quote = value->p[0];
	struct slice inner = { value->p + 1, value->n - 1 };
	const char *end = memchr(inner.p, quote, inner.n);
	struct slice behind;

	if (!end)
		return refuse(number, "a quotation mark is not closed", "close it on its line",
			      err);
	inner.n = (size_t)(end - inner.p);
	behind = slice_trim((struct slice){ end + 1, value->n - inner.n - 2 });
	if (behind.n && behind.p[0] != '#')
		return refuse(number, "something follows the closing quotation mark",
			      "put all of the value in '...'", err);
	*value = inner;
	if (quote == '"' && has_any(inner, "$\\`"))
		return refuse(number, "'$', '`' or '\\' means something to some programs",
			      "put the value in '...'", err);
	return 0;
}

static int read_value(struct slice *value, unsigned number, struct error *err)
{
	*value = slice_trim(*value);
	if (value->n && (value->p[0] == '"' || value->p[0] == '\''))
		return cut_quotes(value, number, err);
	if (has_any(*value, "$\\`#\"'"))
		return refuse(number, "a '$', '`', '\\', '#' or quotation mark may mean something",
			      "put the value in '...'", err);
	return 0;
}

static int read_line(struct assignments *list, const char *start, struct slice line,
		     unsigned number, struct error *err)
{
	struct slice rest = slice_trim(line), name, value;
	struct assignment *item;
	const char *equals;

	if (slice_starts_with(rest, export))
		rest = slice_trim(
			(struct slice){ rest.p + strlen(export), rest.n - strlen(export) });
	equals = memchr(rest.p, '=', rest.n);
	name = (struct slice){ rest.p, equals ? (size_t)(equals - rest.p) : 0 };
	if (!assignments_is_key(name))
		return refuse(number, "not NAME=VALUE",
			      "write NAME=VALUE, or put a # before a comment", err);
	value = (struct slice){ equals + 1, rest.n - name.n - 1 };
	if (read_value(&value, number, err) < 0)
		return -1;
	item = assignments_add(list, name, value);
	item->line = number;
	item->value_at = (size_t)(value.p - start);
	item->value_len = value.n;
	return 0;
}

int dotenv_read(const char *text, size_t len, struct assignments *ret, struct error *err)
{
	return assignments_read_lines(text, len, read_line, ret, err);
}

bool dotenv_recognise(const char *text, size_t len)
{
	struct slice rest = assignments_skip_bom(text, len);

	while (rest.n) {
		struct slice line = slice_trim(slice_next_line(&rest));

		if (line.n && line.p[0] != '#')
			return slice_starts_with(line, export);
	}
	return false;
}
