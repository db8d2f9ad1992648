#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/strv.h"
#include "base/url.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Receives a piece of a streamed body; returning false ends the transfer with an error. */
typedef bool (*http_body_fn)(void *ctx, const char *bytes, size_t len);

/* Gives up to `max` bytes of a body to upload; returns how many, 0 at its end, -1 to give up. */
typedef ssize_t (*http_source_fn)(void *ctx, char *buf, size_t max);

/*
 * One request. Strings are borrowed for the call. Headers are "Name: value" strings.
 *
 * Only https is spoken; http needs `allow_http`, and then only to a loopback address or over a unix
 * socket. Redirects are never followed. No content encoding is asked for. The body that comes back
 * is kept in the response up to `max_body` bytes (0: 4 MiB), or handed to `on_body` as it arrives
 * when the status is 2xx.
 */
struct http_request {
	const char *method;
	const char *url;
	struct strv headers;
	const char *body;
	size_t body_len;
	http_source_fn source; /* instead of body: an upload of source_len bytes, -1: chunked */
	int64_t source_len;
	const char *unix_socket;
	const char *ca_bundle;	 /* PEM file with the roots to trust, NULL: the system's */
	const char *client_cert; /* PEM files, for an Engine behind TLS */
	const char *client_key;
	const char *proxy; /* NULL: none; never taken from the environment by itself */
	bool allow_http;
	bool allow_any_host_http; /* with allow_http: also beyond loopback (Engine API over tcp) */
	unsigned connect_timeout_ms; /* 0: 10 s */
	unsigned timeout_ms;	     /* whole transfer, 0: none */
	unsigned stall_timeout_ms;   /* no byte for this long, 0: 30 s */
	size_t max_body;
	http_body_fn on_body;
	void *ctx; /* of on_body and source */
};

#define HTTP_REQUEST_INIT                                                                          \
	{                                                                                          \
		.method = "GET", .headers = STRV_INIT                                              \
	}

/* The answer. Times are the local wall clock around the exchange, for clock skew. */
struct http_response {
	int status;
	struct strv headers; /* "name: value", name in lower case */
	struct str body;
	int64_t sent_ms;
	int64_t received_ms;
};

#define HTTP_RESPONSE_INIT                                                                         \
	{                                                                                          \
		.status = 0, .headers = STRV_INIT, .body = STR_INIT                                \
	}

void http_request_release(struct http_request *request);
void http_response_release(struct http_response *response);

/* The value of a header by its lower-case name, borrowed, or NULL. */
const char *http_header(const struct http_response *response, const char *name);

/*
 * A transport: libcurl in production, a table of canned exchanges in tests.
 *
 * Fails with ERROR_NETWORK where no whole answer came (the request may have been acted upon), with
 * ERROR_AUTH where the peer's certificate was refused, with ERROR_SIGNAL when interrupted. Any HTTP
 * status is a success here. `code` of the error is libcurl's number as text, for retry decisions; a
 * proxy that refuses with a status of 4xx is CURLE_PROXY.
 */
struct http {
	int (*send)(struct http *http, const struct http_request *request,
		    struct http_response *ret, struct error *err);
};

static inline int http_send(struct http *http, const struct http_request *request,
			    struct http_response *ret, struct error *err)
{
	return http->send(http, request, ret, err);
}

/*
 * A transport over libcurl that keeps its connections. `clock` is borrowed; `pending_signal` says
 * whether a signal asks to stop (interrupt_pending of sys/interrupt.h), which ends a transfer
 * within about a second. Owned by the caller: http_curl_free().
 */
struct http *http_curl_new(struct clock *clock, int (*pending_signal)(void));
void http_curl_free(struct http *http);

#endif
