#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "sys/file.h"
#include "sys/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Between two tries: short at first, since most holders are done in a moment. */
#define RETRY_MIN_MS 1
#define RETRY_MAX_MS 20

/*
 * The process that holds a flock on the inode, 0 where the kernel does not tell (another host, or
 * another PID namespace). proc_locks(5): "1: FLOCK ADVISORY WRITE 1234 fe:00:5678 0 EOF".
 */
static unsigned lock_owner(ino_t inode)
{
	CLEANUP_FILE FILE *locks = fopen("/proc/locks", "re");
	CLEANUP_FREE char *line = NULL;
	size_t cap = 0;

	while (locks && getline(&line, &cap, locks) > 0) {
		unsigned long long found;
		unsigned pid;

		if (sscanf(line, "%*s FLOCK %*s %*s %u %*x:%*x:%llu", &pid, &found) == 2 &&
		    found == inode)
			return pid;
	}
	return 0;
}

static int refuse_locked(const char *path, int fd, struct error *err)
{
	struct stat st;
	unsigned pid = fstat(fd, &st) == 0 ? lock_owner(st.st_ino) : 0;

	if (pid)
		error_set(err, ERROR_REFUSED, "'%s' is locked by process %u", path, pid);
	else
		error_set(err, ERROR_REFUSED, "'%s' is locked by another process", path);
	return error_fix(err, "wait until it is done, then run this again");
}

/* Whether `path` still names the file behind `fd`; false after a rename over it or a removal. */
static bool is_current(const char *path, int fd)
{
	struct stat held, named;

	return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_dev == named.st_dev &&
	       held.st_ino == named.st_ino;
}

/* Takes the lock of the file that `path` names now: 1 taken, 0 held by another, -1 failed. */
static int try_lock(const char *path, int flags, int *ret_fd, struct error *err)
{
	CLEANUP_CLOSE int fd = (int)TEMP_FAILURE_RETRY(open(path, flags, 0666));
	bool is_taken;

	if (fd < 0)
		return error_set_errno(err, errno, "cannot open '%s' for locking", path);
	is_taken = TEMP_FAILURE_RETRY(flock(fd, LOCK_EX | LOCK_NB)) == 0;
	if (!is_taken && errno != EWOULDBLOCK)
		return error_set_errno(err, errno, "cannot lock '%s'", path);
	if (is_taken && !is_current(path, fd))
		return 0;
	*ret_fd = fd;
	fd = -1;
	return is_taken;
}

static int lock(const char *path, int flags, unsigned wait_ms, int *ret_fd, struct error *err)
{
	int64_t until = system_clock.monotonic_ms(&system_clock) + wait_ms;
	int64_t pause_ms = RETRY_MIN_MS;

	for (;;) {
		CLEANUP_CLOSE int fd = -1;
		int taken = try_lock(path, flags, &fd, err);

		if (taken < 0 || interrupt_check("waiting for a lock", err) < 0)
			return -1;
		if (taken) {
			*ret_fd = fd;
			fd = -1;
			return 0;
		}
		if (system_clock.monotonic_ms(&system_clock) >= until)
			return refuse_locked(path, fd, err);
		system_clock.sleep_ms(&system_clock, pause_ms);
		pause_ms = pause_ms * 2 < RETRY_MAX_MS ? pause_ms * 2 : RETRY_MAX_MS;
	}
}

int file_lock(const char *path, unsigned wait_ms, int *ret_fd, struct error *err)
{
	return lock(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, wait_ms, ret_fd,
		    err);
}

int file_lock_for_edit(const char *path, unsigned wait_ms, int *ret_fd, struct error *err)
{
	return lock(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, wait_ms, ret_fd, err);
}
