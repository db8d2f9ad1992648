#include "data/pattern.h"

#include "base/cleanup.h"
#include "base/slice.h"
#include "base/str.h"

#include <ctype.h>
#include <regex.h>
#include <string.h>

enum {
	MAX_BYTES = 4096,
	MAX_ATOMS = 4096, /* regcomp() writes repetitions out */
	MAX_GROUPS = 16,  /* ... and recurses into groups */
};

/*
 * A pattern on its way into POSIX's words. `atoms` counts, for each open group, what regcomp() will
 * make of it; `last` is the size of what a quantifier would repeat, 0 where there is nothing.
 */
struct translation {
	const char *at;
	struct str out;
	unsigned depth;
	size_t atoms[MAX_GROUPS + 1];
	size_t last;
};

static void translation_release(struct translation *t)
{
	str_release(&t->out);
}

/* A class of ASCII characters. POSIX has no escapes in brackets, so each is written anew. */
struct class
{
	bool has[128];
	bool is_negated;
};

static void add_atom(struct translation *t, size_t size)
{
	t->last = size;
	t->atoms[t->depth] += size;
}

static bool add_literal(struct translation *t, char c)
{
	if (strchr(".[]()*+?{}|^$\\", c))
		str_addc(&t->out, '\\');
	str_addc(&t->out, c);
	add_atom(t, 1);
	return true;
}

/* ---- classes ---- */

static bool is_word(int c)
{
	return isalnum(c) || c == '_';
}

/* Java's \s: [ \t\n\x0B\f\r] */
static bool is_blank(int c)
{
	return c && strchr(" \t\n\v\f\r", c);
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* Adds what \d, \w or \s stands for; false for other letters. */
static bool add_shorthand(struct class *class, char letter)
{
	bool (*is_in)(int) = letter == 'd'   ? is_digit
			     : letter == 'w' ? is_word
			     : letter == 's' ? is_blank
					     : NULL;

	for (int c = 1; is_in && c < 128; c++)
		class->has[c] = class->has[c] || is_in(c);
	return is_in;
}

/* The one character that an escape means; '\0' where it is none, or one not known here. */
static char escaped(char c)
{
	static const char names[] = "tnrf", means[] = "\t\n\r\f";
	const char *name = c ? strchr(names, c) : NULL;

	if (name)
		return means[name - names];
	if (isalnum((unsigned char)c))
		return '\0';
	return c;
}

/*
 * POSIX's order in brackets: ']' first, then whatever means itself, '[' where no '.', ':' or '='
 * can follow it, '^' not first, '-' last.
 */
static void write_class(struct translation *t, const struct class *class)
{
	CLEANUP(str_release) struct str members = STR_INIT;

	if (class->has[']'])
		str_addc(&members, ']');
	for (int c = 1; c < 128; c++) {
		if (class->has[c] && !strchr("][^-", c))
			str_addc(&members, (char)c);
	}
	if (class->has['['])
		str_addc(&members, '[');
	add_atom(t, 1);
	if (class->has['^'] && members.len == 0 && !class->is_negated) {
		str_adds(&t->out, class->has['-'] ? "[-^]" : "\\^");
		return;
	}
	str_addf(&t->out, "[%s%s%s%s]", class->is_negated ? "^" : "", members.buf,
		 class->has['^'] ? "^" : "", class->has['-'] ? "-" : "");
}

/* One character of a class, escaped or not; '\0' where it is none. */
static char class_character(struct translation *t)
{
	char c = *t->at;

	if (c == '[' || c == '\0' || strncmp(t->at, "&&", 2) == 0)
		return '\0';
	if (c == '\\')
		c = escaped(*++t->at);
	if (c)
		t->at++;
	return c;
}

static bool read_class_item(struct translation *t, struct class *class)
{
	char first, last;

	if (*t->at == '\\' && add_shorthand(class, t->at[1])) {
		t->at += 2;
		return true;
	}
	first = last = class_character(t);
	if (*t->at == '-' && t->at[1] != ']' && first) {
		t->at++;
		last = class_character(t);
	}
	for (int c = (unsigned char)first; first && c <= (unsigned char)last; c++)
		class->has[c] = true;
	return first && first <= last;
}

static bool add_class(struct translation *t)
{
	struct class class = { .is_negated = t->at[1] == '^' };

	t->at += class.is_negated ? 2 : 1;
	if (*t->at == ']')
		return false;
	while (*t->at != ']') {
		if (!read_class_item(t, &class))
			return false;
	}
	t->at++;
	write_class(t, &class);
	return true;
}

/* ---- everything else ---- */

static bool add_escape(struct translation *t)
{
	char c = *++t->at;
	struct class class = { .is_negated = c == 'D' || c == 'W' || c == 'S' };

	if (c && add_shorthand(&class, (char)tolower(c))) {
		t->at++;
		write_class(t, &class);
		return true;
	}
	c = escaped(c);
	t->at++;
	return c && add_literal(t, c);
}

static bool open_group(struct translation *t)
{
	bool is_plain = strncmp(t->at, "(?:", 3) == 0;

	if (t->depth == MAX_GROUPS || (t->at[1] == '?' && !is_plain))
		return false;
	t->at += is_plain ? 3 : 1;
	t->atoms[++t->depth] = 0;
	t->last = 0;
	str_addc(&t->out, '(');
	return true;
}

static bool close_group(struct translation *t)
{
	size_t size = t->atoms[t->depth];

	if (t->depth == 0)
		return false;
	t->depth--;
	t->at++;
	str_addc(&t->out, ')');
	add_atom(t, size + 1);
	return true;
}

/* "*?" matches the same texts as "*" where the whole must match, "*+" does not. */
static bool end_quantifier(struct translation *t)
{
	t->last = 0;
	if (*t->at == '?')
		t->at++;
	return *t->at != '+';
}

static bool add_quantifier(struct translation *t)
{
	if (t->last == 0)
		return false;
	str_addc(&t->out, *t->at++);
	return end_quantifier(t);
}

/* {n}, {n,} or {n,m} */
static bool add_bounds(struct translation *t)
{
	const char *end = strchr(t->at, '}');
	struct slice from = { t->at + 1, strspn(t->at + 1, "0123456789") };
	struct slice to = from;
	uint64_t least, most;

	if (!end || t->last == 0)
		return false;
	if (from.p[from.n] == ',')
		to = (struct slice){ from.p + from.n + 1, (size_t)(end - from.p) - from.n - 1 };
	if (to.p + to.n != end || !slice_to_u64(from, MAX_ATOMS, &least))
		return false;
	most = least;
	if (to.n && !slice_to_u64(to, MAX_ATOMS, &most))
		return false;
	if (most < least)
		return false;
	t->atoms[t->depth] += t->last * (most + 1);
	str_add(&t->out, t->at, (size_t)(end + 1 - t->at));
	t->at = end + 1;
	return end_quantifier(t);
}

static bool add_sign(struct translation *t)
{
	str_addc(&t->out, *t->at++);
	t->last = 0;
	return true;
}

/* Java's '.' is any character but the end of a line. */
static bool add_any(struct translation *t)
{
	str_adds(&t->out, "[^\n\r]");
	t->at++;
	add_atom(t, 1);
	return true;
}

static bool translate_one(struct translation *t)
{
	switch (*t->at) {
	case '\\':
		return add_escape(t);
	case '[':
		return add_class(t);
	case '(':
		return open_group(t);
	case ')':
		return close_group(t);
	case '*':
	case '+':
	case '?':
		return add_quantifier(t);
	case '{':
		return add_bounds(t);
	case '|':
	case '^':
	case '$':
		return add_sign(t);
	case '.':
		return add_any(t);
	default:
		return add_literal(t, *t->at++);
	}
}

static bool translate(struct translation *t)
{
	str_adds(&t->out, "^(");
	while (*t->at) {
		if (!translate_one(t) || t->atoms[t->depth] > MAX_ATOMS)
			return false;
	}
	str_adds(&t->out, ")$");
	return t->depth == 0;
}

static bool is_small_ascii(const char *text)
{
	size_t len = 0;

	while (text[len] && !((unsigned char)text[len] & 0x80) && len <= MAX_BYTES)
		len++;
	return !text[len];
}

enum pattern_verdict pattern_match(const char *pattern, const char *text)
{
	CLEANUP(translation_release)
	struct translation t = { .at = pattern, .out = STR_INIT };
	bool is_known = is_small_ascii(pattern) && is_small_ascii(text) && translate(&t);
	regex_t regex;
	int result;

	if (!is_known || regcomp(&regex, t.out.buf, REG_EXTENDED | REG_NOSUB) != 0)
		return PATTERN_UNKNOWN;
	result = regexec(&regex, text, 0, NULL, 0);
	regfree(&regex);
	if (result == REG_ESPACE)
		return PATTERN_UNKNOWN;
	return result == 0 ? PATTERN_MATCHES : PATTERN_DIFFERS;
}
