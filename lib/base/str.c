#include "base/str.h"

#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From here on it grows by a quarter: str_wipe() touches what a large one has taken ahead, too. */
#define LARGE_BYTES (1UL << 20)

char str_empty[1];

void str_reserve(struct str *s, size_t extra)
{
	size_t need = s->len + extra + 1;
	size_t ahead = s->cap + (s->cap < LARGE_BYTES ? s->cap : s->cap / 4);

	if (need <= s->cap)
		return;
	if (need < ahead)
		need = ahead;
	s->buf = mem_realloc(s->cap ? s->buf : NULL, need);
	s->cap = need;
	s->buf[s->len] = '\0';
}

void str_release(struct str *s)
{
	if (s->cap)
		free(s->buf);
	*s = (struct str)STR_INIT;
}

void str_reset(struct str *s)
{
	s->len = 0;
	if (s->cap)
		s->buf[0] = '\0';
}

char *str_detach(struct str *s)
{
	char *text;

	str_reserve(s, 0);
	s->buf[s->len] = '\0';
	text = s->buf;
	*s = (struct str)STR_INIT;
	return text;
}

void str_add(struct str *s, const void *bytes, size_t len)
{
	if (len == 0)
		return;
	str_reserve(s, len);
	memcpy(s->buf + s->len, bytes, len);
	s->len += len;
	s->buf[s->len] = '\0';
}

void str_addc(struct str *s, char c)
{
	str_add(s, &c, 1);
}

void str_adds(struct str *s, const char *text)
{
	str_add(s, text, strlen(text));
}

void str_vaddf(struct str *s, const char *fmt, va_list ap)
{
	va_list copy;
	int len;

	va_copy(copy, ap);
	len = vsnprintf(NULL, 0, fmt, copy);
	va_end(copy);
	if (len < 0)
		mem_fatal("vsnprintf");
	str_reserve(s, (size_t)len);
	(void)vsnprintf(s->buf + s->len, (size_t)len + 1, fmt, ap);
	s->len += (size_t)len;
}

void str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(s, fmt, ap);
	va_end(ap);
}

void str_cut(struct str *s, size_t len)
{
	assert(len <= s->len);
	s->len = len;
	if (s->cap)
		s->buf[len] = '\0';
}

void str_wipe(struct str *s)
{
	if (s->cap)
		explicit_bzero(s->buf, s->cap);
	str_release(s);
}

bool str_ends_with(const struct str *s, const char *tail)
{
	size_t len = strlen(tail);

	return s->len >= len && memcmp(s->buf + s->len - len, tail, len) == 0;
}

bool text_ends_with(const char *text, const char *tail)
{
	size_t len = strlen(text), tail_len = strlen(tail);

	return len >= tail_len && strcmp(text + len - tail_len, tail) == 0;
}
