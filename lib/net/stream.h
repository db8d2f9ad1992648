#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "base/clock.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * A connection, in the clear or over TLS 1.2 or 1.3 with OpenSSL. Everything waits until
 * `deadline_ms` of the clock's monotonic time at most, then fails with ERROR_NETWORK.
 */
struct stream;

/* Which roots are trusted, parsed once and shared by threads: stream_trust_free() after the last.
 */
struct stream_trust;

/*
 * `bundle`: a PEM file; NULL: Amazon's own roots (net/amazon_roots.h). ERROR_CONFIG where the file
 * cannot be read or has no certificate in it.
 */
int stream_trust_new(const char *bundle, struct stream_trust **ret_trust, struct error *err);
void stream_trust_free(struct stream_trust *trust);

/* Where to connect. `host` without brackets; `trust` NULL: in the clear. Borrowed for the call. */
struct stream_target {
	const char *host;
	const char *port;
	const struct stream_trust *trust;
};

/*
 * Connects to the first address that answers. ERROR_AUTH where the certificate does not hold for
 * the host (its name, or its address where that was given), ERROR_NETWORK otherwise.
 */
int stream_open(const struct stream_target *target, struct clock *clock, int64_t deadline_ms,
		struct stream **ret_stream, struct error *err);
void stream_close(struct stream *stream);

/* Goes over to TLS with `target` on a connection in the clear, such as one through a proxy. */
int stream_secure(struct stream *stream, const struct stream_target *target, int64_t deadline_ms,
		  struct error *err);

int stream_write(struct stream *stream, const char *bytes, size_t len, int64_t deadline_ms,
		 struct error *err);

/*
 * Reads what is there, at least a byte; 0 at the end. Over TLS an end without close_notify is
 * ERROR_NETWORK: somebody may have cut the answer short.
 */
ssize_t stream_read(struct stream *stream, char *buf, size_t size, int64_t deadline_ms,
		    struct error *err);

#endif
