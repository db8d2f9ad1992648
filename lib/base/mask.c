#include "base/mask.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "base/url.h"

#include <stdlib.h>
#include <string.h>

#define SHORTEST 4

/* What a text that was cut ends with. */
#define CUT "..."

static bool mask_form(struct str *text, const char *form, size_t len)
{
	CLEANUP(str_wipe) struct str clean = STR_INIT;
	const char *rest = text->buf, *end = text->buf + text->len;
	const char *at = memmem(rest, text->len, form, len);
	struct str old;

	if (!at)
		return false;
	/* Never longer than before, so that no copy stays behind. */
	str_reserve(&clean, text->len);
	for (; at; at = memmem(rest, (size_t)(end - rest), form, len)) {
		str_add(&clean, rest, (size_t)(at - rest));
		str_adds(&clean, "***");
		rest = at + len;
	}
	str_add(&clean, rest, (size_t)(end - rest));
	old = *text;
	*text = clean;
	clean = old;
	return true;
}

/* Where the text was cut within the secret, its beginning stands at the end. */
static bool mask_tail(struct str *text, const char *form, size_t len)
{
	size_t tail = str_ends_with(text, CUT) ? text->len - strlen(CUT) : text->len;
	size_t part = len - 1 < tail ? len - 1 : tail;

	for (; part >= 2 * SHORTEST; part--) {
		if (memcmp(text->buf + tail - part, form, part) != 0)
			continue;
		explicit_bzero(text->buf + tail - part, part);
		str_cut(text, tail - part);
		str_adds(text, CUT);
		return true;
	}
	return false;
}

bool mask_str(struct str *text, const char *secret)
{
	CLEANUP(str_wipe) struct str encoded = STR_INIT;
	size_t len = strlen(secret);
	struct slice forms[2] = { { secret, len } };
	bool was_there = false;

	if (len < SHORTEST || !text->len)
		return false;
	str_reserve(&encoded, len * 3);
	url_encode(&encoded, secret, len);
	forms[1] = (struct slice){ encoded.buf, encoded.len };
	for (size_t i = 0; i < 2; i++)
		was_there = mask_form(text, forms[i].p, forms[i].n) || was_there;
	for (size_t i = 0; i < 2; i++)
		was_there = mask_tail(text, forms[i].p, forms[i].n) || was_there;
	return was_there;
}

bool mask_text(char **text, const char *secret)
{
	CLEANUP(str_wipe) struct str copy = STR_INIT;

	str_adds(&copy, *text);
	if (!mask_str(&copy, secret))
		return false;
	explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = mem_strdup(copy.buf);
	return true;
}
