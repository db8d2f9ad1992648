#include "secrets/environment_file.h"

#include "base/cleanup.h"
#include "base/slice.h"
#include "secrets/reference.h"

#include <stdlib.h>
#include <string.h>

#define MAX_BYTES (1UL << 20)

/* The line being read, and where it is from. */
struct line {
	const char *source;
	unsigned number;
	struct slice rest;
};

static int broken(const struct line *line, const char *why, struct error *err)
{
	return error_set(err, ERROR_CONFIG, "'%s': line %u: %s", line->source, line->number, why);
}

static void drop(struct line *line, size_t count)
{
	line->rest = (struct slice){ line->rest.p + count, line->rest.n - count };
}

static int take_name(struct line *line, char **ret_name, struct error *err)
{
	const char *equals;
	size_t len;

	if (slice_starts_with(line->rest, "export "))
		line->rest = slice_trim((struct slice){ line->rest.p + 7, line->rest.n - 7 });
	equals = memchr(line->rest.p, '=', line->rest.n);
	if (!equals)
		return broken(line, "no '=' in it", err);
	len = (size_t)(equals - line->rest.p);
	if (!secrets_is_variable(line->rest.p, len))
		return broken(line, "what stands before '=' cannot be a variable", err);
	*ret_name = slice_dup((struct slice){ line->rest.p, len });
	drop(line, len + 1);
	line->rest = slice_trim(line->rest);
	return 0;
}

/* What a backslash and the byte after it stand for in "...": 0 where the backslash stays. */
static char unescape(char c)
{
	switch (c) {
	case '\\':
	case '"':
	case '$':
	case '`':
		return c;
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return 0;
	}
}

static int take_quoted(struct line *line, struct str *out, struct error *err)
{
	char mark = line->rest.p[0];

	for (drop(line, 1); line->rest.n && line->rest.p[0] != mark; drop(line, 1)) {
		char c = line->rest.p[0];

		if (mark == '"' && c == '\\' && line->rest.n > 1 && unescape(line->rest.p[1])) {
			drop(line, 1);
			c = unescape(line->rest.p[0]);
		}
		str_addc(out, c);
	}
	if (line->rest.n == 0)
		return broken(line, "a quotation mark is not closed", err);
	drop(line, 1);
	line->rest = slice_trim(line->rest);
	if (line->rest.n && line->rest.p[0] != '#')
		return broken(line, "something follows the closing quotation mark", err);
	return 0;
}

static int take_value(struct line *line, struct secret *ret, struct error *err)
{
	CLEANUP(str_wipe) struct str text = STR_INIT;

	str_reserve(&text, line->rest.n);
	if (line->rest.n && (line->rest.p[0] == '"' || line->rest.p[0] == '\'')) {
		if (take_quoted(line, &text, err) < 0)
			return -1;
	} else {
		str_add(&text, line->rest.p, line->rest.n);
	}
	secret_set(ret, text.buf, text.len);
	return 0;
}

static int read_line(struct line *line, const struct secrets_rules *rules,
		     struct secrets_variables *own, struct secrets_variables *ret,
		     struct error *err)
{
	CLEANUP(secret_release) struct secret value = SECRET_INIT;
	CLEANUP_FREE char *name = NULL;

	line->rest = slice_trim(line->rest);
	if (line->rest.n == 0 || line->rest.p[0] == '#')
		return 0;
	if (take_name(line, &name, err) < 0 || take_value(line, &value, err) < 0)
		return -1;
	if (secrets_variables_find(own, name))
		return broken(line, "the variable is there already", err);
	if (secrets_variables_set(own, name, &(struct secret)SECRET_INIT, line->source, rules,
				  err) < 0)
		return -1;
	return secrets_variables_set(ret, name, &value, line->source, rules, err);
}

int secrets_environment_read(const char *source, const char *text, size_t len,
			     const struct secrets_rules *rules, struct secrets_variables *ret,
			     struct error *err)
{
	CLEANUP(secrets_variables_release) struct secrets_variables own = SECRETS_VARIABLES_INIT;
	struct slice rest = { text, len };
	struct line line = { .source = source };

	if (len > MAX_BYTES)
		return error_set(err, ERROR_CONFIG, "'%s': more than 1 MiB", source);
	if (slice_starts_with(rest, "\xef\xbb\xbf"))
		rest = (struct slice){ rest.p + 3, rest.n - 3 };
	while (rest.n) {
		line.number++;
		line.rest = slice_next_line(&rest);
		if (memchr(line.rest.p, '\0', line.rest.n))
			return broken(&line, "a NUL byte", err);
		if (read_line(&line, rules, &own, ret, err) < 0)
			return -1;
	}
	return 0;
}
