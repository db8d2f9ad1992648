#include "stack/parameters_samconfig.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "data/toml.h"

#include <string.h>

#define KEY "parameter_overrides"

struct reader {
	const char *start;   /* of the file, for offsets */
	const char *counted; /* so far lines are counted */
	unsigned line;
	struct assignments list;
};

/* One string of the file: what it means, and where each byte of that is written. */
struct text {
	size_t value_at; /* of the string in the file */
	struct str meaning;
	size_t *at;
};

#define TEXT_INIT                                                                                  \
	{                                                                                          \
		.value_at = 0, .meaning = STR_INIT, .at = NULL                                     \
	}

static void reader_release(struct reader *reader)
{
	assignments_release(&reader->list);
}

static void text_release(struct text *text)
{
	str_release(&text->meaning);
	free(text->at);
}

static int refuse(const struct reader *reader, const char *what, struct error *err)
{
	error_set(err, ERROR_CONFIG, "line %u: %s", reader->line, what);
	return error_at(err, reader->line, 1);
}

/* ---- Key=Value pairs ---- */

static struct slice rest_of(const struct text *text, size_t from)
{
	return (struct slice){ text->meaning.buf + from, text->meaning.len - from };
}

static bool is_quote(struct slice rest)
{
	return rest.n && (rest.p[0] == '"' || rest.p[0] == '\'');
}

/* The length of a value with its quotation marks; a backslash takes the byte behind it along. */
static size_t value_len(struct slice rest)
{
	bool is_quoted = is_quote(rest);
	const char *end = is_quoted ? rest.p : " ";
	size_t len = is_quoted;

	while (len < rest.n && rest.p[len] != *end)
		len += rest.p[len] == '\\' && len + 1 < rest.n ? 2 : 1;
	return len + is_quoted;
}

/* SAM takes the backslash away before a blank and a quotation mark. */
static void unescape(struct slice written, struct str *ret)
{
	for (size_t i = 0; i < written.n; i++) {
		if (written.p[i] == '\\' && i + 1 < written.n && strchr(" \"'", written.p[i + 1]))
			i++;
		str_addc(ret, written.p[i]);
	}
}

/* Adds a value; `from` and `to` are its place in what the string means. */
static void add(struct reader *reader, const struct text *text, struct slice key, size_t from,
		size_t to)
{
	CLEANUP(str_release) struct str value = STR_INIT;
	struct assignment *item;
	size_t start = text->at[from - 1] + 1;

	unescape((struct slice){ text->meaning.buf + from, to - from }, &value);
	item = assignments_add(&reader->list, key, (struct slice){ value.buf, value.len });
	item->line = reader->line;
	item->value_at = text->value_at + start;
	item->value_len = to > from ? text->at[to - 1] + 1 - start : 0;
	/* With an escape in it, of TOML's or of SAM's, it does not read as it is written. */
	item->is_fixed = item->value_len != to - from || value.len != to - from;
}

static size_t key_len(struct slice rest)
{
	return strspn(rest.p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
}

/* Takes the key of a pair off, and what introduces its value; n is 0 where there is none. */
static struct slice take_key(const struct text *text, size_t *at)
{
	static const char before[] = "ParameterKey=", behind[] = ",ParameterValue=";
	struct slice rest = rest_of(text, *at), key;
	bool is_long = slice_starts_with(rest, before);
	const char *end = is_long ? behind : "=";

	if (is_long)
		rest = rest_of(text, *at + strlen(before));
	key = (struct slice){ rest.p, key_len(rest) };
	rest = (struct slice){ rest.p + key.n, rest.n - key.n };
	if (!slice_starts_with(rest, end))
		return (struct slice){ rest.p, 0 };
	*at = (size_t)(rest.p - text->meaning.buf) + strlen(end);
	return key;
}

/* Takes a pair off that begins at *at. */
static int read_pair(struct reader *reader, const struct text *text, size_t *at, struct error *err)
{
	struct slice key = take_key(text, at), rest = rest_of(text, *at);
	bool is_quoted = is_quote(rest);
	size_t len = value_len(rest);

	if (key.n == 0)
		return refuse(reader, KEY " has something that is not Key=Value", err);
	if (len > rest.n || (len < rest.n && rest.p[len] != ' ') ||
	    (!is_quoted && memchr(rest.p, '"', len)))
		return refuse(reader, KEY " has a quotation mark that is not closed", err);
	add(reader, text, key, *at + is_quoted, *at + len - is_quoted);
	*at += len;
	return 0;
}

static int read_text(struct reader *reader, struct slice value, struct error *err)
{
	CLEANUP(text_release) struct text text = TEXT_INIT;
	size_t at = 0;

	for (; reader->counted < value.p; reader->counted++)
		reader->line += *reader->counted == '\n';
	text.value_at = (size_t)(value.p - reader->start);
	if (!toml_text(value, &text.meaning, &text.at)) {
		refuse(reader, KEY " is no plain string, nor a list of them", err);
		return error_fix(err,
				 "write \"Key=Value Key=Value\", or a list, each \"Key=Value\"");
	}
	while ((at += strspn(text.meaning.buf + at, " ")) < text.meaning.len)
		if (read_pair(reader, &text, &at, err) < 0)
			return -1;
	return 0;
}

static int read_overrides(struct reader *reader, struct slice value, struct error *err)
{
	struct slice item;

	if (value.p[0] != '[')
		return read_text(reader, value, err);
	while (toml_next_item(&value, &item))
		if (read_text(reader, item, err) < 0)
			return -1;
	return 0;
}

/* ---- the file ---- */

static bool is_key(const struct strv *key, const char *environment, const char *command)
{
	return key->count == 4 && strcmp(key->v[0], environment) == 0 &&
	       strcmp(key->v[1], command) == 0 && strcmp(key->v[2], "parameters") == 0 &&
	       strcmp(key->v[3], KEY) == 0;
}

/* The value for an environment; n is 0 where there is none. */
static int find(struct slice text, const char *environment, struct slice *ret, struct error *err)
{
	CLEANUP(toml_walk_release) struct toml_walk walk = TOML_WALK_INIT(text);
	struct slice of_deploy = { text.p, 0 }, of_all = { text.p, 0 };
	int more;

	while ((more = toml_next(&walk, err)) > 0) {
		struct slice *found = is_key(&walk.key, environment, "deploy")	 ? &of_deploy
				      : is_key(&walk.key, environment, "global") ? &of_all
										 : NULL;

		if (found && found->n)
			return error_set(err, ERROR_REFUSED, "'" KEY "' is there twice for '%s'",
					 environment);
		if (found)
			*found = walk.value;
	}
	*ret = of_deploy.n ? of_deploy : of_all;
	return more;
}

static const char *name_of(const char *environment)
{
	return environment && *environment ? environment : "default";
}

int samconfig_read(const char *text, size_t len, const char *environment, struct assignments *ret,
		   struct error *err)
{
	CLEANUP(reader_release)
	struct reader reader = { .start = text, .counted = text, .line = 1 };
	struct slice value;
	struct assignments old;

	if (assignments_check_text(text, len, err) < 0 ||
	    find(assignments_skip_bom(text, len), name_of(environment), &value, err) < 0)
		return -1;
	if (value.n == 0) {
		error_set(err, ERROR_CONFIG, "no " KEY " in [%s.deploy.parameters]",
			  name_of(environment));
		return error_fix(err, "name another environment with --env, or add it there");
	}
	if (read_overrides(&reader, value, err) < 0 ||
	    assignments_check_unique(&reader.list, err) < 0)
		return -1;
	old = *ret;
	*ret = reader.list;
	reader.list = old;
	return 0;
}

bool samconfig_find_last(const char *text, size_t len, const char *environment, struct slice *ret,
			 bool *ret_is_item)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	struct slice value, item;

	if (find(assignments_skip_bom(text, len), name_of(environment), &value, &ignored) < 0 ||
	    value.n == 0)
		return false;
	*ret = value;
	*ret_is_item = value.p[0] == '[';
	if (!*ret_is_item)
		return true;
	ret->n = 0;
	while (toml_next_item(&value, &item))
		*ret = item;
	return ret->n;
}

/* Whether the first statement is a table, or the version that SAM begins with. */
static bool begins_like_one(const char *text, size_t len)
{
	struct slice rest = assignments_skip_bom(text, len);

	while (rest.n) {
		struct slice line = slice_trim(slice_next_line(&rest));

		if (line.n && line.p[0] != '#')
			return line.p[0] == '[' || slice_starts_with(line, "version");
	}
	return false;
}

bool samconfig_recognise(const char *text, size_t len)
{
	static const char end[] = ".parameters]";
	const char *found = begins_like_one(text, len) ? memmem(text, len, end, strlen(end)) : NULL;
	const char *line = found ? memrchr(text, '\n', (size_t)(found - text)) : NULL;
	struct slice head;

	if (!found)
		return false;
	line = line ? line + 1 : assignments_skip_bom(text, len).p;
	head = slice_trim((struct slice){ line, (size_t)(found - line) });
	return slice_starts_with(head, "[") && !memchr(head.p, '=', head.n);
}
