#ifndef NET_STREAM_TLS_H
#define NET_STREAM_TLS_H

#include "base/error.h"
#include "base/str.h"
#include "net/stream.h"

#include <sys/types.h>

/*
 * TLS over a connected socket that does not block: what net/stream.h needs of a library.
 * stream_openssl.c has it; stream_mbedtls.c is for a program that must be small. Both verify alike:
 * the chain up to the trusted roots, its dates, what the certificate is for, and the host.
 *
 * A step that must wait returns 0 and the events to poll for in *ret_events, which is 0 before.
 * It fails as net/stream.h says.
 */
struct stream_tls;

/* `fd` stays the caller's, `trust` is borrowed. Owned by the caller: stream_tls_free(). */
struct stream_tls *stream_tls_new(const struct stream_trust *trust, int fd, const char *host);

/* Tells the peer that nothing follows, without waiting for it. */
void stream_tls_free(struct stream_tls *tls);

/* 0 with *ret_events left alone: the peer is who it should be, and bytes may pass. */
int stream_tls_connect(struct stream_tls *tls, short *ret_events, struct error *err);

/* How many bytes passed. A read of 0 with *ret_events left alone is the end. */
ssize_t stream_tls_write(struct stream_tls *tls, const char *bytes, size_t len, short *ret_events,
			 struct error *err);
ssize_t stream_tls_read(struct stream_tls *tls, char *buf, size_t size, short *ret_events,
			struct error *err);

/* The library's base64 (RFC 4648 section 4), for the user of a proxy: no copy stays behind where
 * *out has the room. */
void stream_tls_base64(struct str *out, const void *bytes, size_t len);

#endif
