#include "docker/address.h"

#include "base/slice.h"

#include <string.h>

struct parts {
	struct slice scheme; /* without "://" */
	struct slice host;   /* with its port */
	struct slice path;   /* from its slash on, without query and fragment */
};

/* Splits "[scheme:]//host[/path][?query][#fragment]"; false where there is no "//". */
static bool split(const char *address, struct parts *ret)
{
	const char *mark = strstr(address, "//");
	const char *host, *path;
	size_t scheme_len;

	if (!mark || (mark > address && mark[-1] != ':'))
		return false;
	scheme_len = (size_t)(mark - address);
	ret->scheme = (struct slice){ address, scheme_len ? scheme_len - 1 : 0 };
	host = mark + 2;
	ret->host = (struct slice){ host, strcspn(host, "/?#") };
	path = host + ret->host.n;
	ret->path = (struct slice){ path, strcspn(path, "?#") };
	return true;
}

/* Separates ":port" at the end; brackets around an IPv6 address go. */
static struct slice split_port(struct slice host, struct slice *ret_port)
{
	size_t end = host.n;

	while (end > 0 && host.p[end - 1] >= '0' && host.p[end - 1] <= '9')
		end--;
	*ret_port = (struct slice){ host.p + end, 0 };
	if (end > 0 && host.p[end - 1] == ':') {
		ret_port->n = host.n - end;
		host.n = end - 1;
	}
	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = (struct slice){ host.p + 1, host.n - 2 };
	return host;
}

void address_host(const char *address, struct str *out)
{
	struct parts parts;
	struct slice host, port;

	if (!split(address, &parts) || parts.scheme.n == 0 || parts.host.n == 0) {
		str_add(out, address, strcspn(address, "/"));
		return;
	}
	host = split_port(parts.host, &port);
	if (port.n == 0) {
		str_add(out, host.p, host.n);
		return;
	}
	if (memchr(host.p, ':', host.n))
		str_addf(out, "[%.*s]:%.*s", (int)host.n, host.p, (int)port.n, port.p);
	else
		str_addf(out, "%.*s:%.*s", (int)host.n, host.p, (int)port.n, port.p);
}

int address_normalize(const char *address, struct str *out, struct error *err)
{
	struct parts parts;

	if (strstr(address, "://") == NULL && strncmp(address, "//", 2) != 0) {
		if (address[0] == '/' || address[0] == '\0')
			return error_set(err, ERROR_CONFIG, "no hostname in URL");
		str_addf(out, "//%.*s", (int)strcspn(address, "?#"), address);
		return 0;
	}
	if (!split(address, &parts) || parts.host.n == 0)
		return error_set(err, ERROR_CONFIG, "no hostname in URL");
	if (parts.scheme.n && !slice_is(parts.scheme, "http") && !slice_is(parts.scheme, "https"))
		return error_set(err, ERROR_CONFIG, "unsupported scheme: %.*s", (int)parts.scheme.n,
				 parts.scheme.p);
	str_add(out, parts.scheme.p, parts.scheme.n);
	str_adds(out, parts.scheme.n ? "://" : "//");
	str_add(out, parts.host.p, parts.host.n);
	str_add(out, parts.path.p, parts.path.n);
	return 0;
}
