#include "secrets/await.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "sys/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>

/* Outlives the caller where the work does: then nobody frees it. */
struct task {
	int (*work)(void *ctx, struct error *err);
	void *ctx;
	int result;
	struct error err;
	int done_fd;
};

static void *do_task(void *ctx)
{
	struct task *task = ctx;

	task->result = task->work(task->ctx, &task->err);
	(void)eventfd_write(task->done_fd, 1);
	return NULL;
}

/* Whether the task is over; otherwise *err says what came first. */
static bool wait_for(const struct task *task, unsigned timeout_ms, struct error *err)
{
	int64_t until_ms = system_clock.monotonic_ms(&system_clock) + timeout_ms;
	struct pollfd fds[] = { { .fd = task->done_fd, .events = POLLIN },
				{ .fd = interrupt_fd(), .events = POLLIN } };

	for (;;) {
		int64_t left_ms = until_ms - system_clock.monotonic_ms(&system_clock);
		int count = poll(fds, 2, left_ms > 0 ? (int)left_ms : 0);

		if (interrupt_check("fetching secrets", err) < 0)
			return false;
		if (count > 0 && (fds[0].revents & POLLIN))
			return true;
		if (left_ms <= 0) {
			error_set(err, ERROR_BUSY, "no answer within %u s", timeout_ms / 1000);
			error_fix(err, "check the way to AWS and the region; SECRETS_TIMEOUT has "
				       "the seconds to wait");
			return false;
		}
	}
}

static int finish(struct task *task, pthread_t thread, struct error *err)
{
	int result;

	(void)pthread_join(thread, NULL);
	result = task->result;
	if (result < 0)
		*err = task->err;
	close(task->done_fd);
	free(task);
	return result;
}

int secrets_await(int (*work)(void *ctx, struct error *err), void *ctx, unsigned timeout_ms,
		  struct error *err)
{
	struct task *task = mem_zalloc(sizeof(*task));
	pthread_t thread;
	int problem;

	*task = (struct task){ .work = work, .ctx = ctx, .err = ERROR_INIT };
	task->done_fd = eventfd(0, EFD_CLOEXEC);
	problem = task->done_fd < 0 ? EAGAIN : pthread_create(&thread, NULL, do_task, task);
	if (problem) {
		free(task);
		return error_set_errno(err, problem, "cannot start a thread");
	}
	if (wait_for(task, timeout_ms, err))
		return finish(task, thread, err);
	(void)pthread_detach(thread);
	return -1;
}
