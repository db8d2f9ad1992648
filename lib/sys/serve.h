#ifndef SYS_SERVE_H
#define SYS_SERVE_H

#include "base/error.h"

#include <sys/types.h>

/*
 * A unix socket in a private folder (0700), answered by a process of our own beside this one: for
 * programs that we start and that have to ask for something on the way. Only the same user's
 * processes are answered.
 */
struct serve {
	char *dir;
	char *path; /* of the socket */
	pid_t pid;
};

#define SERVE_INIT                                                                                 \
	{                                                                                          \
		.dir = NULL, .path = NULL, .pid = 0                                                \
	}

/*
 * Answers one connection, in a process of its own which ends when this returns. `ctx` is as it was
 * when serve_start() was called.
 */
typedef void (*serve_fn)(void *ctx, int connection);

/* Starts to answer. The process ends with serve_stop(), and with this one whatever happens to it.
 */
int serve_start(const char *name, serve_fn answer, void *ctx, struct serve *ret, struct error *err);

/* Ends it and removes the folder; nothing to do on a SERVE_INIT. */
void serve_stop(struct serve *serve);

#endif
