#include "sandbox/log_pattern.h"

#include "base/cleanup.h"
#include "base/slice.h"
#include "base/str.h"
#include "sandbox/call.h"

#include <string.h>

/* One term: its mark ('-', '?' or none) and its text. */
struct term {
	char mark;
	struct slice text;
};

/* Takes the next term off `rest`; false at the end, and where a quote stays open. */
static bool next_term(const char **rest, struct term *ret, bool *ret_is_open)
{
	const char *p = *rest + strspn(*rest, " \t");
	size_t len;

	*ret_is_open = false;
	if (!*p)
		return false;
	ret->mark = '\0';
	if (*p == '-' || *p == '?')
		ret->mark = *p++;
	if (*p == '"') {
		len = strcspn(++p, "\"");
		*ret_is_open = p[len] != '"';
		*rest = p + len + !*ret_is_open;
	} else {
		len = strcspn(p, " \t");
		*rest = p + len;
	}
	ret->text = (struct slice){ p, len };
	return !*ret_is_open;
}

int log_pattern_check(const char *pattern, struct error *err)
{
	const char *rest = pattern + strspn(pattern, " \t");
	struct term term;
	bool is_open;

	if (*rest == '{' || *rest == '[' || *rest == '%')
		return refuse(
			err, "InvalidParameterException",
			"Invalid filter pattern: the sandbox knows those for plain text only");
	while (next_term(&rest, &term, &is_open))
		;
	if (is_open)
		return refuse(err, "InvalidParameterException", "Invalid filter pattern");
	return 0;
}

static bool has(const char *message, struct slice text)
{
	return text.n == 0 || memmem(message, strlen(message), text.p, text.n) != NULL;
}

bool log_pattern_fits(const char *pattern, const char *message)
{
	bool has_choice = false, is_chosen = false, is_open;
	struct term term;

	while (next_term(&pattern, &term, &is_open)) {
		bool is_there = has(message, term.text);

		if (term.mark == '?') {
			has_choice = true;
			is_chosen |= is_there;
		} else if (is_there == (term.mark == '-')) {
			return false;
		}
	}
	return !has_choice || is_chosen;
}
