#include "base/slice.h"

#include "base/mem.h"

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice slice_trim(struct slice s)
{
	while (s.n && is_blank(s.p[0]))
		s = (struct slice){ s.p + 1, s.n - 1 };
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool slice_is(struct slice s, const char *text)
{
	return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

bool slice_starts_with(struct slice s, const char *head)
{
	size_t len = strlen(head);

	return s.n >= len && memcmp(s.p, head, len) == 0;
}

struct slice slice_next_line(struct slice *rest)
{
	const char *nl = memchr(rest->p, '\n', rest->n);
	struct slice line = { rest->p, nl ? (size_t)(nl - rest->p) : rest->n };
	size_t used = line.n + (nl ? 1 : 0);

	*rest = (struct slice){ rest->p + used, rest->n - used };
	return line;
}

bool slice_to_u64(struct slice s, uint64_t max, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint64_t digit = (uint64_t)(unsigned char)s.p[i] - '0';

		if (digit > 9 || number > (max - digit) / 10 || digit > max)
			return false;
		number = number * 10 + digit;
	}
	*ret_number = number;
	return true;
}

char *slice_dup(struct slice s)
{
	return mem_strndup(s.p, s.n);
}
