#ifndef TESTS_UNIT_CANNED_HTTP_H
#define TESTS_UNIT_CANNED_HTTP_H

#include "base/cleanup.h"
#include "base/str.h"
#include "base/strv.h"
#include "net/http.h"
#include "test.h"

#include <string.h>

/*
 * One exchange: what must be asked, and what comes back. status 0: no answer, as if refused; below
 * 0: none either, with libcurl's number for it less its sign.
 */
struct canned_exchange {
	const char *method;
	const char *url;
	int status;
	const char *headers; /* one "name: value" a line */
	const char *body;
};

/*
 * A transport that plays a table of exchanges in their order and fails the test on any other
 * request. Bodies are streamed `piece` bytes at a time (0: whole). The headers of the last request
 * stay in here, and the body of the last one that had any.
 */
struct canned_http {
	struct http http;
	const struct canned_exchange *exchanges;
	size_t count;
	size_t next;
	size_t piece;
	struct strv headers;
	struct str body;
	struct str body_type;
};

/* The value of a header of the last request, "" where it had none. */
static inline const char *canned_header(const struct canned_http *canned, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < canned->headers.count; i++) {
		if (strncasecmp(canned->headers.v[i], name, len) == 0 &&
		    canned->headers.v[i][len] == ':')
			return canned->headers.v[i] + len + 2;
	}
	return "";
}

static inline bool canned_stream(const struct canned_http *canned,
				 const struct http_request *request, const char *body)
{
	size_t left = strlen(body);

	while (left) {
		size_t n = canned->piece && canned->piece < left ? canned->piece : left;

		if (!request->on_body(request->ctx, body, n))
			return false;
		body += n;
		left -= n;
	}
	return true;
}

/* Keeps what is uploaded in chunks, a few bytes at a time; false where its source gives up. */
static inline bool canned_upload(struct canned_http *canned, const struct http_request *request)
{
	char buf[7];
	ssize_t n;

	str_reset(&canned->body);
	while ((n = request->source(request->ctx, buf, sizeof(buf))) > 0)
		str_add(&canned->body, buf, (size_t)n);
	return n == 0;
}

static inline int canned_silence(const struct canned_exchange *exchange, struct error *err)
{
	CLEANUP(str_release) struct str code = STR_INIT;

	str_addf(&code, "%d", exchange->status ? -exchange->status : 7);
	error_set(err, ERROR_NETWORK, "%s: %s", exchange->url,
		  exchange->status ? "connection closed" : "connection refused");
	error_set_code(err, code.buf);
	return -1;
}

static inline int canned_send(struct http *http, const struct http_request *request,
			      struct http_response *ret, struct error *err)
{
	struct canned_http *canned = (struct canned_http *)http;
	const struct canned_exchange *exchange;

	assert_true(canned->next < canned->count);
	exchange = &canned->exchanges[canned->next++];
	assert_string_equal(request->method, exchange->method);
	assert_string_equal(request->url, exchange->url);
	strv_release(&canned->headers);
	strv_add_list(&canned->headers, &request->headers);
	if (request->body) {
		str_reset(&canned->body);
		str_add(&canned->body, request->body, request->body_len);
		str_reset(&canned->body_type);
		str_adds(&canned->body_type, canned_header(canned, "Content-Type"));
	}
	if (request->source && !canned_upload(canned, request))
		return error_set(err, ERROR_NETWORK, "%s: ended by the source", request->url);
	if (exchange->status <= 0)
		return canned_silence(exchange, err);
	http_response_release(ret);
	ret->status = exchange->status;
	strv_split(&ret->headers, exchange->headers ? exchange->headers : "", "\n");
	if (!exchange->body)
		return 0;
	if (!request->on_body || exchange->status >= 300)
		str_adds(&ret->body, exchange->body);
	else if (!canned_stream(canned, request, exchange->body))
		return error_set(err, ERROR_NETWORK, "%s: ended by the receiver", request->url);
	return 0;
}

static inline void canned_release(struct canned_http *canned)
{
	strv_release(&canned->headers);
	str_release(&canned->body);
	str_release(&canned->body_type);
}

/* clang-format off */
#define CANNED(rows)                                                           \
	{                                                                      \
		.http = { .send = canned_send }, .exchanges = (rows),          \
		.count = sizeof(rows) / sizeof((rows)[0]),                     \
		.headers = STRV_INIT, .body = STR_INIT, .body_type = STR_INIT   \
	}
/* clang-format on */

#endif
