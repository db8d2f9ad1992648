#include "net/stream.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "net/stream_tls.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>

struct stream {
	int fd;
	struct stream_tls *tls; /* NULL: in the clear */
	struct clock *clock;
};

static void free_addresses(struct addrinfo **addresses)
{
	if (*addresses)
		freeaddrinfo(*addresses);
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

int stream_secure(struct stream *stream, const struct stream_target *target, int64_t deadline_ms,
		  struct error *err)
{
	stream->tls = stream_tls_new(target->trust, stream->fd, target->host);
	for (;;) {
		short events = 0;

		if (stream_tls_connect(stream->tls, &events, err) < 0)
			return -1;
		if (!events)
			return 0;
		if (wait_ready(stream, events, deadline_ms, err) < 0)
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
	stream_tls_free(stream->tls);
	if (stream->fd >= 0)
		close(stream->fd);
	free(stream);
}

/* ---- bytes ---- */

/* What one write took, 0 where it must wait for *ret_events, -1 with *err set. */
static ssize_t write_some(const struct stream *stream, const char *bytes, size_t len,
			  short *ret_events, struct error *err)
{
	ssize_t sent;

	if (stream->tls)
		return stream_tls_write(stream->tls, bytes, len, ret_events, err);
	sent = send(stream->fd, bytes, len, MSG_NOSIGNAL);
	if (sent >= 0)
		return sent;
	*ret_events = POLLOUT;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	return error_set(err, ERROR_NETWORK, "sending: %s", strerrordesc_np(errno));
}

int stream_write(struct stream *stream, const char *bytes, size_t len, int64_t deadline_ms,
		 struct error *err)
{
	while (len) {
		short events = 0;
		ssize_t count = write_some(stream, bytes, len, &events, err);

		if (count < 0 || (events && wait_ready(stream, events, deadline_ms, err) < 0))
			return -1;
		bytes += count;
		len -= (size_t)count;
	}
	return 0;
}

/* The same for a read; 0 without anything to wait for is the end. */
static ssize_t read_some(const struct stream *stream, char *buf, size_t size, short *ret_events,
			 struct error *err)
{
	ssize_t count;

	if (stream->tls)
		return stream_tls_read(stream->tls, buf, size, ret_events, err);
	count = recv(stream->fd, buf, size, 0);
	if (count >= 0)
		return count;
	*ret_events = POLLIN;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	return error_set(err, ERROR_NETWORK, "receiving: %s", strerrordesc_np(errno));
}

ssize_t stream_read(struct stream *stream, char *buf, size_t size, int64_t deadline_ms,
		    struct error *err)
{
	for (;;) {
		short events = 0;
		ssize_t count = read_some(stream, buf, size, &events, err);

		if (count != 0 || !events)
			return count;
		if (wait_ready(stream, events, deadline_ms, err) < 0)
			return -1;
	}
}
