#include "base/cleanup.h"
#include "base/slice.h"
#include "base/strv.h"
#include "sys/file.h"
#include "sys/flock.h"
#include "sys/interrupt.h"
#include "sys/proc_info.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Between two tries: short at first, since most holders are done in a moment. */
#define RETRY_MIN_MS 1
#define RETRY_MAX_MS 20

/* The process in a line of proc_locks(5), "1: FLOCK ADVISORY WRITE 1234 fe:00:5678 0 EOF". */
static bool is_owner(const char *line, ino_t inode, uint64_t *ret_pid)
{
	CLEANUP(strv_release) struct strv fields = STRV_INIT;
	const char *colon;
	uint64_t found;

	strv_split(&fields, line, " ");
	if (fields.count < 6 || strcmp(fields.v[1], "FLOCK") != 0)
		return false;
	colon = strrchr(fields.v[5], ':');
	return colon && slice_to_u64(slice_of(colon + 1), UINT64_MAX, &found) && found == inode &&
	       slice_to_u64(slice_of(fields.v[4]), INT32_MAX, ret_pid);
}

/* 0 where the kernel does not tell: another host, another PID namespace. */
static uint64_t lock_owner(ino_t inode)
{
	CLEANUP_FILE FILE *locks = fopen("/proc/locks", "re");
	CLEANUP_FREE char *line = NULL;
	size_t cap = 0;
	uint64_t pid = 0;

	while (locks && getline(&line, &cap, locks) > 0)
		if (is_owner(line, inode, &pid))
			return pid;
	return 0;
}

static int refuse_locked(const char *path, int fd, struct error *err)
{
	CLEANUP(str_release) struct str owner = STR_INIT;
	struct stat st;
	uint64_t pid = fstat(fd, &st) == 0 ? lock_owner(st.st_ino) : 0;

	if (pid)
		proc_info_describe(pid, &owner);
	if (pid)
		error_set(err, ERROR_REFUSED, "'%s' is locked by process %s", path, owner.buf);
	else
		error_set(err, ERROR_REFUSED, "'%s' is locked by another process", path);
	error_set_code(err, FILE_IS_LOCKED);
	return error_fix(err, "wait until it is done, then run this again");
}

/* Whether `path` still names the file behind `fd`; false after a rename over it or a removal. */
static bool is_current(const char *path, int fd)
{
	struct stat held, named;

	return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_dev == named.st_dev &&
	       held.st_ino == named.st_ino;
}

/* Whether to try again: 0, or -1 where the lock cannot be had, not in time, or not any more. */
static int check_patience(const char *path, int fd, int64_t until_ms, struct error *err)
{
	if (errno != EWOULDBLOCK && errno != ESTALE)
		return error_set_errno(err, errno, "cannot lock '%s'", path);
	if (system_clock.monotonic_ms(&system_clock) >= until_ms)
		return refuse_locked(path, fd, err);
	return interrupt_check("waiting for a lock", err);
}

/* Takes the lock of the file that `path` names now; ESTALE where that is another one than `fd`. */
static bool try_lock(const char *path, int fd)
{
	if (TEMP_FAILURE_RETRY(flock(fd, LOCK_EX | LOCK_NB)) < 0)
		return false;
	if (is_current(path, fd))
		return true;
	errno = ESTALE;
	return false;
}

/*
 * Some file systems (NFS) lock for writing only what is open for writing. What may only be read is
 * locked as such where nothing need be created: an edit that changes nothing is allowed there.
 */
static int open_to_lock(const char *path, int flags)
{
	int fd = (int)TEMP_FAILURE_RETRY(open(path, flags | O_RDWR, 0666));

	if (fd < 0 && !(flags & O_CREAT) &&
	    (errno == EACCES || errno == EPERM || errno == EROFS || errno == EISDIR))
		fd = (int)TEMP_FAILURE_RETRY(open(path, flags | O_RDONLY));
	return fd;
}

static int lock(const char *path, int flags, unsigned wait_ms, int *ret_fd, struct error *err)
{
	int64_t until_ms = system_clock.monotonic_ms(&system_clock) + wait_ms;
	int64_t pause_ms = RETRY_MIN_MS;

	for (;;) {
		int fd = open_to_lock(path, flags);
		int patience;

		if (fd < 0)
			return error_set_errno(err, errno, "cannot open '%s' to lock it", path);
		if (try_lock(path, fd)) {
			*ret_fd = fd;
			return 0;
		}
		patience = check_patience(path, fd, until_ms, err);
		close(fd);
		if (patience < 0)
			return -1;
		system_clock.sleep_ms(&system_clock, pause_ms);
		pause_ms = pause_ms * 2 < RETRY_MAX_MS ? pause_ms * 2 : RETRY_MAX_MS;
	}
}

int file_lock(const char *path, unsigned wait_ms, int *ret_fd, struct error *err)
{
	return lock(path, O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, wait_ms, ret_fd, err);
}

int file_lock_for_edit(const char *path, unsigned wait_ms, int *ret_fd, struct error *err)
{
	return lock(path, O_CLOEXEC | O_NONBLOCK | O_NOCTTY, wait_ms, ret_fd, err);
}
