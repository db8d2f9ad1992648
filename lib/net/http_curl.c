#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "net/http.h"
#include "net/libcurl.h"

#include <assert.h>
#include <ctype.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_CONNECT_MS 10000
#define DEFAULT_STALL_MS   30000
#define DEFAULT_MAX_BODY   (4UL << 20)
#define MAX_HEADERS	   (300UL << 10) /* libcurl counts those before the body, not its trailers */

/* The transport: one easy handle, reused, so that connections stay open between requests. */
struct curl_http {
	struct http http;
	struct libcurl curl;
	CURL *easy; /* NULL before the first request */
	struct clock *clock;
	int (*pending_signal)(void);
};

/* One transfer under way. */
struct transfer {
	struct curl_http *transport;
	const struct http_request *request;
	struct curl_slist *headers;
	struct http_response response;
	size_t max_body;
	size_t header_bytes;
	bool is_too_large;
	bool is_refused;  /* by on_body or source */
	CURLcode refused; /* what libcurl said of the first option that it did not take */
	char why[CURL_ERROR_SIZE];
};

static void transfer_release(struct transfer *t)
{
	if (t->headers)
		t->transport->curl.slist_free_all(t->headers);
	http_response_release(&t->response);
}

static long number_of(const struct transfer *t, CURLINFO info)
{
	long number = 0;

	assert((info & CURLINFO_TYPEMASK) == CURLINFO_LONG);
	(void)t->transport->curl.easy_getinfo(t->transport->easy, info, &number);
	return number;
}

static bool is_success(const struct transfer *t)
{
	long status = number_of(t, CURLINFO_RESPONSE_CODE);

	return status >= 200 && status < 300;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;
	size_t len = size * count;

	if (t->request->on_body && is_success(t)) {
		t->is_refused = !t->request->on_body(t->request->ctx, bytes, len);
		return t->is_refused ? 0 : len;
	}
	if (t->response.body.len + len > t->max_body) {
		t->is_too_large = true;
		return 0;
	}
	str_add(&t->response.body, bytes, len);
	return len;
}

/* Keeps "name: value" with the name in lower case; a status line begins a new block (after a 100).
 */
static size_t take_header(char *bytes, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;
	struct slice line = slice_trim((struct slice){ bytes, size * count });
	char *text;

	if (slice_starts_with(line, "HTTP/")) {
		strv_release(&t->response.headers);
		return size * count;
	}
	t->header_bytes += size * count;
	if (t->header_bytes > MAX_HEADERS)
		return 0;
	if (line.n == 0 || !memchr(line.p, ':', line.n))
		return size * count;
	text = slice_dup(line);
	for (char *p = text; *p != ':'; p++)
		*p = (char)tolower((unsigned char)*p);
	strv_take(&t->response.headers, text);
	return size * count;
}

static size_t give_body(char *buf, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;
	ssize_t n = t->request->source(t->request->ctx, buf, size * count);

	if (n >= 0)
		return (size_t)n;
	t->is_refused = true;
	return CURL_READFUNC_ABORT;
}

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct transfer *t = ctx;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return t->transport->pending_signal && t->transport->pending_signal() ? 1 : 0;
}

/* ---- options, which libcurl takes in four types and cannot check ---- */

/* Without one of them it would be another request, or one that trusts others: it is not sent. */
static void check_option(struct transfer *t, CURLcode code)
{
	if (code == CURLE_OUT_OF_MEMORY)
		mem_fatal("curl_easy_setopt");
	if (t->refused == CURLE_OK)
		t->refused = code;
}

static void set_long(struct transfer *t, CURLoption option, long value)
{
	assert(option < CURLOPTTYPE_OBJECTPOINT);
	check_option(t, t->transport->curl.easy_setopt(t->transport->easy, option, value));
}

static void set_text(struct transfer *t, CURLoption option, const char *value)
{
	assert(option > CURLOPTTYPE_OBJECTPOINT && option < CURLOPTTYPE_FUNCTIONPOINT);
	check_option(t, t->transport->curl.easy_setopt(t->transport->easy, option, value));
}

static void set_data(struct transfer *t, CURLoption option, void *value)
{
	assert(option > CURLOPTTYPE_OBJECTPOINT && option < CURLOPTTYPE_FUNCTIONPOINT);
	check_option(t, t->transport->curl.easy_setopt(t->transport->easy, option, value));
}

static void set_size(struct transfer *t, CURLoption option, curl_off_t value)
{
	assert(option > CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB);
	check_option(t, t->transport->curl.easy_setopt(t->transport->easy, option, value));
}

static void set_reader(struct transfer *t, curl_read_callback read)
{
	check_option(
		t, t->transport->curl.easy_setopt(t->transport->easy, CURLOPT_READFUNCTION, read));
}

static void set_writer(struct transfer *t, CURLoption option, curl_write_callback write)
{
	check_option(t, t->transport->curl.easy_setopt(t->transport->easy, option, write));
}

static void set_opener(struct transfer *t, curl_opensocket_callback open)
{
	check_option(t, t->transport->curl.easy_setopt(t->transport->easy,
						       CURLOPT_OPENSOCKETFUNCTION, open));
}

static void set_progress(struct transfer *t, curl_xferinfo_callback progress)
{
	check_option(t, t->transport->curl.easy_setopt(t->transport->easy, CURLOPT_XFERINFOFUNCTION,
						       progress));
}

/* ---- a request, from ours to libcurl's ---- */

static void add_header(struct transfer *t, const char *header)
{
	t->headers = t->transport->curl.slist_append(t->headers, header);
	if (!t->headers)
		mem_fatal("curl_slist_append");
}

static void set_headers(struct transfer *t)
{
	const struct http_request *request = t->request;

	/* libcurl's own additions are taken out: what is signed is what is sent. */
	add_header(t, "Expect:");
	add_header(t, "Accept:");
	for (size_t i = 0; i < request->headers.count; i++)
		add_header(t, request->headers.v[i]);
	if (request->source && request->source_len < 0)
		add_header(t, "Transfer-Encoding: chunked");
	set_data(t, CURLOPT_HTTPHEADER, t->headers);
}

static void set_body(struct transfer *t)
{
	const struct http_request *request = t->request;

	if (strcmp(request->method, "HEAD") == 0)
		set_long(t, CURLOPT_NOBODY, 1);
	if (request->source) {
		set_long(t, CURLOPT_UPLOAD, 1);
		set_reader(t, give_body);
		set_data(t, CURLOPT_READDATA, t);
		set_size(t, CURLOPT_INFILESIZE_LARGE, request->source_len);
	} else if (request->body || strcmp(request->method, "POST") == 0 ||
		   strcmp(request->method, "PUT") == 0) {
		set_text(t, CURLOPT_POSTFIELDS, request->body ? request->body : "");
		set_size(t, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
	}
	set_text(t, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_limits(struct transfer *t)
{
	const struct http_request *request = t->request;
	unsigned stall = request->stall_timeout_ms ? request->stall_timeout_ms : DEFAULT_STALL_MS;
	unsigned connect =
		request->connect_timeout_ms ? request->connect_timeout_ms : DEFAULT_CONNECT_MS;

	set_long(t, CURLOPT_CONNECTTIMEOUT_MS, connect);
	set_long(t, CURLOPT_TIMEOUT_MS, request->timeout_ms);
	set_long(t, CURLOPT_LOW_SPEED_LIMIT, 1);
	set_long(t, CURLOPT_LOW_SPEED_TIME, (stall + 999) / 1000);
	/* A length that is announced; what comes unannounced is counted in take_body(). */
	if (!request->on_body && strcmp(request->method, "HEAD") != 0)
		set_size(t, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->max_body);
}

static void set_route(struct transfer *t)
{
	const struct http_request *request = t->request;
	set_text(t, CURLOPT_URL, request->url);
	set_long(t, CURLOPT_PATH_AS_IS, 1);
	set_text(t, CURLOPT_PROXY, request->proxy ? request->proxy : "");
	/* Whether to go round the proxy is decided already; libcurl would ask no_proxy again. */
	set_text(t, CURLOPT_NOPROXY, "");
	set_text(t, CURLOPT_PROTOCOLS_STR, request->allow_http ? "http,https" : "https");
	set_long(t, CURLOPT_FOLLOWLOCATION, 0);
	set_long(t, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	set_long(t, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	if (request->unix_socket)
		set_text(t, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
	if (request->ca_bundle)
		set_text(t, CURLOPT_CAINFO, request->ca_bundle);
	if (request->client_cert)
		set_text(t, CURLOPT_SSLCERT, request->client_cert);
	if (request->client_key)
		set_text(t, CURLOPT_SSLKEY, request->client_key);
}

/* A program that is started later must not have the connection (facts: F13). */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)ctx;
	(void)purpose;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void set_callbacks(struct transfer *t)
{
	set_long(t, CURLOPT_NOSIGNAL, 1);
	set_data(t, CURLOPT_ERRORBUFFER, t->why);
	set_opener(t, open_socket);
	set_writer(t, CURLOPT_WRITEFUNCTION, take_body);
	set_data(t, CURLOPT_WRITEDATA, t);
	set_writer(t, CURLOPT_HEADERFUNCTION, take_header);
	set_data(t, CURLOPT_HEADERDATA, t);
	set_progress(t, on_progress);
	set_data(t, CURLOPT_XFERINFODATA, t);
	set_long(t, CURLOPT_NOPROGRESS, 0);
}

static bool is_certificate_trouble(CURLcode code)
{
	return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CERTPROBLEM ||
	       code == CURLE_SSL_ISSUER_ERROR;
}

/* What the proxy forbids or wants a password for it will answer again: not a broken connection. */
static CURLcode refine(struct transfer *t, CURLcode code)
{
	long status = number_of(t, CURLINFO_HTTP_CONNECTCODE);

	return code == CURLE_RECV_ERROR && status >= 400 && status <= 499 ? CURLE_PROXY : code;
}

static int interrupted(struct transfer *t, struct error *err)
{
	return error_set_signal(err, t->transport->pending_signal(), t->request->url);
}

/* Says why no whole answer came; the number stays in the code for those who decide about retries.
 */
static int explain(struct transfer *t, CURLcode code, struct error *err)
{
	const char *why = t->why[0] ? t->why : t->transport->curl.easy_strerror(code);
	char number[16];

	if (code == CURLE_ABORTED_BY_CALLBACK && !t->is_refused)
		return interrupted(t, err);
	if (t->is_too_large || code == CURLE_FILESIZE_EXCEEDED)
		error_set(err, ERROR_REMOTE, "%s: the reply is larger than %zu bytes",
			  t->request->url, t->max_body);
	else if (is_certificate_trouble(code))
		error_set(err, ERROR_AUTH, "%s: certificate refused: %s", t->request->url, why);
	else if (code == CURLE_SSL_CACERT_BADFILE)
		error_set(err, ERROR_CONFIG, "cannot use the CA bundle '%s': %s",
			  t->request->ca_bundle ? t->request->ca_bundle : "of the system", why);
	else
		error_set(err, ERROR_NETWORK, "%s: %s", t->request->url, why);
	(void)snprintf(number, sizeof(number), "%d", (int)code);
	error_set_code(err, number);
	if (is_certificate_trouble(code))
		error_fix(
			err,
			"if you trust it, name its CA's file in AWS_CA_BUNDLE; look at the clock, "
			"too");
	return -1;
}

/* http carries credentials in the clear: only to this machine, or where the caller knows better. */
static int check_scheme(const struct http_request *request, struct error *err)
{
	if (strncmp(request->url, "http://", 7) != 0)
		return 0;
	if (request->unix_socket || (request->allow_http && request->allow_any_host_http) ||
	    (request->allow_http && url_is_loopback(request->url)))
		return 0;
	error_set(err, ERROR_CONFIG, "'%s' is not https", request->url);
	return error_fix(err, "use https; plain http is spoken to this machine only");
}

static int set_options(struct transfer *t, struct error *err)
{
	set_route(t);
	set_limits(t);
	set_callbacks(t);
	set_body(t);
	set_headers(t);
	if (t->refused == CURLE_OK)
		return 0;
	error_set(err, ERROR_TOOL, "%s: libcurl does not take an option of the request: %s",
		  t->request->url, t->transport->curl.easy_strerror(t->refused));
	return error_fix(err, "install libcurl 7.88 or a later one");
}

static int perform(struct transfer *t, struct error *err)
{
	struct curl_http *transport = t->transport;
	CURLcode code;

	transport->curl.easy_reset(transport->easy);
	if (set_options(t, err) < 0)
		return -1;
	t->response.sent_ms = transport->clock->wall_ms(transport->clock);
	code = transport->curl.easy_perform(transport->easy);
	t->response.received_ms = transport->clock->wall_ms(transport->clock);
	if (code != CURLE_OK)
		return explain(t, refine(t, code), err);
	t->response.status = (int)number_of(t, CURLINFO_RESPONSE_CODE);
	return 0;
}

/*
 * Before libcurl starts it its own way: without the texts of libcrypto's errors, 0.5 MB that nobody
 * here shows. Those of TLS itself come with the first connection (OPENSSL_init_crypto(3)). Nor is
 * anything taken apart at exit, when the process goes anyway.
 */
static void start_openssl(void)
{
	const uint64_t flags = OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ATEXIT;

	(void)OPENSSL_init_crypto(flags, NULL);
}

/* libcurl copies headers and bodies, tokens and all: nothing of them stays in what it frees. */
static void free_wiped(void *block)
{
	if (block)
		explicit_bzero(block, malloc_usable_size(block));
	free(block);
}

static void *move_wiped(void *block, size_t size)
{
	size_t old = block ? malloc_usable_size(block) : 0;
	void *fresh;

	if (block && size <= old && size > old / 2)
		return block;
	fresh = malloc(size);
	if (!fresh || !block)
		return fresh;
	memcpy(fresh, block, old < size ? old : size);
	free_wiped(block);
	return fresh;
}

static int start_libcurl(struct curl_http *transport, struct error *err)
{
	if (transport->easy)
		return 0;
	if (libcurl_load(&transport->curl, err) < 0)
		return -1;
	if (transport->curl.global_init_mem(CURL_GLOBAL_DEFAULT, malloc, free_wiped, move_wiped,
					    strdup, calloc) != CURLE_OK)
		mem_fatal("curl_global_init_mem");
	transport->easy = transport->curl.easy_init();
	if (!transport->easy)
		mem_fatal("curl_easy_init");
	return 0;
}

static int curl_send(struct http *http, const struct http_request *request,
		     struct http_response *ret, struct error *err)
{
	struct curl_http *transport = (struct curl_http *)http;
	CLEANUP(transfer_release)
	struct transfer t = {
		.transport = transport,
		.request = request,
		.response = HTTP_RESPONSE_INIT,
		.max_body = request->max_body ? request->max_body : DEFAULT_MAX_BODY,
	};

	if (check_scheme(request, err) < 0 || start_libcurl(transport, err) < 0 ||
	    perform(&t, err) < 0)
		return -1;
	http_response_release(ret);
	*ret = t.response;
	t.response = (struct http_response)HTTP_RESPONSE_INIT;
	return 0;
}

struct http *http_curl_new(struct clock *clock, int (*pending_signal)(void))
{
	struct curl_http *transport = mem_zalloc(sizeof(*transport));

	transport->http.send = curl_send;
	transport->clock = clock;
	transport->pending_signal = pending_signal;
	start_openssl();
	return &transport->http;
}

void http_curl_free(struct http *http)
{
	struct curl_http *transport = (struct curl_http *)http;

	if (transport && transport->easy) {
		transport->curl.easy_cleanup(transport->easy);
		transport->curl.global_cleanup();
	}
	free(transport);
}
