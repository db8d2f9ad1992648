#include "sandbox/server.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "sandbox/call.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_BODY_BYTES	(8 << 20)
#define IDLE_TIMEOUT_S	120U
#define MAX_CONNECTIONS 256U

struct server {
	struct sandbox *sandbox;
	struct MHD_Daemon *daemon;
	unsigned port;
};

/* One request while it comes in, and its reply while it goes out. */
struct exchange {
	struct request request;
	struct reply reply;
	bool is_too_large;
	bool is_begun;
};

static void free_exchange(struct exchange *exchange)
{
	free((void *)(uintptr_t)exchange->request.target);
	free((void *)(uintptr_t)exchange->request.method);
	request_release(&exchange->request);
	reply_release(&exchange->reply);
	free(exchange);
}

/* The only place where libmicrohttpd shows the target as it was sent: signatures cover it so. */
static void *begin_exchange(void *ctx, const char *target, struct MHD_Connection *connection)
{
	struct exchange *exchange = mem_zalloc(sizeof(*exchange));

	(void)ctx;
	(void)connection;
	exchange->request = (struct request)REQUEST_INIT;
	exchange->reply = (struct reply)REPLY_INIT;
	exchange->request.target = mem_strdup(target);
	return exchange;
}

static void end_exchange(void *ctx, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode how)
{
	(void)ctx;
	(void)connection;
	(void)how;
	if (*state)
		free_exchange(*state);
	*state = NULL;
}

static enum MHD_Result add_header(void *ctx, enum MHD_ValueKind kind, const char *name,
				  const char *value)
{
	CLEANUP(str_release) struct str header = STR_INIT;
	struct strv *headers = ctx;

	(void)kind;
	for (const char *p = name; *p; p++)
		str_addc(&header, (char)tolower((unsigned char)*p));
	str_addf(&header, ": %s", value ? value : "");
	strv_take(headers, str_detach(&header));
	return MHD_YES;
}

/* Sends the headers and half of the body, and then breaks off. */
static ssize_t cut_body(void *ctx, uint64_t at, char *buf, size_t max)
{
	const struct str *body = ctx;
	size_t half = body->len / 2, left = at < half ? half - (size_t)at : 0;
	size_t size = left < max ? left : max;

	if (size == 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	memcpy(buf, body->buf + at, size);
	return (ssize_t)size;
}

static struct MHD_Response *make_response(struct reply *reply)
{
	if (reply->fate == REPLY_CUT)
		return MHD_create_response_from_callback(reply->body.len, 4096, cut_body,
							 &reply->body, NULL);
	return MHD_create_response_from_buffer(reply->body.len, reply->body.buf,
					       MHD_RESPMEM_MUST_COPY);
}

/* The sandbox's own clock, not the machine's: RFC 9110 section 6.6.1. */
static void add_date(struct MHD_Response *response, struct clock *clock)
{
	time_t now = (time_t)(clock->wall_ms(clock) / 1000);
	char text[64];
	struct tm tm;

	if (gmtime_r(&now, &tm) && strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm))
		(void)MHD_add_response_header(response, "Date", text);
}

static enum MHD_Result send_reply(struct server *server, struct MHD_Connection *connection,
				  struct reply *reply)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	if (reply->delay_ms)
		server->sandbox->clock->sleep_ms(server->sandbox->clock, reply->delay_ms);
	if (reply->fate == REPLY_DROP)
		return MHD_NO;
	response = make_response(reply);
	if (!response)
		return MHD_NO;
	add_date(response, server->sandbox->clock);
	for (size_t i = 0; i < reply->headers.count; i++) {
		char *colon = strchr(reply->headers.v[i], ':');

		assert(colon);
		*colon = '\0';
		(void)MHD_add_response_header(response, reply->headers.v[i], colon + 2);
	}
	result = MHD_queue_response(connection, (unsigned)reply->status, response);
	MHD_destroy_response(response);
	return result;
}

/* Its parameters are libmicrohttpd's. NOLINTNEXTLINE(readability-function-size) */
static enum MHD_Result answer(void *ctx, struct MHD_Connection *connection, const char *path,
			      const char *method, const char *version, const char *bytes,
			      size_t *size, void **state)
{
	struct server *server = ctx;
	struct exchange *exchange = *state;

	(void)path;
	(void)version;
	if (!exchange->is_begun) {
		exchange->is_begun = true;
		exchange->request.method = mem_strdup(method);
		return MHD_YES;
	}
	if (*size) {
		exchange->is_too_large |= exchange->request.body.len + *size > MAX_BODY_BYTES;
		if (!exchange->is_too_large)
			str_add(&exchange->request.body, bytes, *size);
		*size = 0;
		return MHD_YES;
	}
	(void)MHD_get_connection_values(connection, MHD_HEADER_KIND, add_header,
					&exchange->request.headers);
	if (exchange->is_too_large)
		exchange->reply.status = MHD_HTTP_CONTENT_TOO_LARGE;
	else
		sandbox_answer(server->sandbox, &exchange->request, &exchange->reply);
	return send_reply(server, connection, &exchange->reply);
}

/* `tls` NULL: in the clear, on the loopback address. */
static struct MHD_Daemon *listen_on(struct server *server, const struct server_tls *tls,
				    unsigned port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct MHD_OptionItem more[] = { { MHD_OPTION_END, 0, NULL },
					 { MHD_OPTION_END, 0, NULL },
					 { MHD_OPTION_END, 0, NULL } };
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
			 MHD_USE_POLL | MHD_USE_SUPPRESS_DATE_NO_CLOCK;

	if (tls) {
		more[0] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0,
						   (void *)(uintptr_t)tls->key };
		more[1] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0,
						   (void *)(uintptr_t)tls->certificate };
		flags |= MHD_USE_TLS;
		if (inet_pton(AF_INET, tls->address, &address.sin_addr) != 1)
			return NULL;
	}
	return MHD_start_daemon(
		flags, (uint16_t)port, NULL, NULL, answer, server, MHD_OPTION_SOCK_ADDR,
		(struct sockaddr *)&address, MHD_OPTION_URI_LOG_CALLBACK, begin_exchange, NULL,
		MHD_OPTION_NOTIFY_COMPLETED, end_exchange, NULL, MHD_OPTION_CONNECTION_TIMEOUT,
		IDLE_TIMEOUT_S, MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS, MHD_OPTION_ARRAY,
		more, MHD_OPTION_END);
}

static int start(struct sandbox *sandbox, const struct server_tls *tls, unsigned port,
		 struct server **ret_server, struct error *err)
{
	struct server *server = mem_zalloc(sizeof(*server));

	server->sandbox = sandbox;
	if (port)
		server->daemon = listen_on(server, tls, port);
	if (!server->daemon)
		server->daemon = listen_on(server, tls, 0);
	if (!server->daemon) {
		free(server);
		return error_set_errno(err, errno, "cannot listen on %s",
				       tls ? tls->address : "127.0.0.1");
	}
	server->port = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
	*ret_server = server;
	return 0;
}

int server_start(struct sandbox *sandbox, unsigned port, struct server **ret_server,
		 struct error *err)
{
	return start(sandbox, NULL, port, ret_server, err);
}

int server_start_tls(struct sandbox *sandbox, const struct server_tls *tls,
		     struct server **ret_server, struct error *err)
{
	return start(sandbox, tls, 0, ret_server, err);
}

void server_stop(struct server *server)
{
	if (!server)
		return;
	MHD_stop_daemon(server->daemon);
	free(server);
}

unsigned server_port(const struct server *server)
{
	return server->port;
}
