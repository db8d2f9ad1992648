#include "net/stream_tls.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "net/amazon_roots.h"

#include <arpa/inet.h>
#include <errno.h>
#include <mbedtls/base64.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* RFC 5280 section 4.2.1.6: iPAddress of GeneralName. */
#define SAN_ADDRESS 7

struct stream_trust {
	mbedtls_ssl_config config;
	mbedtls_x509_crt roots;
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context random;
};

/* An IP address as a certificate has it; len 0: the host is a name. */
struct address {
	unsigned char bytes[sizeof(struct in6_addr)];
	size_t len;
};

struct stream_tls {
	mbedtls_ssl_context ssl;
	int fd;
	int problem; /* errno of the last send() or recv() that failed */
	struct address address;
};

/* ---- trust ---- */

/* Forward secrecy and authenticated encryption alone, as TLS 1.3 has it. */
static const int suites[] = {
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	0,
};

static struct stream_trust *new_trust(void)
{
	struct stream_trust *trust = mem_zalloc(sizeof(*trust));

	mbedtls_ssl_config_init(&trust->config);
	mbedtls_x509_crt_init(&trust->roots);
	mbedtls_entropy_init(&trust->entropy);
	mbedtls_ctr_drbg_init(&trust->random);
	if (mbedtls_ctr_drbg_seed(&trust->random, mbedtls_entropy_func, &trust->entropy, NULL, 0) ||
	    mbedtls_ssl_config_defaults(&trust->config, MBEDTLS_SSL_IS_CLIENT,
					MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT))
		mem_fatal("mbedtls_ssl_config_defaults");
	mbedtls_ssl_conf_min_version(&trust->config, MBEDTLS_SSL_MAJOR_VERSION_3,
				     MBEDTLS_SSL_MINOR_VERSION_3); /* TLS 1.2 */
	mbedtls_ssl_conf_ciphersuites(&trust->config, suites);
	mbedtls_ssl_conf_authmode(&trust->config, MBEDTLS_SSL_VERIFY_REQUIRED);
	mbedtls_ssl_conf_rng(&trust->config, mbedtls_ctr_drbg_random, &trust->random);
	mbedtls_ssl_conf_ca_chain(&trust->config, &trust->roots, NULL);
	return trust;
}

int stream_trust_new(const char *bundle, struct stream_trust **ret_trust, struct error *err)
{
	struct stream_trust *trust = new_trust();
	int result;

	if (bundle)
		result = mbedtls_x509_crt_parse_file(&trust->roots, bundle);
	else
		result = mbedtls_x509_crt_parse(&trust->roots,
						(const unsigned char *)amazon_roots_pem,
						strlen(amazon_roots_pem) + 1);
	/* Some of a bundle may be of a kind that is not known here. */
	if (trust->roots.version) {
		*ret_trust = trust;
		return 0;
	}
	if (result == MBEDTLS_ERR_PK_FILE_IO_ERROR) {
		error_set_errno(err, errno, "CA bundle '%s'", bundle);
		error_become(err, ERROR_CONFIG);
	} else {
		error_set(err, ERROR_CONFIG, "CA bundle '%s': no certificate in it", bundle);
	}
	stream_trust_free(trust);
	return -1;
}

void stream_trust_free(struct stream_trust *trust)
{
	if (!trust)
		return;
	mbedtls_ssl_config_free(&trust->config);
	mbedtls_x509_crt_free(&trust->roots);
	mbedtls_ctr_drbg_free(&trust->random);
	mbedtls_entropy_free(&trust->entropy);
	free(trust);
}

/* ---- the host ---- */

static struct address address_of(const char *host)
{
	struct address address = { .len = 0 };

	if (inet_pton(AF_INET, host, address.bytes) == 1)
		address.len = sizeof(struct in_addr);
	else if (inet_pton(AF_INET6, host, address.bytes) == 1)
		address.len = sizeof(struct in6_addr);
	return address;
}

static bool has_address(const mbedtls_x509_crt *certificate, const struct address *address)
{
	const mbedtls_x509_sequence *name = &certificate->subject_alt_names;

	for (; name; name = name->next) {
		if ((name->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK) == SAN_ADDRESS &&
		    name->buf.len == address->len &&
		    memcmp(name->buf.p, address->bytes, address->len) == 0)
			return true;
	}
	return false;
}

/* Mbed TLS compares names by itself, addresses not. */
static int verify_address(void *ctx, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
	const struct stream_tls *tls = ctx;

	if (depth == 0 && tls->address.len && !has_address(certificate, &tls->address))
		*flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
	return 0;
}

/* ---- a connection ---- */

/* What the socket says to Mbed TLS: negative where nothing passed. */
static int outcome(struct stream_tls *tls, ssize_t count, int wants)
{
	if (count >= 0)
		return (int)count;
	if (errno == EAGAIN || errno == EINTR)
		return wants;
	tls->problem = errno;
	return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

static int send_bytes(void *ctx, const unsigned char *bytes, size_t len)
{
	struct stream_tls *tls = ctx;

	return outcome(tls, send(tls->fd, bytes, len, MSG_NOSIGNAL), MBEDTLS_ERR_SSL_WANT_WRITE);
}

static int receive_bytes(void *ctx, unsigned char *buf, size_t size)
{
	struct stream_tls *tls = ctx;

	return outcome(tls, recv(tls->fd, buf, size, 0), MBEDTLS_ERR_SSL_WANT_READ);
}

struct stream_tls *stream_tls_new(const struct stream_trust *trust, int fd, const char *host)
{
	struct stream_tls *tls = mem_zalloc(sizeof(*tls));

	tls->fd = fd;
	tls->address = address_of(host);
	mbedtls_ssl_init(&tls->ssl);
	if (mbedtls_ssl_setup(&tls->ssl, &trust->config) ||
	    (tls->address.len == 0 && mbedtls_ssl_set_hostname(&tls->ssl, host)))
		mem_fatal("mbedtls_ssl_setup");
	mbedtls_ssl_set_verify(&tls->ssl, verify_address, tls);
	mbedtls_ssl_set_bio(&tls->ssl, tls, send_bytes, receive_bytes, NULL);
	return tls;
}

void stream_tls_free(struct stream_tls *tls)
{
	if (!tls)
		return;
	(void)mbedtls_ssl_close_notify(&tls->ssl);
	mbedtls_ssl_free(&tls->ssl);
	free(tls);
}

/* ---- steps ---- */

static const char *reason_of(int code)
{
	const char *reason = mbedtls_high_level_strerr(code);

	return reason ? reason : "it gave no reason";
}

/* After a step that did not succeed: 0 to wait for *ret_events, -1 with *err set. */
static int end_step(const struct stream_tls *tls, int code, short *ret_events, struct error *err)
{
	switch (code) {
	case MBEDTLS_ERR_SSL_WANT_READ:
		*ret_events = POLLIN;
		return 0;
	case MBEDTLS_ERR_SSL_WANT_WRITE:
		*ret_events = POLLOUT;
		return 0;
	default:
		if (tls->problem)
			return error_set(err, ERROR_NETWORK, "%s", strerrordesc_np(tls->problem));
		return error_set(err, ERROR_NETWORK, "TLS: %s", reason_of(code));
	}
}

/* The gravest first: each flag may come with others. */
static int refuse_certificate(uint32_t flags, struct error *err)
{
	static const struct {
		uint32_t flag;
		const char *why;
	} reasons[] = {
		{ MBEDTLS_X509_BADCERT_NOT_TRUSTED, "no trusted root has signed it" },
		{ MBEDTLS_X509_BADCERT_CN_MISMATCH, "hostname mismatch" },
		{ MBEDTLS_X509_BADCERT_EXPIRED, "certificate has expired" },
		{ MBEDTLS_X509_BADCERT_FUTURE, "certificate is not yet valid" },
	};
	const char *why = "it may not be used so";

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (flags & reasons[i].flag) {
			why = reasons[i].why;
			break;
		}
	}
	return error_set(err, ERROR_AUTH, "certificate refused: %s", why);
}

int stream_tls_connect(struct stream_tls *tls, short *ret_events, struct error *err)
{
	int code = mbedtls_ssl_handshake(&tls->ssl);
	uint32_t flags;

	if (code == 0)
		return 0;
	flags = mbedtls_ssl_get_verify_result(&tls->ssl);
	if (flags && flags != UINT32_MAX)
		return refuse_certificate(flags, err);
	return end_step(tls, code, ret_events, err);
}

ssize_t stream_tls_write(struct stream_tls *tls, const char *bytes, size_t len, short *ret_events,
			 struct error *err)
{
	int count = mbedtls_ssl_write(&tls->ssl, (const unsigned char *)bytes, len);

	return count >= 0 ? count : end_step(tls, count, ret_events, err);
}

ssize_t stream_tls_read(struct stream_tls *tls, char *buf, size_t size, short *ret_events,
			struct error *err)
{
	int count = mbedtls_ssl_read(&tls->ssl, (unsigned char *)buf, size);

	if (count > 0)
		return count;
	if (count == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		return 0;
	/* 0 is an end without it. */
	return end_step(tls, count ? count : MBEDTLS_ERR_SSL_CONN_EOF, ret_events, err);
}

void stream_tls_base64(struct str *out, const void *bytes, size_t len)
{
	size_t room = (len + 2) / 3 * 4 + 1, written = 0;
	CLEANUP_FREE char *text = mem_zalloc(room);

	if (mbedtls_base64_encode((unsigned char *)text, room, &written, bytes, len))
		mem_fatal("base64");
	str_add(out, text, written);
	explicit_bzero(text, room);
}
