#include "net/http_proxy.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/url.h"
#include "net/http_reply.h"
#include "net/stream_tls.h"

#include <string.h>

#define DEFAULT_PORT "80"
#define MAX_ANSWER   8192
#define CURL_PROXY   "97" /* curl/curl.h */

/* A proxy's URL, taken apart. */
struct proxy {
	struct str user; /* "user:password" as it is sent; empty: none */
	struct str name;
	struct str port;
};

#define PROXY_INIT                                                                                 \
	{                                                                                          \
		.user = STR_INIT, .name = STR_INIT, .port = STR_INIT                               \
	}

static void proxy_release(struct proxy *proxy)
{
	str_wipe(&proxy->user);
	str_release(&proxy->name);
	str_release(&proxy->port);
}

/* Nothing of the URL is in a message: it may hold a password. */
static int parse(const char *url, struct proxy *ret, struct error *err)
{
	bool is_http = strncasecmp(url, "http://", 7) == 0;
	const char *start = is_http ? url + 7 : url;
	CLEANUP_FREE char *authority = mem_strndup(start, strcspn(start, "/?#"));
	char *at = strrchr(authority, '@');
	bool is_good = (is_http || !strstr(url, "://")) &&
		       url_split_host(at ? at + 1 : authority, &ret->name, &ret->port);

	if (at) {
		str_reserve(&ret->user, (size_t)(at - authority));
		url_decode(&ret->user, authority, (size_t)(at - authority));
	}
	explicit_bzero(authority, strlen(authority));
	if (ret->port.len == 0)
		str_adds(&ret->port, DEFAULT_PORT);
	if (is_good)
		return 0;
	error_set(err, ERROR_CONFIG, "HTTPS_PROXY is not an http URL with a host");
	return error_fix(err, "write http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT");
}

/* RFC 7617: the user and the password in base64. */
static void add_user(const struct str *user, struct str *out)
{
	str_adds(out, "Proxy-Authorization: Basic ");
	stream_tls_base64(out, user->buf, user->len);
	str_adds(out, "\r\n");
}

static int ask(struct stream *stream, const struct proxy *proxy, const struct stream_target *target,
	       int64_t deadline_ms, struct error *err)
{
	const char *left = strchr(target->host, ':') ? "[" : "", *right = *left ? "]" : "";
	CLEANUP(str_release) struct str peer = STR_INIT;
	CLEANUP(str_wipe) struct str head = STR_INIT;

	str_addf(&peer, "%s%s%s:%s", left, target->host, right, target->port);
	str_reserve(&head, 2 * peer.len + 2 * proxy->user.len + 128);
	str_addf(&head, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", peer.buf, peer.buf);
	if (proxy->user.len)
		add_user(&proxy->user, &head);
	str_adds(&head, "\r\n");
	return stream_write(stream, head.buf, head.len, deadline_ms, err);
}

/* Byte by byte: what follows the answer's head is the peer's. */
static int read_answer(struct stream *stream, int64_t deadline_ms, int *ret_status,
		       struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(str_release) struct str bytes = STR_INIT;
	struct http_reply reply = { .has_no_body = true };
	enum http_reply_state state = HTTP_REPLY_PARTIAL;
	const char *why = "too much of it";
	bool is_kept = false;

	while (state == HTTP_REPLY_PARTIAL && bytes.len < MAX_ANSWER) {
		char byte;
		ssize_t count = stream_read(stream, &byte, 1, deadline_ms, err);

		if (count < 0)
			return -1;
		str_add(&bytes, &byte, (size_t)count);
		reply.bytes = bytes.buf;
		reply.len = bytes.len;
		reply.is_end = count == 0;
		state = http_reply_read(&reply, &response, &is_kept, &why);
	}
	if (state != HTTP_REPLY_WHOLE)
		return error_set(err, ERROR_NETWORK, "an unusable answer: %s", why);
	*ret_status = response.status;
	return 0;
}

static int check_status(int status, struct error *err)
{
	if (status >= 200 && status <= 299)
		return 0;
	error_set(err, ERROR_NETWORK, "it refuses: status %d", status);
	if (status >= 400 && status <= 499)
		error_set_code(err, CURL_PROXY);
	return -1;
}

static int pass(struct stream *stream, const struct proxy *proxy,
		const struct stream_target *target, int64_t deadline_ms, struct error *err)
{
	int status = 0;

	if (ask(stream, proxy, target, deadline_ms, err) < 0 ||
	    read_answer(stream, deadline_ms, &status, err) < 0 || check_status(status, err) < 0)
		return error_wrap(err, "proxy %s:%s", proxy->name.buf, proxy->port.buf);
	return target->trust ? stream_secure(stream, target, deadline_ms, err) : 0;
}

int http_proxy_open(const char *url, const struct stream_target *target, struct clock *clock,
		    int64_t deadline_ms, struct stream **ret_stream, struct error *err)
{
	CLEANUP(proxy_release) struct proxy proxy = PROXY_INIT;
	struct stream_target first = { .trust = NULL };
	struct stream *stream;

	if (parse(url, &proxy, err) < 0)
		return -1;
	first.host = proxy.name.buf;
	first.port = proxy.port.buf;
	if (stream_open(&first, clock, deadline_ms, &stream, err) < 0)
		return error_wrap(err, "proxy");
	if (pass(stream, &proxy, target, deadline_ms, err) < 0) {
		stream_close(stream);
		return -1;
	}
	*ret_stream = stream;
	return 0;
}
