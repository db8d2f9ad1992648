#include "base/sanitize.h"

#include <stdbool.h>
#include <string.h>

size_t utf8_decode(const char *bytes, size_t len, unsigned *ret_code)
{
	/* Smallest code of each length, which rules out the overlong forms. */
	static const unsigned smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)bytes;
	size_t size;
	unsigned code;

	if (len == 0)
		return 0;
	if (p[0] < 0x80) {
		*ret_code = p[0];
		return 1;
	}
	size = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || size > len)
		return 0;
	code = p[0] & (0xffU >> (size + 1));
	for (size_t i = 1; i < size; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < smallest[size] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return size;
}

static bool is_harmful(unsigned code)
{
	static const struct {
		unsigned first, last;
	} ranges[] = {
		{ 0x00, 0x08 },	    { 0x0a, 0x1f },	  { 0x7f, 0x9f },     { 0x061c, 0x061c },
		{ 0x200b, 0x200f }, { 0x2028, 0x202e },	  { 0x2060, 0x2069 }, { 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffb }, { 0xe0000, 0xe007f },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	}
	return false;
}

/* Bytes that mean nothing where nothing moves a cursor: a CR, a whole control sequence. */
static size_t skip_unseen(const char *bytes, size_t len)
{
	size_t n = 2;

	if (bytes[0] == '\r')
		return 1;
	if (len < 3 || bytes[0] != '\033' || bytes[1] != '[')
		return 0;
	while (n < len && bytes[n] >= 0x20 && bytes[n] <= 0x3f)
		n++;
	return n < len && bytes[n] >= 0x40 && bytes[n] <= 0x7e ? n + 1 : 0;
}

void sanitize(struct str *out, const char *bytes, size_t len)
{
	while (len) {
		unsigned code;
		size_t unseen = skip_unseen(bytes, len);
		size_t size = unseen ? 0 : utf8_decode(bytes, len, &code);

		if (unseen) {
			bytes += unseen;
			len -= unseen;
			continue;
		}

		if (size && !is_harmful(code))
			str_add(out, bytes, size);
		else
			str_addc(out, '?');
		if (size == 0)
			size = 1;
		bytes += size;
		len -= size;
	}
}

void sanitize_text(struct str *out, const char *text)
{
	sanitize(out, text, strlen(text));
}
