#include "sandbox/registry_gate.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/random.h"
#include "data/digest.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_HEAD_BYTES 65536
#define CHUNK_BYTES    65536
#define POLL_MS	       100
#define LINGER_MS      2000
#define IDLE_MS	       120000
#define FIRST_PORT     20000
#define PORT_COUNT     12000
#define PORT_ATTEMPTS  50
#define PORT_WAIT_MS   5000

struct registry_gate {
	struct sandbox *sandbox;
	unsigned port;
	unsigned registry_port;
	int fd;
	pthread_t thread;
	atomic_bool is_stopping;
	atomic_uint connections;
};

/* One connection while a thread of its own serves it. */
struct passage {
	struct registry_gate *gate;
	int client;
	int registry;
	bool is_mute; /* the client does not hear what the registry says */
};

unsigned registry_gate_port(const struct registry_gate *gate)
{
	return gate->port;
}

/* ---- sockets ---- */

static struct sockaddr_in loopback(unsigned port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons((uint16_t)port),
				     .sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
}

/* A listening socket, or -1. */
static int listen_on(unsigned port)
{
	struct sockaddr_in address = loopback(port);
	CLEANUP_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int yes = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, SOMAXCONN) < 0)
		return -1;
	return move_fd(&fd);
}

/*
 * A port that was free once is to be free the next time, as images are named by it: one from below
 * those that connections take for themselves (Linux, ip_local_port_range: 32768 and up).
 */
static int listen_on_some(void)
{
	for (int i = 0; i < PORT_ATTEMPTS; i++) {
		int fd = listen_on(FIRST_PORT + (unsigned)(random_fraction() * PORT_COUNT));

		if (fd >= 0)
			return fd;
	}
	return listen_on(0);
}

/* The port of the last run: whoever else has it now gives it back perhaps. */
static int listen_again(struct clock *clock, unsigned port)
{
	int fd = listen_on(port);

	for (int waited_ms = 0; fd < 0 && waited_ms < PORT_WAIT_MS; waited_ms += POLL_MS) {
		clock->sleep_ms(clock, POLL_MS);
		fd = listen_on(port);
	}
	return fd;
}

static int connect_to(unsigned port)
{
	struct sockaddr_in address = loopback(port);
	CLEANUP_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return move_fd(&fd);
}

static bool send_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		bytes += sent;
		len -= (size_t)sent;
	}
	return true;
}

/* Waits until one of two sockets can be read; false at the end of patience and of the gate. */
static bool wait_readable(const struct registry_gate *gate, struct pollfd *fds, nfds_t count,
			  int patience_ms)
{
	for (int waited_ms = 0; waited_ms < patience_ms; waited_ms += POLL_MS) {
		int ready = poll(fds, count, POLL_MS);

		if (ready > 0)
			return true;
		if ((ready < 0 && errno != EINTR) || atomic_load(&gate->is_stopping))
			return false;
	}
	return false;
}

/* ---- the passage ---- */

/* Reads up to the blank line, and what has come behind it. False where none comes. */
static bool read_head(const struct passage *passage, struct str *ret, size_t *ret_head_len)
{
	struct pollfd fd = { .fd = passage->client, .events = POLLIN };
	char buf[4096];

	while (ret->len < MAX_HEAD_BYTES && wait_readable(passage->gate, &fd, 1, IDLE_MS)) {
		ssize_t len = recv(passage->client, buf, sizeof(buf), 0);
		const char *end;

		if (len <= 0)
			return false;
		str_add(ret, buf, (size_t)len);
		/* Engines try TLS first, and wait for a server that does not hang up at once. */
		if (!isupper((unsigned char)ret->buf[0]))
			return false;
		end = memmem(ret->buf, ret->len, "\r\n\r\n", 4);
		if (end) {
			*ret_head_len = (size_t)(end - ret->buf);
			return true;
		}
	}
	return false;
}

/* Moves what is there from one socket to another; false at the end. */
static bool move_some(int from, int to, char *buf)
{
	ssize_t len = recv(from, buf, CHUNK_BYTES, 0);

	return len > 0 && send_all(to, buf, (size_t)len);
}

static bool move_answer(const struct passage *passage, char *buf)
{
	if (passage->is_mute)
		return recv(passage->registry, buf, CHUNK_BYTES, 0) > 0;
	return move_some(passage->registry, passage->client, buf);
}

/* Both ways until the registry has said all: it was asked to close behind its answer. */
static void pass_on(const struct passage *passage)
{
	CLEANUP_FREE char *buf = mem_zalloc(CHUNK_BYTES);
	struct pollfd fds[] = { { .fd = passage->registry, .events = POLLIN },
				{ .fd = passage->client, .events = POLLIN } };

	while (wait_readable(passage->gate, fds, 2, IDLE_MS)) {
		if (fds[0].revents && !move_answer(passage, buf))
			return;
		if (fds[1].revents && !move_some(passage->client, passage->registry, buf))
			return;
	}
}

/* Says no, and takes what the client still sends: it reads the answer only when it has sent all. */
static void turn_away(const struct passage *passage, const struct str *reply)
{
	CLEANUP_FREE char *buf = mem_zalloc(CHUNK_BYTES);
	struct pollfd fd = { .fd = passage->client, .events = POLLIN };

	if (!send_all(passage->client, reply->buf, reply->len))
		return;
	(void)shutdown(passage->client, SHUT_WR);
	while (wait_readable(passage->gate, &fd, 1, LINGER_MS) &&
	       recv(passage->client, buf, CHUNK_BYTES, 0) > 0)
		;
}

static void add_login(const struct passage *passage, struct str *head)
{
	struct sandbox *sandbox = passage->gate->sandbox;
	CLEANUP(str_wipe) struct str login = STR_INIT;

	str_addf(&login, "AWS:%s", secret_bytes(&sandbox->registry_password));
	str_adds(head, "\r\nAuthorization: Basic ");
	base64_encode(head, login.buf, login.len);
}

static void play_delay(const struct passage *passage, const struct fault *fault)
{
	struct clock *clock = passage->gate->sandbox->clock;

	if (fault->delay_ms)
		clock->sleep_ms(clock, fault->delay_ms);
}

static void serve(struct passage *passage)
{
	CLEANUP(str_wipe) struct str bytes = STR_INIT;
	CLEANUP(gate_request_release) struct gate_request request = GATE_REQUEST_INIT;
	CLEANUP(gate_verdict_release) struct gate_verdict verdict = GATE_VERDICT_INIT;
	size_t head_len;

	if (!read_head(passage, &bytes, &head_len) ||
	    !gate_request_read(bytes.buf, head_len, &request))
		return;
	gate_request_check(passage->gate->sandbox, &request, &verdict);
	play_delay(passage, &verdict.fault);
	if (verdict.fault.kind == FAULT_DROP)
		return;
	if (verdict.reply.len) {
		turn_away(passage, &verdict.reply);
		return;
	}
	passage->is_mute = verdict.fault.kind == FAULT_LOST || verdict.fault.kind == FAULT_CUT;
	if (verdict.is_known)
		add_login(passage, &request.head);
	str_adds(&request.head, "\r\nConnection: close\r\n\r\n");
	head_len += 4;
	passage->registry = connect_to(passage->gate->registry_port);
	if (passage->registry >= 0 &&
	    send_all(passage->registry, request.head.buf, request.head.len) &&
	    send_all(passage->registry, bytes.buf + head_len, bytes.len - head_len))
		pass_on(passage);
}

static void *run_passage(void *ctx)
{
	struct passage *passage = ctx;
	struct registry_gate *gate = passage->gate;

	serve(passage);
	(void)close(passage->client);
	if (passage->registry >= 0)
		(void)close(passage->registry);
	free(passage);
	(void)atomic_fetch_sub(&gate->connections, 1);
	return NULL;
}

/* ---- the gate ---- */

static void let_in(struct registry_gate *gate, int client)
{
	struct passage *passage = mem_zalloc(sizeof(*passage));
	pthread_t thread;

	*passage = (struct passage){ .gate = gate, .client = client, .registry = -1 };
	(void)atomic_fetch_add(&gate->connections, 1);
	if (pthread_create(&thread, NULL, run_passage, passage) == 0) {
		(void)pthread_detach(thread);
		return;
	}
	(void)atomic_fetch_sub(&gate->connections, 1);
	(void)close(client);
	free(passage);
}

static void *run_gate(void *ctx)
{
	struct registry_gate *gate = ctx;
	struct pollfd fd = { .fd = gate->fd, .events = POLLIN };

	while (!atomic_load(&gate->is_stopping)) {
		int client;

		if (!wait_readable(gate, &fd, 1, POLL_MS))
			continue;
		client = accept4(gate->fd, NULL, NULL, SOCK_CLOEXEC);
		if (client >= 0)
			let_in(gate, client);
	}
	return NULL;
}

static unsigned port_of(int fd)
{
	struct sockaddr_in address = { .sin_port = 0 };
	socklen_t len = sizeof(address);

	return getsockname(fd, (struct sockaddr *)&address, &len) < 0 ? 0 : ntohs(address.sin_port);
}

int registry_gate_start(struct sandbox *sandbox, unsigned port, unsigned registry_port,
			struct registry_gate **ret_gate, struct error *err)
{
	CLEANUP_FREE struct registry_gate *gate = mem_zalloc(sizeof(*gate));
	CLEANUP_CLOSE int fd = port ? listen_again(sandbox->clock, port) : -1;

	if (fd < 0)
		fd = listen_on_some();
	if (fd < 0)
		return error_set_errno(err, errno, "cannot listen on 127.0.0.1");
	gate->sandbox = sandbox;
	gate->port = port_of(fd);
	gate->registry_port = registry_port;
	gate->fd = fd;
	errno = pthread_create(&gate->thread, NULL, run_gate, gate);
	if (errno)
		return error_set_errno(err, errno, "cannot start a thread");
	(void)move_fd(&fd);
	*ret_gate = move_ptr(gate);
	return 0;
}

void registry_gate_stop(struct registry_gate *gate)
{
	struct clock *clock;

	if (!gate)
		return;
	clock = gate->sandbox->clock;
	atomic_store(&gate->is_stopping, true);
	(void)pthread_join(gate->thread, NULL);
	while (atomic_load(&gate->connections))
		clock->sleep_ms(clock, POLL_MS / 10);
	(void)close(gate->fd);
	free(gate);
}
