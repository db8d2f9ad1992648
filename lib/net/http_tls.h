#ifndef NET_HTTP_TLS_H
#define NET_HTTP_TLS_H

#include "base/clock.h"
#include "base/error.h"
#include "net/http.h"

/*
 * A transport of our own for a program that must be static, since Debian's libcurl cannot be linked
 * so: HTTP/1.1 over net/stream.h. It keeps its connection to the last host.
 *
 * Of a request it knows method, url, headers, body, ca_bundle, proxy (for https alone: ERROR_CONFIG
 * otherwise), allow_http, allow_any_host_http, timeouts and max_body (0: 1 MiB). In the clear it
 * speaks to this machine only, and with allow_any_host_http to the link-local addresses at which
 * ECS, EKS and EC2 hand credentials out.
 *
 * `roots`: a PEM file to trust where the request names none (SSL_CERT_FILE); NULL: Amazon's roots.
 * One transport a thread. `clock` and `roots` are borrowed. Owned by the caller: http_tls_free().
 */
struct http *http_tls_new(struct clock *clock, const char *roots);
void http_tls_free(struct http *http);

#endif
