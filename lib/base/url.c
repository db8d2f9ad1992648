#include "base/url.h"

#include "base/cleanup.h"
#include "base/slice.h"

#include <ctype.h>
#include <string.h>

static bool is_unreserved(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void url_encode(struct str *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (is_unreserved(c))
			str_addc(out, (char)c);
		else
			str_addf(out, "%%%02X", c);
	}
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

void url_decode(struct str *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int high = i + 2 < len ? hex_digit(text[i + 1]) : -1;
		int low = i + 2 < len ? hex_digit(text[i + 2]) : -1;

		if (text[i] != '%' || high < 0 || low < 0) {
			str_addc(out, text[i]);
			continue;
		}
		str_addc(out, (char)(high * 16 + low));
		i += 2;
	}
}

/* What stands between "://" and the path: user information, host and port. */
static struct slice authority(const char *url)
{
	const char *start = strstr(url, "://");

	if (!start)
		return (struct slice){ url, 0 };
	start += 3;
	return (struct slice){ start, strcspn(start, "/?#") };
}

void url_host(const char *url, struct str *out)
{
	struct slice whole = authority(url);
	const char *at = memrchr(whole.p, '@', whole.n);
	size_t skip = at ? (size_t)(at + 1 - whole.p) : 0;

	str_add(out, whole.p + skip, whole.n - skip);
}

/* A dotted quad of 127.0.0.0/8 and nothing else: "127.0.0.1.example.com" is a name. */
static bool is_loopback_quad(struct slice host)
{
	for (unsigned part = 0; part < 4; part++) {
		const char *dot = memchr(host.p, '.', host.n);
		struct slice number = { host.p, dot ? (size_t)(dot - host.p) : host.n };
		uint64_t value;

		if (!slice_to_u64(number, 255, &value) || (part == 0 && value != 127) ||
		    (part < 3) != (dot != NULL))
			return false;
		if (dot)
			host = (struct slice){ dot + 1, host.n - number.n - 1 };
	}
	return true;
}

bool url_is_loopback(const char *url)
{
	struct slice host = authority(url);
	const char *colon;

	if (memchr(host.p, '@', host.n))
		return false;
	if (slice_starts_with(host, "[::1]"))
		return host.n == 5 || host.p[5] == ':';
	colon = memchr(host.p, ':', host.n);
	if (colon)
		host.n = (size_t)(colon - host.p);
	return slice_is(host, "localhost") || is_loopback_quad(host);
}

bool url_split_host(const char *host, struct str *ret_name, struct str *ret_port)
{
	bool is_bracketed = *host == '[';
	const char *name = host + is_bracketed;
	const char *end = name + strcspn(name, is_bracketed ? "]" : ":");
	const char *rest = end + (is_bracketed && *end);

	if (end == name || (is_bracketed && !*end))
		return false;
	str_add(ret_name, name, (size_t)(end - name));
	if (!*rest)
		return true;
	if (*rest != ':' || !rest[1] || rest[1 + strspn(rest + 1, "0123456789")])
		return false;
	str_adds(ret_port, rest + 1);
	return true;
}
