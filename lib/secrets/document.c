#include "secrets/document.h"

#include "aws/credentials_json.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "data/json.h"
#include "data/json_walk.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TEXT                                                                                   \
	(256UL << 10) /* room for any secret, so that building one leaves no copy behind           \
		       */

/* The members of an object that was checked: each key, and the bytes of its value. */
struct member {
	char *key;
	struct slice value;
};

static void wipe_text(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
}

/* ---- numbers ---- */

static size_t digits(struct slice text, size_t at)
{
	size_t count = 0;

	while (at + count < text.n && isdigit((unsigned char)text.p[at + count]))
		count++;
	return count;
}

static bool has_one_of(struct slice text, size_t at, const char *set)
{
	return at < text.n && text.p[at] && strchr(set, text.p[at]);
}

/* How long the number at `at` is (RFC 8259 section 6); 0 where none begins there. */
static size_t number_len(struct slice text, size_t at)
{
	size_t start = at, count;

	at += has_one_of(text, at, "-");
	count = digits(text, at);
	if (count == 0 || (count > 1 && text.p[at] == '0'))
		return 0;
	at += count;
	if (has_one_of(text, at, ".")) {
		count = digits(text, at + 1);
		if (count == 0)
			return 0;
		at += 1 + count;
	}
	if (has_one_of(text, at, "eE")) {
		size_t sign = has_one_of(text, at + 1, "+-");

		count = digits(text, at + 1 + sign);
		if (count == 0)
			return 0;
		at += 1 + sign + count;
	}
	return at - start;
}

static size_t string_end(struct slice text, size_t at)
{
	for (at++; at < text.n && text.p[at] != '"'; at++)
		at += text.p[at] == '\\';
	return at;
}

/*
 * The text with each number put as 1 and blanks: the reader has 64 bits for integers and doubles
 * for the rest, a secret may have more, and here the text of a number is its value. What is no
 * number stays, for the reader to refuse; places stay the same.
 */
static void blank_numbers(struct slice text, struct str *out)
{
	str_reserve(out, text.n);
	for (size_t at = 0; at < text.n; at++) {
		size_t len = 1;

		if (text.p[at] == '"') {
			len = string_end(text, at) - at + 1;
			len = at + len > text.n ? text.n - at : len;
		} else if (isdigit((unsigned char)text.p[at]) || text.p[at] == '-') {
			size_t number = number_len(text, at);

			if (number) {
				str_addc(out, '1');
				for (size_t i = 1; i < number; i++)
					str_addc(out, ' ');
				at += number - 1;
				continue;
			}
		}
		str_add(out, text.p + at, len);
		at += len - 1;
	}
}

/* ---- values ---- */

/* The bytes of a container without the blanks between its parts. */
static void compact(struct slice value, struct str *out)
{
	str_reserve(out, value.n);
	for (size_t at = 0; at < value.n; at++) {
		if (value.p[at] == '"') {
			size_t end = string_end(value, at);

			str_add(out, value.p + at, end - at + 1);
			at = end;
		} else if (!strchr(" \t\r\n", value.p[at])) {
			str_addc(out, value.p[at]);
		}
	}
}

static void read_value(struct slice value, struct secret *ret)
{
	CLEANUP(wipe_text) char *string = json_walk_string(value);
	CLEANUP(str_wipe) struct str text = STR_INIT;

	if (string) {
		secret_sets(ret, string);
		return;
	}
	compact(value, &text);
	secret_set(ret, text.buf, text.len);
}

static int add_member(const struct secrets_reference *reference, const struct member *member,
		      const struct secrets_rules *rules, struct secrets_variables *ret,
		      struct error *err)
{
	CLEANUP(secret_release) struct secret value = SECRET_INIT;
	const char *name = reference->variable ? reference->variable : member->key;

	if (slice_is(member->value, "null")) {
		report_note(rules->report, "'%s': '%s' is null: not set", reference->text, name);
		return 0;
	}
	read_value(member->value, &value);
	return secrets_variables_inject(ret, name, &value, reference->text, rules, err);
}

/* ---- documents ---- */

static int refuse(const char *what, const char *why, struct error *err)
{
	error_set(err, ERROR_CONFIG, "'%s' is not a JSON object: %s", what, why);
	return error_fix(err, "store {\"NAME\": \"value\"}; a text that is one value goes to a "
			      "variable with VARIABLE=NAME");
}

/* The decoder quotes what stands at the mistake, and that may be a value. */
static void cut_quotation(struct str *msg)
{
	static const char *const heads[] = { " near '", " '\\u" };

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		const char *at = strstr(msg->buf, heads[i]);

		if (at)
			str_cut(msg, (size_t)(at - msg->buf));
	}
}

int secrets_document_check(const char *what, const struct secret *text, struct error *err)
{
	CLEANUP(str_wipe) struct str blanked = STR_INIT;
	CLEANUP(error_release) struct error cause = ERROR_INIT;
	struct slice bytes = { secret_bytes(text), secret_len(text) };
	CLEANUP(aws_json_wipe) json_t *document = NULL;

	if (slice_trim(bytes).n == 0)
		return refuse(what, "it is empty", err);
	blank_numbers(bytes, &blanked);
	document = json_read(blanked.buf, blanked.len, &cause);
	if (json_is_object(document))
		return 0;
	if (document)
		return refuse(what, "it is another kind of value", err);
	cut_quotation(&cause.msg);
	return refuse(what, cause.msg.buf, err);
}

static int no_such_key(const struct secrets_reference *reference, struct error *err)
{
	if (reference->is_optional)
		return 0;
	error_set(err, ERROR_CONFIG, "'%s': the secret has no key '%s'", reference->text,
		  reference->key);
	return error_fix(err, "'deployer secrets get' shows which keys it has");
}

static int read_members(const struct secrets_reference *reference, struct slice text,
			const struct secrets_rules *rules, struct secrets_variables *ret,
			struct error *err)
{
	struct json_walk walk = json_walk_begin(json_walk_top(text));
	struct slice key;
	struct member member;
	bool is_found = false;

	while (json_walk_next(&walk, &key, &member.value)) {
		CLEANUP_FREE char *name = json_walk_string(key);

		if (!name || (reference->key && strcmp(name, reference->key) != 0))
			continue;
		member.key = name;
		is_found = true;
		if (add_member(reference, &member, rules, ret, err) < 0)
			return -1;
	}
	return !is_found && reference->key ? no_such_key(reference, err) : 0;
}

int secrets_document_read(const struct secrets_reference *reference, const struct secret *text,
			  const struct secrets_rules *rules, struct secrets_variables *ret,
			  struct error *err)
{
	if (reference->variable && !reference->key)
		return secrets_variables_inject(ret, reference->variable, text, reference->text,
						rules, err);
	if (secrets_document_check(reference->text, text, err) < 0)
		return -1;
	return read_members(reference, (struct slice){ secret_bytes(text), secret_len(text) },
			    rules, ret, err);
}

/* ---- whole documents ---- */

static struct slice top_of(const struct secret *text)
{
	return json_walk_top((struct slice){ secret_bytes(text), secret_len(text) });
}

int secrets_document_members(const char *what, const struct secret *text,
			     struct secrets_variables *ret, struct error *err)
{
	struct json_walk walk = json_walk_begin(top_of(text));
	struct slice key, value;

	if (secrets_document_check(what, text, err) < 0)
		return -1;
	while (json_walk_next(&walk, &key, &value)) {
		struct secrets_variable *member =
			mem_grow(&ret->items, &ret->count, sizeof(*member));

		member->name = json_walk_string(key);
		member->source = mem_strdup(what);
		read_value(value, &member->value);
	}
	return 0;
}

static void add_separator(struct str *out)
{
	str_adds(out, out->len > 1 ? ", " : "");
}

static void keep_members(const struct secret *text, const struct secrets_variables *variables,
			 struct str *out)
{
	struct json_walk walk = json_walk_begin(top_of(text));
	struct slice key, value;

	while (json_walk_next(&walk, &key, &value)) {
		CLEANUP_FREE char *name = json_walk_string(key);

		if (!name || secrets_variables_find(variables, name))
			continue;
		add_separator(out);
		str_add(out, key.p, key.n);
		str_adds(out, ": ");
		str_add(out, value.p, value.n);
	}
}

int secrets_document_merge(const char *what, const struct secret *text,
			   const struct secrets_variables *variables, bool replaces,
			   struct secret *ret, struct error *err)
{
	CLEANUP(str_wipe) struct str out = STR_INIT;

	if (secret_is_set(text) && secrets_document_check(what, text, err) < 0)
		return -1;
	str_reserve(&out, MAX_TEXT);
	str_addc(&out, '{');
	if (!replaces)
		keep_members(text, variables, &out);
	for (size_t i = 0; i < variables->count; i++) {
		add_separator(&out);
		json_quote(&out, variables->items[i].name);
		str_adds(&out, ": ");
		json_quote(&out, secret_bytes(&variables->items[i].value));
	}
	str_addc(&out, '}');
	secret_set(ret, out.buf, out.len);
	return 0;
}
