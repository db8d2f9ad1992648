#ifndef NET_HTTP_PROXY_H
#define NET_HTTP_PROXY_H

#include "net/stream.h"

/*
 * Opens a connection to `target` through an HTTP proxy (CONNECT: RFC 9110 section 9.3.6), over TLS
 * where the target has roots to trust; the proxy sees host and port, no more.
 *
 * `url` is "http://[USER:PASSWORD@]HOST[:PORT]", percent-encoded, the scheme may be missing, the
 * port is 80 then; the password is in no message. ERROR_CONFIG where it is not, ERROR_NETWORK where
 * the proxy refuses, with libcurl's number for that (CURLE_PROXY) as its code where the status is
 * 4xx, and as stream_open().
 */
int http_proxy_open(const char *url, const struct stream_target *target, struct clock *clock,
		    int64_t deadline_ms, struct stream **ret_stream, struct error *err);

#endif
