#include "net/http_tls.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "net/http_proxy.h"
#include "net/http_reply.h"
#include "net/stream.h"

#include <string.h>

#define DEFAULT_TIMEOUT_MS 60000
#define DEFAULT_MAX_BODY   (1UL << 20)
#define READ_SIZE	   (8UL << 10)
#define MAX_HEADERS	   (64UL << 10)

struct tls_http {
	struct http http;
	struct clock *clock;
	const char *roots;
	struct stream_trust *trust; /* of the bundle below */
	char *bundle;
	struct stream *stream; /* to `peer`, NULL: none is open */
	char *peer;	       /* "https://host:port" */
};

/* Where a URL leads, taken apart. */
struct route {
	bool is_tls;
	struct str peer;
	struct str host; /* as in the URL, with its port: for the Host header */
	struct str name; /* without brackets and port */
	struct str port;
	const char *path;
};

#define ROUTE_INIT                                                                                 \
	{                                                                                          \
		.peer = STR_INIT, .host = STR_INIT, .name = STR_INIT, .port = STR_INIT             \
	}

static void route_release(struct route *route)
{
	str_release(&route->peer);
	str_release(&route->host);
	str_release(&route->name);
	str_release(&route->port);
}

/* ---- where to ---- */

static int find_route(const char *url, struct route *route, struct error *err)
{
	const char *start = strstr(url, "://");

	route->is_tls = strncmp(url, "https://", 8) == 0;
	if (!start || (!route->is_tls && strncmp(url, "http://", 7) != 0) ||
	    url[strcspn(url, " \t\r\n")] || strchr(url, '@'))
		return error_set(err, ERROR_CONFIG, "'%s' is not an http URL", url);
	url_host(url, &route->host);
	route->path = start + 3 + strcspn(start + 3, "/?#");
	if (!url_split_host(route->host.buf, &route->name, &route->port))
		return error_set(err, ERROR_CONFIG, "'%s' is not an http URL", url);
	if (route->port.len == 0)
		str_adds(&route->port, route->is_tls ? "443" : "80");
	str_addf(&route->peer, "%s://%s:%s", route->is_tls ? "https" : "http", route->name.buf,
		 route->port.buf);
	return 0;
}

/* The addresses at which ECS, EKS and EC2 hand credentials out; they never leave the machine. */
static bool is_link_local(const char *name)
{
	static const char *const known[] = { "169.254.170.2", "169.254.170.23", "169.254.169.254",
					     "fd00:ec2::23", "fd00:ec2::254" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(name, known[i]) == 0)
			return true;
	}
	return false;
}

static int check_route(const struct http_request *request, const struct route *route,
		       struct error *err)
{
	if (request->proxy && !route->is_tls) {
		error_set(err, ERROR_CONFIG, "a proxy is set, and '%s' is not https", request->url);
		return error_fix(err, "name the host in NO_PROXY");
	}
	if (route->is_tls || (request->allow_http && url_is_loopback(request->url)) ||
	    (request->allow_any_host_http && is_link_local(route->name.buf)))
		return 0;
	error_set(err, ERROR_CONFIG, "'%s' is not https", request->url);
	return error_fix(err, "use https; plain http is spoken to this machine only");
}

/* ---- the connection ---- */

static void disconnect(struct tls_http *transport)
{
	stream_close(move_ptr(transport->stream));
	free(move_ptr(transport->peer));
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The roots for this request: parsed again only where another bundle is asked for. */
static int load_trust(struct tls_http *transport, const struct http_request *request,
		      struct error *err)
{
	const char *bundle = request->ca_bundle ? request->ca_bundle : transport->roots;
	struct stream_trust *trust;

	if (transport->trust && is_same(bundle, transport->bundle))
		return 0;
	if (stream_trust_new(bundle, &trust, err) < 0)
		return -1;
	stream_trust_free(transport->trust);
	free(transport->bundle);
	transport->trust = trust;
	transport->bundle = bundle ? mem_strdup(bundle) : NULL;
	return 0;
}

static int open_stream(struct tls_http *transport, const struct http_request *request,
		       const struct stream_target *target, int64_t deadline_ms, struct error *err)
{
	if (request->proxy)
		return http_proxy_open(request->proxy, target, transport->clock, deadline_ms,
				       &transport->stream, err);
	return stream_open(target, transport->clock, deadline_ms, &transport->stream, err);
}

static int connect_route(struct tls_http *transport, const struct http_request *request,
			 const struct route *route, int64_t deadline_ms, struct error *err)
{
	struct stream_target target = { .host = route->name.buf, .port = route->port.buf };

	if (transport->stream && is_same(transport->peer, route->peer.buf))
		return 0;
	disconnect(transport);
	if (route->is_tls) {
		if (load_trust(transport, request, err) < 0)
			return -1;
		target.trust = transport->trust;
	}
	if (open_stream(transport, request, &target, deadline_ms, err) < 0)
		return -1;
	transport->peer = mem_strdup(route->peer.buf);
	return 0;
}

/* ---- the exchange ---- */

static bool has_header(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->headers.count; i++) {
		if (strncasecmp(request->headers.v[i], name, strlen(name)) == 0)
			return true;
	}
	return false;
}

/* The head may hold a session token: whoever gets it wipes it. */
static void write_head(const struct http_request *request, const struct route *route,
		       struct str *out)
{
	size_t room = strlen(request->url) + route->host.len + 256;

	for (size_t i = 0; i < request->headers.count; i++)
		room += strlen(request->headers.v[i]) + 2;
	str_reserve(out, room);
	str_addf(out, "%s %s%s HTTP/1.1\r\n", request->method, *route->path == '/' ? "" : "/",
		 route->path);
	if (!has_header(request, "Host:"))
		str_addf(out, "Host: %s\r\n", route->host.buf);
	for (size_t i = 0; i < request->headers.count; i++)
		str_addf(out, "%s\r\n", request->headers.v[i]);
	if (request->body || strcmp(request->method, "GET") != 0)
		str_addf(out, "Content-Length: %zu\r\n", request->body ? request->body_len : 0);
	str_adds(out, "\r\n");
}

/* Adds a piece without leaving what was before it behind in freed memory. */
static void add_piece(struct str *bytes, const char *piece, size_t len)
{
	CLEANUP(str_wipe) struct str old = STR_INIT;

	if (bytes->len + len >= bytes->cap) {
		old = *bytes;
		*bytes = (struct str)STR_INIT;
		str_reserve(bytes, 2 * old.cap + len);
		str_add(bytes, old.buf, old.len);
	}
	str_add(bytes, piece, len);
}

static int refuse_reply(const char *why, struct error *err)
{
	return error_set(err, ERROR_NETWORK, "an unusable answer: %s", why);
}

/* Reads another piece into *bytes; *ret_is_end where there is none. */
static int read_piece(struct tls_http *transport, int64_t deadline_ms, struct str *bytes,
		      bool *ret_is_end, struct error *err)
{
	char piece[READ_SIZE];
	ssize_t count = stream_read(transport->stream, piece, sizeof(piece), deadline_ms, err);

	if (count < 0)
		return -1;
	add_piece(bytes, piece, (size_t)count);
	explicit_bzero(piece, (size_t)count);
	*ret_is_end = count == 0;
	return 0;
}

static int receive(struct tls_http *transport, const struct http_request *request,
		   int64_t deadline_ms, struct http_response *ret, struct error *err)
{
	CLEANUP(str_wipe) struct str bytes = STR_INIT;
	struct http_reply reply = {
		.has_no_body = strcmp(request->method, "HEAD") == 0,
		.max_body = request->max_body ? request->max_body : DEFAULT_MAX_BODY,
	};
	enum http_reply_state state = HTTP_REPLY_PARTIAL;
	const char *why = "";
	bool is_kept = false;

	while (state == HTTP_REPLY_PARTIAL) {
		if (read_piece(transport, deadline_ms, &bytes, &reply.is_end, err) < 0)
			return -1;
		if (bytes.len > 2 * reply.max_body + 2 * MAX_HEADERS)
			return refuse_reply("too much of it", err);
		reply.bytes = bytes.buf;
		reply.len = bytes.len;
		state = http_reply_read(&reply, ret, &is_kept, &why);
	}
	if (state == HTTP_REPLY_BROKEN)
		return refuse_reply(why, err);
	if (!is_kept)
		disconnect(transport);
	return 0;
}

static int exchange(struct tls_http *transport, const struct http_request *request,
		    const struct route *route, struct http_response *ret, struct error *err)
{
	CLEANUP(str_wipe) struct str head = STR_INIT;
	unsigned timeout_ms = request->timeout_ms ? request->timeout_ms : DEFAULT_TIMEOUT_MS;
	int64_t deadline_ms = transport->clock->monotonic_ms(transport->clock) + timeout_ms;

	if (connect_route(transport, request, route, deadline_ms, err) < 0)
		return -1;
	write_head(request, route, &head);
	if (stream_write(transport->stream, head.buf, head.len, deadline_ms, err) < 0 ||
	    stream_write(transport->stream, request->body, request->body ? request->body_len : 0,
			 deadline_ms, err) < 0)
		return -1;
	return receive(transport, request, deadline_ms, ret, err);
}

static int tls_send(struct http *http, const struct http_request *request,
		    struct http_response *ret, struct error *err)
{
	struct tls_http *transport = (struct tls_http *)http;
	CLEANUP(route_release) struct route route = ROUTE_INIT;
	struct http_response response = HTTP_RESPONSE_INIT;
	int64_t sent_ms = transport->clock->wall_ms(transport->clock);

	if (find_route(request->url, &route, err) < 0 || check_route(request, &route, err) < 0)
		return -1;
	if (exchange(transport, request, &route, &response, err) < 0) {
		disconnect(transport);
		http_response_release(&response);
		return error_wrap(err, "%s", route.peer.buf);
	}
	response.sent_ms = sent_ms;
	response.received_ms = transport->clock->wall_ms(transport->clock);
	http_response_release(ret);
	*ret = response;
	return 0;
}

struct http *http_tls_new(struct clock *clock, const char *roots)
{
	struct tls_http *transport = mem_zalloc(sizeof(*transport));

	transport->http.send = tls_send;
	transport->clock = clock;
	transport->roots = roots;
	return &transport->http;
}

void http_tls_free(struct http *http)
{
	struct tls_http *transport = (struct tls_http *)http;

	if (!transport)
		return;
	disconnect(transport);
	stream_trust_free(transport->trust);
	free(transport->bundle);
	free(transport);
}
