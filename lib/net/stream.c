#include "net/stream.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "net/amazon_roots.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

struct stream_trust {
	SSL_CTX *ctx;
};

struct stream {
	int fd;
	SSL *ssl; /* NULL: in the clear */
	struct clock *clock;
};

static void free_bio(BIO **bio)
{
	BIO_free_all(*bio);
}

static void free_addresses(struct addrinfo **addresses)
{
	if (*addresses)
		freeaddrinfo(*addresses);
}

/* What OpenSSL has to say about the last failure, for people. */
static const char *tls_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	return reason ? reason : "it gave no reason";
}

/* ---- trust ---- */

static int add_roots(X509_STORE *store, BIO *bio)
{
	int count = 0;

	for (;;) {
		X509 *root = PEM_read_bio_X509(bio, NULL, NULL, NULL);

		if (!root)
			break;
		count += X509_STORE_add_cert(store, root);
		X509_free(root);
	}
	ERR_clear_error();
	return count;
}

int stream_trust_new(const char *bundle, struct stream_trust **ret_trust, struct error *err)
{
	struct stream_trust *trust;
	CLEANUP(free_bio) BIO *bio = NULL;

	/* Nothing of OpenSSL's own configuration, and no clean-up under threads that still run. */
	(void)OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
	bio = bundle ? BIO_new_file(bundle, "r") : BIO_new_mem_buf(amazon_roots_pem, -1);
	if (!bio) {
		ERR_clear_error();
		error_set_errno(err, errno, "CA bundle '%s'", bundle ? bundle : "built in");
		return error_become(err, ERROR_CONFIG);
	}
	trust = mem_zalloc(sizeof(*trust));
	trust->ctx = SSL_CTX_new(TLS_client_method());
	if (!trust->ctx)
		mem_fatal("SSL_CTX_new");
	(void)SSL_CTX_set_min_proto_version(trust->ctx, TLS1_2_VERSION);
	SSL_CTX_set_verify(trust->ctx, SSL_VERIFY_PEER, NULL);
	/* What was read is a secret: OpenSSL keeps no copy of it in its buffers. */
	(void)SSL_CTX_set_options(trust->ctx, SSL_OP_CLEANSE_PLAINTEXT);
	/* Records are small: buffers are given back between them. */
	(void)SSL_CTX_set_mode(trust->ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
	if (add_roots(SSL_CTX_get_cert_store(trust->ctx), bio) == 0) {
		stream_trust_free(trust);
		return error_set(err, ERROR_CONFIG, "CA bundle '%s': no certificate in it",
				 bundle ? bundle : "built in");
	}
	*ret_trust = trust;
	return 0;
}

void stream_trust_free(struct stream_trust *trust)
{
	if (!trust)
		return;
	SSL_CTX_free(trust->ctx);
	free(trust);
}

/* ---- waiting ---- */

/* Waits until the descriptor is ready for `events`. */
static int wait_ready(const struct stream *stream, short events, int64_t deadline_ms,
		      struct error *err)
{
	for (;;) {
		int64_t left_ms = deadline_ms - stream->clock->monotonic_ms(stream->clock);
		struct pollfd ready = { .fd = stream->fd, .events = events };
		int count;

		if (left_ms <= 0)
			return error_set(err, ERROR_NETWORK, "no answer in time");
		count = poll(&ready, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
		if (count > 0)
			return 0;
		if (count < 0 && errno != EINTR)
			return error_set_errno(err, errno, "poll");
	}
}

/* After a TLS step that did not succeed: 0 to try it again, -1 with *err set. */
static int wait_for_tls(struct stream *stream, int result, int64_t deadline_ms, struct error *err)
{
	int saved = errno;

	switch (SSL_get_error(stream->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return wait_ready(stream, POLLIN, deadline_ms, err);
	case SSL_ERROR_WANT_WRITE:
		return wait_ready(stream, POLLOUT, deadline_ms, err);
	case SSL_ERROR_SYSCALL:
		return error_set(err, ERROR_NETWORK, "%s",
				 saved ? strerrordesc_np(saved) : "the connection broke");
	default:
		return error_set(err, ERROR_NETWORK, "TLS: %s", tls_reason());
	}
}

/* ---- opening ---- */

static int finish_connect(struct stream *stream, int64_t deadline_ms, struct error *err)
{
	int problem = 0;
	socklen_t len = sizeof(problem);

	if (wait_ready(stream, POLLOUT, deadline_ms, err) < 0)
		return -1;
	if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &problem, &len) == 0 && problem == 0)
		return 0;
	return error_set(err, ERROR_NETWORK, "%s", strerrordesc_np(problem));
}

static int connect_to(struct stream *stream, const struct addrinfo *address, int64_t deadline_ms,
		      struct error *err)
{
	int on = 1;

	stream->fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (stream->fd < 0)
		return error_set(err, ERROR_NETWORK, "%s", strerrordesc_np(errno));
	/* A request goes out in two writes; the second must not wait for the first's ACK. */
	(void)setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(stream->fd, address->ai_addr, address->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return error_set(err, ERROR_NETWORK, "%s", strerrordesc_np(errno));
	return finish_connect(stream, deadline_ms, err);
}

static int connect_any(struct stream *stream, const struct stream_target *target,
		       int64_t deadline_ms, struct error *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	CLEANUP(free_addresses) struct addrinfo *addresses = NULL;
	int problem = getaddrinfo(target->host, target->port, &hints, &addresses);

	if (problem)
		return error_set(err, ERROR_NETWORK, "name '%s': %s", target->host,
				 gai_strerror(problem));
	for (const struct addrinfo *address = addresses; address; address = address->ai_next) {
		error_release(err);
		if (connect_to(stream, address, deadline_ms, err) == 0)
			return 0;
		if (stream->fd >= 0)
			close(move_fd(&stream->fd));
	}
	return error_wrap(err, "connecting to %s port %s", target->host, target->port);
}

/* The certificate must be the host's: an address is compared as one, a name as a name. */
static void expect_host(SSL *ssl, const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1) {
		(void)X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host);
		return;
	}
	/* What SSL_set_tlsext_host_name() does with a cast of its own. */
	(void)SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
		       (void *)(uintptr_t)host);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	(void)SSL_set1_host(ssl, host);
}

int stream_secure(struct stream *stream, const struct stream_target *target, int64_t deadline_ms,
		  struct error *err)
{
	stream->ssl = SSL_new(target->trust->ctx);
	if (!stream->ssl || SSL_set_fd(stream->ssl, stream->fd) != 1)
		mem_fatal("SSL_new");
	expect_host(stream->ssl, target->host);
	for (;;) {
		long verdict;
		int result;

		ERR_clear_error();
		errno = 0;
		result = SSL_connect(stream->ssl);
		if (result == 1)
			return 0;
		verdict = SSL_get_verify_result(stream->ssl);
		if (verdict != X509_V_OK)
			return error_set(err, ERROR_AUTH, "certificate refused: %s",
					 X509_verify_cert_error_string(verdict));
		if (wait_for_tls(stream, result, deadline_ms, err) < 0)
			return -1;
	}
}

int stream_open(const struct stream_target *target, struct clock *clock, int64_t deadline_ms,
		struct stream **ret_stream, struct error *err)
{
	struct stream *stream = mem_zalloc(sizeof(*stream));

	stream->fd = -1;
	stream->clock = clock;
	if (connect_any(stream, target, deadline_ms, err) < 0 ||
	    (target->trust && stream_secure(stream, target, deadline_ms, err) < 0)) {
		stream_close(stream);
		return -1;
	}
	*ret_stream = stream;
	return 0;
}

void stream_close(struct stream *stream)
{
	if (!stream)
		return;
	if (stream->ssl) {
		(void)SSL_shutdown(stream->ssl);
		SSL_free(stream->ssl);
	}
	if (stream->fd >= 0)
		close(stream->fd);
	free(stream);
}

/* ---- bytes ---- */

/* What one write took, 0 where it must wait, -1 with *err set. */
static ssize_t write_some(struct stream *stream, const char *bytes, size_t len, int64_t deadline_ms,
			  struct error *err)
{
	size_t count = 0;
	ssize_t sent;

	if (stream->ssl) {
		ERR_clear_error();
		errno = 0;
		if (SSL_write_ex(stream->ssl, bytes, len, &count) == 1)
			return (ssize_t)count;
		return wait_for_tls(stream, 0, deadline_ms, err);
	}
	sent = send(stream->fd, bytes, len, MSG_NOSIGNAL);
	if (sent >= 0)
		return sent;
	if (errno == EAGAIN || errno == EINTR)
		return wait_ready(stream, POLLOUT, deadline_ms, err);
	return error_set(err, ERROR_NETWORK, "sending: %s", strerrordesc_np(errno));
}

int stream_write(struct stream *stream, const char *bytes, size_t len, int64_t deadline_ms,
		 struct error *err)
{
	while (len) {
		ssize_t count = write_some(stream, bytes, len, deadline_ms, err);

		if (count < 0)
			return -1;
		bytes += count;
		len -= (size_t)count;
	}
	return 0;
}

static ssize_t read_tls(struct stream *stream, char *buf, size_t size, int64_t deadline_ms,
			struct error *err)
{
	for (;;) {
		size_t count = 0;

		ERR_clear_error();
		errno = 0;
		if (SSL_read_ex(stream->ssl, buf, size, &count) == 1)
			return (ssize_t)count;
		if (SSL_get_error(stream->ssl, 0) == SSL_ERROR_ZERO_RETURN)
			return 0;
		if (wait_for_tls(stream, 0, deadline_ms, err) < 0)
			return -1;
	}
}

ssize_t stream_read(struct stream *stream, char *buf, size_t size, int64_t deadline_ms,
		    struct error *err)
{
	if (stream->ssl)
		return read_tls(stream, buf, size, deadline_ms, err);
	for (;;) {
		ssize_t count = recv(stream->fd, buf, size, 0);

		if (count >= 0)
			return count;
		if (errno != EAGAIN && errno != EINTR)
			return error_set(err, ERROR_NETWORK, "receiving: %s",
					 strerrordesc_np(errno));
		if (wait_ready(stream, POLLIN, deadline_ms, err) < 0)
			return -1;
	}
}
