#include "base/words.h"

#include "base/cleanup.h"

#include <string.h>

/* Takes what stands between quotes off *text, which points behind the opening one. */
static int read_quoted(const char **text, char quote, struct str *word, struct error *err)
{
	const char *p = *text;

	while (*p && *p != quote) {
		if (quote == '"' && *p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		str_addc(word, *p++);
	}
	if (!*p)
		return error_set(err, ERROR_CONFIG, "no closing %c", quote);
	*text = p + 1;
	return 0;
}

static int read_word(const char **text, struct str *word, struct error *err)
{
	while (**text && !strchr(" \t\r\n", **text)) {
		char c = *(*text)++;

		if (c == '\'' || c == '"') {
			if (read_quoted(text, c, word, err) < 0)
				return -1;
			continue;
		}
		if (c == '\\') {
			c = **text;
			if (!c)
				return error_set(err, ERROR_CONFIG,
						 "nothing follows the last backslash");
			(*text)++;
		}
		str_addc(word, c);
	}
	return 0;
}

int words_split(struct strv *words, const char *text, struct error *err)
{
	CLEANUP(str_release) struct str word = STR_INIT;

	for (;;) {
		text += strspn(text, " \t\r\n");
		if (!*text)
			return 0;
		str_reset(&word);
		if (read_word(&text, &word, err) < 0)
			return -1;
		strv_add(words, word.buf);
	}
}
