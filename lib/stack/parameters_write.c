#include "stack/parameters_write.h"

#include "base/cleanup.h"
#include "data/json.h"
#include "data/json_walk.h"
#include "data/yaml_map.h"
#include "stack/parameters_json.h"
#include "stack/parameters_samconfig.h"

#include <ctype.h>
#include <string.h>

/* What is to be added. Borrowed. */
struct entry {
	const char *key;
	const char *value;
};

/* ---- quotation marks ---- */

/*
 * Plain YAML text is a number or a truth where it looks like one: 0123456 is 42798 to many readers,
 * 1e10000 infinite. A tag starts with a letter, a digit or '_'.
 */
static bool needs_quotes(const char *tag)
{
	static const char *const words[] = { "y",     "n",  "yes", "no",  "true",
					     "false", "on", "off", "null" };

	if (!isalpha((unsigned char)tag[0]))
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(tag, words[i]) == 0)
			return true;
	return false;
}

/* The quotation mark that a value stands in, or "". */
static const char *quote_of(const struct parameter_file *file, const struct assignment *item)
{
	const char *value = file->text.buf + item->value_at;

	if (item->value_at == 0)
		return "";
	return value[-1] == '"' ? "\"" : value[-1] == '\'' ? "'" : "";
}

static void add_yaml_text(const char *text, const char *quote, struct str *ret)
{
	if (!*quote && needs_quotes(text))
		quote = "'";
	str_addf(ret, "%s%s%s", quote, text, quote);
}

void parameters_write_value(const struct parameter_file *file, const struct assignment *item,
			    const char *value, struct str *ret)
{
	if (file->format == PARAMETERS_YAML && !*quote_of(file, item))
		add_yaml_text(value, "", ret);
	else
		str_adds(ret, value);
}

/* ---- places ---- */

static struct slice text_of(const struct parameter_file *file)
{
	return (struct slice){ file->text.buf, file->text.len };
}

static const struct assignment *last_of(const struct parameter_file *file)
{
	return file->list.count ? &file->list.items[file->list.count - 1] : NULL;
}

/* A line end as that of the line whose text ends at `at`, or as the one before it. */
static const char *line_end_at(struct slice text, size_t at)
{
	const char *end = at < text.n ? memchr(text.p + at, '\n', text.n - at)
				      : memrchr(text.p, '\n', text.n);

	return end && end > text.p && end[-1] == '\r' ? "\r\n" : "\n";
}

/* The blanks before `p`, from the last line end in them on. */
static struct slice blanks_before(struct slice text, const char *p)
{
	const char *start = p;

	while (start > text.p && (start[-1] == ' ' || start[-1] == '\t'))
		start--;
	if (start > text.p && start[-1] == '\n')
		start--;
	if (start > text.p && *start == '\n' && start[-1] == '\r')
		start--;
	return (struct slice){ start, (size_t)(p - start) };
}

/* What parts an item from the one before it, if there is one. */
static void add_comma(struct slice blanks, struct str *ret)
{
	if (!blanks.p)
		return;
	str_addc(ret, ',');
	str_add(ret, blanks.p, blanks.n);
}

/* ---- Key=Value lines ---- */

static const char *export_of(const struct parameter_file *file, const struct assignment *last)
{
	const char *text = file->text.buf, *start = memrchr(text, '\n', last->value_at);

	start = start ? start + 1 : assignments_skip_bom(text, file->text.len).p;
	return strncmp(start, "export ", 7) == 0 ? "export " : "";
}

/* Before the last line end, if any: then that is the new line's, and a missing one stays missing.
 */
static void write_line(const struct parameter_file *file, const struct entry *entry, size_t *ret_at,
		       struct str *ret)
{
	struct slice text = text_of(file);
	const struct assignment *last = file->format == PARAMETERS_DOTENV ? last_of(file) : NULL;
	const char *quote = last ? quote_of(file, last) : "";
	bool is_empty = assignments_skip_bom(text.p, text.n).n == 0;

	*ret_at = text.n;
	if (text.n && text.p[text.n - 1] == '\n')
		*ret_at -= text.n > 1 && text.p[text.n - 2] == '\r' ? 2 : 1;
	str_addf(ret, "%s%s%s=%s%s%s%s", is_empty ? "" : line_end_at(text, *ret_at),
		 last ? export_of(file, last) : "", entry->key, quote, entry->value, quote,
		 is_empty ? "\n" : "");
}

/* ---- JSON ---- */

/* As the last member is written, or as in a line where there is none. */
static void write_member(const struct parameter_file *file, struct slice object,
			 const struct entry *entry, size_t *ret_at, struct str *ret)
{
	struct json_walk walk = json_walk_begin(object);
	struct slice key, value, between = slice_of(": "), blanks = { NULL, 0 };

	*ret_at = (size_t)(object.p - file->text.buf) + 1;
	while (json_walk_next(&walk, &key, &value)) {
		between = (struct slice){ key.p + key.n, (size_t)(value.p - key.p) - key.n };
		blanks = blanks_before(text_of(file), key.p);
		*ret_at = (size_t)(value.p - file->text.buf) + value.n;
	}
	add_comma(blanks, ret);
	json_quote(ret, entry->key);
	str_add(ret, between.p, between.n);
	json_quote(ret, entry->value);
}

/* The text that stands for the value of a member of a CLI's object; NULL where it has no others. */
static const char *text_for(struct slice key, const struct entry *entry)
{
	return slice_is(key, "\"ParameterKey\"")     ? entry->key
	       : slice_is(key, "\"ParameterValue\"") ? entry->value
						     : NULL;
}

/* Writes the entry as an item of the list is written; false where that has more or less in it. */
static bool write_like(struct slice item, const struct entry *entry, struct str *ret)
{
	struct json_walk walk = json_walk_begin(item);
	struct slice key, value, rest = item;
	unsigned count = 0;

	str_reset(ret);
	if (item.p[0] == '"') {
		CLEANUP(str_release) struct str pair = STR_INIT;

		str_addf(&pair, "%s=%s", entry->key, entry->value);
		json_quote(ret, pair.buf);
		return true;
	}
	for (; json_walk_next(&walk, &key, &value); count++) {
		const char *text = text_for(key, entry);

		if (!text)
			return false;
		str_add(ret, rest.p, (size_t)(value.p - rest.p));
		json_quote(ret, text);
		rest.p = value.p + value.n;
	}
	str_add(ret, rest.p, (size_t)(item.p + item.n - rest.p));
	return count == 2;
}

/* As the last item that has just a key and a value, or as in a line where there is none. */
static void write_item(const struct parameter_file *file, struct slice list,
		       const struct entry *entry, size_t *ret_at, struct str *ret)
{
	static const char usual[] = "{\"ParameterKey\": \"\", \"ParameterValue\": \"\"}";
	struct json_walk walk = json_walk_begin(list);
	CLEANUP(str_release) struct str written = STR_INIT, kept = STR_INIT;
	struct slice key, item, blanks = { NULL, 0 };

	*ret_at = (size_t)(list.p - file->text.buf) + 1;
	(void)write_like(slice_of(usual), entry, &kept);
	while (json_walk_next(&walk, &key, &item)) {
		blanks = blanks_before(text_of(file), item.p);
		*ret_at = (size_t)(item.p - file->text.buf) + item.n;
		if (!write_like(item, entry, &written))
			continue;
		str_reset(&kept);
		str_add(&kept, written.buf, written.len);
	}
	add_comma(blanks, ret);
	str_add(ret, kept.buf, kept.len);
}

static void write_json(const struct parameter_file *file, const struct entry *entry, size_t *ret_at,
		       struct str *ret)
{
	struct slice all = parameters_json_container(file->text.buf, file->text.len);

	if (all.p[0] == '[')
		write_item(file, all, entry, ret_at, ret);
	else
		write_member(file, all, entry, ret_at, ret);
}

/* ---- YAML ---- */

static bool write_yaml(const struct parameter_file *file, const struct entry *entry, size_t *ret_at,
		       struct str *ret)
{
	const struct assignment *last = last_of(file);
	struct slice indent;

	if (!last ||
	    !yaml_map_find_end(file->text.buf, file->text.len, "Parameters", ret_at, &indent))
		return false;
	str_adds(ret, line_end_at(text_of(file), *ret_at));
	str_add(ret, indent.p, indent.n);
	add_yaml_text(entry->key, "", ret);
	str_adds(ret, ": ");
	add_yaml_text(entry->value, last->is_fixed ? "" : quote_of(file, last), ret);
	return true;
}

/* ---- SAM ---- */

/* What stands between the key of a pair and its value: with its quotation mark, if any. */
static struct slice introduction_of(const struct parameter_file *file,
				    const struct assignment *item, struct slice *ret_quote)
{
	static const char long_form[] = ",ParameterValue=";
	const char *text = file->text.buf, *end = text + item->value_at;
	size_t len = strlen(long_form);

	ret_quote->p = *quote_of(file, item) ? end - 1 : end;
	if (ret_quote->p < end && ret_quote->p[-1] == '\\')
		ret_quote->p--;
	ret_quote->n = (size_t)(end - ret_quote->p);
	if (ret_quote->p - text >= (ptrdiff_t)len &&
	    memcmp(ret_quote->p - len, long_form, len) == 0)
		return slice_of(long_form);
	return slice_of("=");
}

/* SAM reads no short pair behind a long one: the new one is as its neighbour. */
static void write_pair(const struct parameter_file *file, const struct entry *entry,
		       struct str *ret)
{
	const struct assignment *last = last_of(file);
	struct slice quote = { "", 0 }, between = slice_of("=");

	if (last)
		between = introduction_of(file, last, &quote);
	str_addf(ret, "%s%s", between.n > 1 ? "ParameterKey=" : "", entry->key);
	str_add(ret, between.p, between.n);
	str_add(ret, quote.p, quote.n);
	str_adds(ret, entry->value);
	str_add(ret, quote.p, quote.n);
}

/* Within the one string, or as an item of its own behind the last one of a list. */
static bool write_override(const struct parameter_file *file, const struct entry *entry,
			   size_t *ret_at, struct str *ret)
{
	struct slice last;
	bool is_item;

	if (!samconfig_find_last(file->text.buf, file->text.len, file->environment, &last,
				 &is_item))
		return false;
	*ret_at = (size_t)(last.p - file->text.buf) + last.n - (is_item ? 0 : 1);
	if (!is_item) {
		str_adds(ret, last.n > 2 && last.p[last.n - 2] != ' ' ? " " : "");
		write_pair(file, entry, ret);
		return true;
	}
	add_comma(blanks_before(text_of(file), last.p), ret);
	str_addc(ret, last.p[0]);
	write_pair(file, entry, ret);
	str_addc(ret, last.p[0]);
	return true;
}

bool parameters_write_entry(const struct parameter_file *file, const char *key, const char *value,
			    size_t *ret_at, struct str *ret)
{
	const struct entry entry = { key, value };

	switch (file->format) {
	case PARAMETERS_ASSIGNMENTS:
	case PARAMETERS_DOTENV:
		write_line(file, &entry, ret_at, ret);
		return true;
	case PARAMETERS_JSON_OBJECT:
	case PARAMETERS_JSON_LIST:
		write_json(file, &entry, ret_at, ret);
		return true;
	case PARAMETERS_YAML:
		return write_yaml(file, &entry, ret_at, ret);
	case PARAMETERS_SAMCONFIG:
		return write_override(file, &entry, ret_at, ret);
	}
	return false;
}
