#include "base/cleanup.h"
#include "net/http.h"
#include "net/http_tls.h"
#include "sys/interrupt.h"
#include "test.h"

#include <arpa/inet.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A server for one connection that answers with fixed bytes, cut where they end. */
struct server {
	pid_t pid;
	char url[64];
};

/* What it does after the reply. RESETS: stays, and its end resets the connection. */
enum ending { CLOSES, STAYS, RESETS };

static void answer(int listener, const char *reply, enum ending ending)
{
	static const struct linger at_once = { .l_onoff = 1 };
	char request[4096];
	int fd = accept(listener, NULL, NULL);

	if (ending == RESETS)
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	(void)recv(fd, request, ending == RESETS && !*reply ? 1 : sizeof(request), 0);
	(void)send(fd, reply, strlen(reply), MSG_NOSIGNAL);
	if (ending != CLOSES && *reply)
		(void)recv(fd, request, sizeof(request), 0);
	(void)close(fd);
	_exit(0);
}

static struct server start(const char *reply, enum ending ending)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	struct server server;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	(void)snprintf(server.url, sizeof(server.url), "http://127.0.0.1:%u/x",
		       ntohs(address.sin_port));
	server.pid = fork();
	assert_true(server.pid >= 0);
	if (server.pid == 0)
		answer(listener, reply, ending);
	(void)close(listener);
	return server;
}

static struct server serve(const char *reply)
{
	return start(reply, CLOSES);
}

static struct server serve_and_stay(const char *reply)
{
	return start(reply, STAYS);
}

static int ask(struct server server, struct http_request *request, struct http_response *response,
	       struct error *err)
{
	struct http *http = http_curl_new(&system_clock, interrupt_pending);
	int result;

	request->url = server.url;
	request->allow_http = true;
	result = http_send(http, request, response, err);
	request->url = "";
	http_curl_free(http);
	(void)kill(server.pid, SIGKILL);
	(void)waitpid(server.pid, NULL, 0);
	return result;
}

static int get(const char *reply, struct http_request *request, struct http_response *response,
	       struct error *err)
{
	request->timeout_ms = 5000;
	return ask(serve(reply), request, response, err);
}

static void reads_status_headers_and_body(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	struct http_request request = HTTP_REQUEST_INIT;

	(void)state;
	assert_int_equal(get("HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n"
			     "HTTP/1.1 403 No\r\nX-Amz-Id: abc \r\nContent-Length: 2\r\n\r\nno",
			     &request, &response, &err),
			 0);
	assert_int_equal(response.status, 403);
	assert_string_equal(response.body.buf, "no");
	assert_string_equal(http_header(&response, "x-amz-id"), "abc");
	assert_null(http_header(&response, "x-early"));
	assert_true(response.received_ms >= response.sent_ms);
}

/* Facts: reliability D1 to D15. The four truncations that libcurl calls success stay the caller's.
 */
static void fails_where_no_whole_answer_came(void **state)
{
	static const struct {
		const char *reply, *code;
	} rows[] = {
		{ "", "52" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "18" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "18" },
		{ "garbage\r\n\r\n", "1" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "8" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
		struct http_request request = HTTP_REQUEST_INIT;

		assert_int_equal(get(rows[i].reply, &request, &response, &err), -1);
		assert_int_equal(err.kind, ERROR_NETWORK);
		assert_string_equal(err.code, rows[i].code);
		assert_int_equal(response.status, 0);
	}
}

static void stops_at_the_size_limit(void **state)
{
	static const char *const replies[] = {
		"HTTP/1.1 200 OK\r\n\r\nfar too much",
		"HTTP/1.1 200 OK\r\nContent-Length: 99000000000\r\n\r\n<a>",
		"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
		struct http_request request = HTTP_REQUEST_INIT;

		request.max_body = 4;
		assert_int_equal(get(replies[i], &request, &response, &err), -1);
		assert_int_equal(err.kind, ERROR_REMOTE);
		assert_non_null(strstr(err.msg.buf, "larger than 4 bytes"));
	}
}

/* A peer that keeps the connection and says no more: in a header, in a body. */
static void gives_up_on_a_peer_that_falls_silent(void **state)
{
	static const char *const replies[] = {
		"HTTP/1.1 200 OK\r\nX-Half: ",
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
		struct http_request request = HTTP_REQUEST_INIT;

		request.stall_timeout_ms = 1000;
		assert_int_equal(ask(serve_and_stay(replies[i]), &request, &response, &err), -1);
		assert_int_equal(err.kind, ERROR_NETWORK);
		assert_string_equal(err.code, "28");
	}
}

/* A peer that never falls silent, and never ends. */
static void gives_up_on_a_peer_that_takes_too_long(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	struct http_request request = HTTP_REQUEST_INIT;

	(void)state;
	request.timeout_ms = 500;
	assert_int_equal(ask(serve_and_stay("HTTP/1.1 200 OK\r\n\r\na"), &request, &response, &err),
			 -1);
	assert_int_equal(err.kind, ERROR_NETWORK);
	assert_string_equal(err.code, "28");
}

static void follows_no_redirect(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	struct http_request request = HTTP_REQUEST_INIT;

	(void)state;
	assert_int_equal(get("HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\n"
			     "Content-Length: 0\r\n\r\n",
			     &request, &response, &err),
			 0);
	assert_int_equal(response.status, 307);
}

static void refuses_plain_http_to_other_machines(void **state)
{
	struct http *http = http_curl_new(&system_clock, interrupt_pending);
	static const char *const urls[] = { "http://192.0.2.1/", "http://127.0.0.1.example.com/",
					    "http://127.0.0.1@192.0.2.1/", "http://127.1/" };

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
		struct http_request request = HTTP_REQUEST_INIT;

		request.url = urls[i];
		request.allow_http = true;
		assert_int_equal(http_send(http, &request, &response, &err), -1);
		assert_int_equal(err.kind, ERROR_CONFIG);
	}
	http_curl_free(http);
}

static void knows_this_machine_by_its_url(void **state)
{
	(void)state;
	assert_true(url_is_loopback("http://localhost:4566"));
	assert_true(url_is_loopback("http://127.8.9.10/"));
	assert_true(url_is_loopback("http://[::1]:80/x"));
	assert_false(url_is_loopback("http://[::10]/"));
	assert_false(url_is_loopback("http://localhost.example.com"));
	assert_false(url_is_loopback("http://128.0.0.1"));
	assert_false(url_is_loopback("127.0.0.1"));
}

static void encodes_all_but_unreserved_characters(void **state)
{
	CLEANUP(str_release) struct str out = STR_INIT;

	(void)state;
	url_encode(&out, "aZ09-._~ /+\xc3\xa9", 13);
	assert_string_equal(out.buf, "aZ09-._~%20%2F%2B%C3%A9");
}

static void takes_hosts_and_ports_apart(void **state)
{
	static const struct {
		const char *host;
		const char *parts; /* NULL: refused */
	} rows[] = {
		{ "example.com", "example.com|" },
		{ "example.com:8080", "example.com|8080" },
		{ "127.0.0.1:1", "127.0.0.1|1" },
		{ "[::1]", "::1|" },
		{ "[fd00:ec2::23]:80", "fd00:ec2::23|80" },
		{ "", NULL },
		{ ":80", NULL },
		{ "a:", NULL },
		{ "a:b", NULL },
		{ "a:1:2", NULL },
		{ "::1", NULL },
		{ "[::1", NULL },
		{ "[]:80", NULL },
		{ "[::1]80", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(str_release) struct str name = STR_INIT, port = STR_INIT;
		bool is_good = url_split_host(rows[i].host, &name, &port);

		if (is_good != (rows[i].parts != NULL))
			fail_msg("'%s'", rows[i].host);
		if (!is_good)
			continue;
		str_addf(&name, "|%s", port.buf);
		assert_string_equal(name.buf, rows[i].parts);
	}
}

/* ---- the transport of the entrypoint ---- */

static int ask_tls(struct http *http, const char *url, const char *proxy, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	struct http_request request = HTTP_REQUEST_INIT;

	request.url = url;
	request.proxy = proxy;
	request.allow_http = true;
	request.timeout_ms = 30000;
	request.max_body = 10;
	return http_send(http, &request, &response, err);
}

static void asks_only_where_it_may(void **state)
{
	static const struct {
		const char *url, *proxy;
		const char *want, *fix;
	} rows[] = {
		{ "ftp://x/", NULL, "'ftp://x/' is not an http URL", "" },
		{ "https://me@x/", NULL, "'https://me@x/' is not an http URL", "" },
		{ "https://x y/", NULL, "'https://x y/' is not an http URL", "" },
		{ "https://x:y/", NULL, "'https://x:y/' is not an http URL", "" },
		{ "http://x/", NULL, "'http://x/' is not https",
		  "use https; plain http is spoken to this machine only" },
		{ "http://127.0.0.1/", "http://127.0.0.1:1",
		  "a proxy is set, and 'http://127.0.0.1/' is not https",
		  "name the host in NO_PROXY" },
		{ "https://x/", "https://127.0.0.1:1",
		  "https://x:443: HTTPS_PROXY is not an http URL with a host",
		  "write http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT" },
	};
	struct http *http = http_tls_new(&system_clock, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;

		assert_int_equal(ask_tls(http, rows[i].url, rows[i].proxy, &err), -1);
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_string_equal(err.msg.buf, rows[i].want);
		assert_string_equal(err.fix.buf, rows[i].fix);
	}
	http_tls_free(http);
}

/* The port of the server, whatever is spoken there. */
static void put_address(const struct server *server, const char *before, struct str *out)
{
	const char *host = server->url + strlen("http://");

	str_addf(out, "%s%.*s", before, (int)strcspn(host, "/"), host);
}

static void end_server(const struct server *server)
{
	(void)kill(server->pid, SIGKILL);
	(void)waitpid(server->pid, NULL, 0);
}

enum role { SERVER, TLS_SERVER, PROXY };

static void refuses_an_answer_that_is_none(void **state)
{
	static const struct {
		enum role role;
		const char *reply, *want;
	} rows[] = {
		{ SERVER, "garbage\r\n\r\n", ": an unusable answer: " },
		{ SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
		  ": an unusable answer: an answer that was cut short" },
		{ TLS_SERVER, "HTTP/1.1 400 Plain\r\n\r\n", ": TLS: " },
		{ PROXY, "garbage\r\n\r\n", ": an unusable answer: " },
		{ PROXY, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n",
		  ": it refuses: status 503" },
		{ PROXY, "HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n",
		  ": it refuses: status 407" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str url = STR_INIT, want = STR_INIT;
		struct server server = serve(rows[i].reply);
		struct http *http = http_tls_new(&system_clock, NULL);
		bool is_proxy = rows[i].role == PROXY;

		put_address(&server, rows[i].role == SERVER ? "http://" : "https://", &url);
		assert_int_equal(ask_tls(http, is_proxy ? "https://x.example/" : url.buf,
					 is_proxy ? server.url : NULL, &err),
				 -1);
		end_server(&server);
		http_tls_free(http);
		assert_int_equal(err.kind, ERROR_NETWORK);
		put_address(&server, is_proxy ? "https://x.example:443: proxy " : url.buf, &want);
		if (!is_proxy)
			str_cut(&want, url.len);
		str_adds(&want, rows[i].want);
		if (strncmp(err.msg.buf, want.buf, want.len) != 0)
			fail_msg("'%s' is not the begin of: %s", want.buf, err.msg.buf);
	}
}

static void says_that_the_peer_broke_off(void **state)
{
	static const struct {
		const char *scheme, *want;
	} rows[] = {
		{ "http://", ": receiving: Connection reset by peer" },
		{ "https://", ": Connection reset by peer" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str url = STR_INIT;
		struct server server = start("", RESETS);
		struct http *http = http_tls_new(&system_clock, NULL);

		put_address(&server, rows[i].scheme, &url);
		assert_int_equal(ask_tls(http, url.buf, NULL, &err), -1);
		end_server(&server);
		http_tls_free(http);
		assert_int_equal(err.kind, ERROR_NETWORK);
		str_adds(&url, rows[i].want);
		assert_string_equal(err.msg.buf, url.buf);
	}
}

/* The kernel may tell so only when the answer is waited for: again, until it is told in time. */
static void says_that_a_connection_did_not_last(void **state)
{
	bool was_sending = false;

	(void)state;
	for (unsigned i = 0; i < 100 && !was_sending; i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		struct server server =
			start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", RESETS);
		struct http *http = http_tls_new(&system_clock, NULL);

		assert_int_equal(ask_tls(http, server.url, NULL, &err), 0);
		end_server(&server);
		assert_int_equal(ask_tls(http, server.url, NULL, &err), -1);
		http_tls_free(http);
		assert_int_equal(err.kind, ERROR_NETWORK);
		assert_non_null(strstr(err.msg.buf, "ing: Connection reset by peer"));
		was_sending = strstr(err.msg.buf, "sending: ") != NULL;
	}
	assert_true(was_sending);
}

static void says_why_there_is_no_connection(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct http *http = http_tls_new(&system_clock, NULL);
	struct rlimit before, none;
	int result;

	(void)state;
	assert_int_equal(ask_tls(http, "https://255.255.255.255/", NULL, &err), -1);
	assert_int_equal(err.kind, ERROR_NETWORK);
	assert_string_equal(err.msg.buf,
			    "https://255.255.255.255:443: connecting to 255.255.255.255 port 443: "
			    "Network is unreachable");
	error_release(&err);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	result = ask_tls(http, "http://127.0.0.1:1/", NULL, &err);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(result, -1);
	assert_int_equal(err.kind, ERROR_NETWORK);
	assert_string_equal(err.msg.buf, "http://127.0.0.1:1: connecting to 127.0.0.1 port 1: Too "
					 "many open files");
	http_tls_free(http);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_status_headers_and_body),
		cmocka_unit_test(fails_where_no_whole_answer_came),
		cmocka_unit_test(stops_at_the_size_limit),
		cmocka_unit_test(gives_up_on_a_peer_that_falls_silent),
		cmocka_unit_test(gives_up_on_a_peer_that_takes_too_long),
		cmocka_unit_test(follows_no_redirect),
		cmocka_unit_test(refuses_plain_http_to_other_machines),
		cmocka_unit_test(knows_this_machine_by_its_url),
		cmocka_unit_test(encodes_all_but_unreserved_characters),
		cmocka_unit_test(takes_hosts_and_ports_apart),
		cmocka_unit_test(asks_only_where_it_may),
		cmocka_unit_test(refuses_an_answer_that_is_none),
		cmocka_unit_test(says_that_the_peer_broke_off),
		cmocka_unit_test(says_that_a_connection_did_not_last),
		cmocka_unit_test(says_why_there_is_no_connection),
	};

	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
