#include "net/stream_tls.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "net/amazon_roots.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>

struct stream_trust {
	SSL_CTX *ctx;
};

struct stream_tls {
	SSL *ssl;
};

static void free_bio(BIO **bio)
{
	BIO_free_all(*bio);
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

/* ---- a connection ---- */

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

struct stream_tls *stream_tls_new(const struct stream_trust *trust, int fd, const char *host)
{
	struct stream_tls *tls = mem_zalloc(sizeof(*tls));

	tls->ssl = SSL_new(trust->ctx);
	if (!tls->ssl || SSL_set_fd(tls->ssl, fd) != 1)
		mem_fatal("SSL_new");
	expect_host(tls->ssl, host);
	return tls;
}

void stream_tls_free(struct stream_tls *tls)
{
	if (!tls)
		return;
	(void)SSL_shutdown(tls->ssl);
	SSL_free(tls->ssl);
	free(tls);
}

/* ---- steps ---- */

/* OpenSSL looks at both after a step. */
static void begin_step(void)
{
	ERR_clear_error();
	errno = 0;
}

/* After one that did not succeed: 0 to wait for *ret_events, -1 with *err set. */
static int end_step(const struct stream_tls *tls, int result, short *ret_events, struct error *err)
{
	int saved = errno;

	switch (SSL_get_error(tls->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		*ret_events = POLLIN;
		return 0;
	case SSL_ERROR_WANT_WRITE:
		*ret_events = POLLOUT;
		return 0;
	case SSL_ERROR_SYSCALL:
		return error_set(err, ERROR_NETWORK, "%s",
				 saved ? strerrordesc_np(saved) : "the connection broke");
	default:
		return error_set(err, ERROR_NETWORK, "TLS: %s", tls_reason());
	}
}

int stream_tls_connect(struct stream_tls *tls, short *ret_events, struct error *err)
{
	long verdict;
	int result;

	begin_step();
	result = SSL_connect(tls->ssl);
	if (result == 1)
		return 0;
	verdict = SSL_get_verify_result(tls->ssl);
	if (verdict != X509_V_OK)
		return error_set(err, ERROR_AUTH, "certificate refused: %s",
				 X509_verify_cert_error_string(verdict));
	return end_step(tls, result, ret_events, err);
}

ssize_t stream_tls_write(struct stream_tls *tls, const char *bytes, size_t len, short *ret_events,
			 struct error *err)
{
	size_t count = 0;

	begin_step();
	if (SSL_write_ex(tls->ssl, bytes, len, &count) == 1)
		return (ssize_t)count;
	return end_step(tls, 0, ret_events, err);
}

ssize_t stream_tls_read(struct stream_tls *tls, char *buf, size_t size, short *ret_events,
			struct error *err)
{
	size_t count = 0;

	begin_step();
	if (SSL_read_ex(tls->ssl, buf, size, &count) == 1)
		return (ssize_t)count;
	if (SSL_get_error(tls->ssl, 0) == SSL_ERROR_ZERO_RETURN)
		return 0;
	return end_step(tls, 0, ret_events, err);
}

void stream_tls_base64(struct str *out, const void *bytes, size_t len)
{
	size_t room = (len + 2) / 3 * 4 + 1;
	CLEANUP_FREE char *text = mem_zalloc(room);

	(void)EVP_EncodeBlock((unsigned char *)text, bytes, (int)len);
	str_adds(out, text);
	explicit_bzero(text, room);
}
