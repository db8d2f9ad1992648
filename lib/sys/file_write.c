#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "sys/file.h"
#include "sys/flock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define LEFTOVER_HEAD ".deployer-"
#define LEFTOVER_TAIL ".tmp"

/* The file to replace: its real place, and what it was before. */
struct target {
	char *path; /* without symbolic links */
	char *dir;
	const char *name; /* within `path` */
	int dir_fd;
	bool exists;
	struct stat st;
};

#define TARGET_INIT                                                                                \
	{                                                                                          \
		.path = NULL, .dir = NULL, .dir_fd = -1                                            \
	}

/* The new file until it is renamed. `name` is empty while there is none to remove. */
struct fresh {
	char name[64];
	int dir_fd;
	int fd;
};

#define FRESH_INIT                                                                                 \
	{                                                                                          \
		.name = "", .dir_fd = -1, .fd = -1                                                 \
	}

static void target_release(struct target *target)
{
	free(target->path);
	free(target->dir);
	if (target->dir_fd >= 0)
		close(target->dir_fd);
}

/* Removed before it is closed: its lock says until then that it is in use. */
static void fresh_release(struct fresh *fresh)
{
	if (fresh->name[0])
		(void)unlinkat(fresh->dir_fd, fresh->name, 0);
	if (fresh->fd >= 0)
		close(fresh->fd);
}

/* Signals that would end the process in between stay pending until the new file has its place. */
static void block_signals(sigset_t *ret_old)
{
	sigset_t ending;

	(void)sigemptyset(&ending);
	(void)sigaddset(&ending, SIGHUP);
	(void)sigaddset(&ending, SIGINT);
	(void)sigaddset(&ending, SIGQUIT);
	(void)sigaddset(&ending, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &ending, ret_old);
}

static void unblock_signals(const sigset_t *old)
{
	(void)sigprocmask(SIG_SETMASK, old, NULL);
}

static int fail(const struct target *target, int errnum, struct error *err)
{
	error_set_errno(err, errnum, "cannot write '%s'", target->path);
	switch (errnum) {
	case EBUSY:
		error_become(err, ERROR_REFUSED);
		return error_fix(err, "it is mounted as a single file and cannot be replaced "
				      "safely: mount its folder instead");
	case EACCES:
	case EPERM:
	case EROFS:
		error_become(err, ERROR_CONFIG);
		return error_fix(err, "make the folder '%s' writable for this user", target->dir);
	case ENOSPC:
	case EDQUOT:
		return error_fix(err, "free space in '%s'; the file is as it was", target->dir);
	default:
		return -1;
	}
}

/* A link that leads nowhere must not be taken for a file that is still to be made. */
static char *resolve_missing(const char *path, struct error *err)
{
	CLEANUP_FREE char *dir = file_dirname(path);
	CLEANUP_FREE char *real_dir = realpath(dir, NULL);
	CLEANUP_FREE char *copy = mem_strdup(path);
	struct stat st;

	if (!real_dir) {
		error_set_errno(err, errno, "cannot write '%s'", path);
		return NULL;
	}
	if (lstat(path, &st) == 0) {
		error_set(err, ERROR_CONFIG, "'%s' is a symbolic link to nothing", path);
		return NULL;
	}
	return file_join(real_dir, basename(copy));
}

/* The file that `path` stands for, without symbolic links; NULL on failure. */
static char *resolve_links(const char *path, struct error *err)
{
	char *real = realpath(path, NULL);

	if (real)
		return real;
	if (errno == ENOENT)
		return resolve_missing(path, err);
	if (errno == ELOOP)
		error_set(err, ERROR_CONFIG, "'%s' is a loop of symbolic links", path);
	else
		error_set_errno(err, errno, "cannot write '%s'", path);
	return NULL;
}

static int find_target(const char *path, struct target *ret, struct error *err)
{
	ret->path = resolve_links(path, err);
	if (!ret->path)
		return -1;
	ret->dir = file_dirname(ret->path);
	ret->name = strrchr(ret->path, '/') + 1;
	ret->dir_fd = (int)TEMP_FAILURE_RETRY(open(ret->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (ret->dir_fd < 0)
		return fail(ret, errno, err);
	ret->exists = fstatat(ret->dir_fd, ret->name, &ret->st, AT_SYMLINK_NOFOLLOW) == 0;
	if (!ret->exists && errno != ENOENT)
		return fail(ret, errno, err);
	return 0;
}

/* Someone else's file in a folder like /tmp, reached by a link: the link may be a trap. */
static int check_trap(const char *path, const struct target *target, struct error *err)
{
	struct stat link, dir;

	if (lstat(path, &link) < 0 || !S_ISLNK(link.st_mode) || fstat(target->dir_fd, &dir) < 0)
		return 0;
	if (!(dir.st_mode & S_ISVTX) || target->st.st_uid == geteuid())
		return 0;
	return error_set(err, ERROR_CONFIG, "'%s' leads to another user's file in '%s'", path,
			 target->dir);
}

/* Root may write to anything but what is immutable: the mode says what its owner wants. */
static int check_writable(const char *path, const struct target *target, struct error *err)
{
	const mode_t any_write = S_IWUSR | S_IWGRP | S_IWOTH;
	int refused = faccessat(target->dir_fd, target->name, W_OK, AT_EACCESS) < 0 ? errno : 0;

	if (refused == EPERM) {
		error_set(err, ERROR_CONFIG, "'%s' is immutable", path);
		return error_fix(err, "chattr -i '%s', as root", path);
	}
	if (refused == EACCES || (target->st.st_mode & any_write) == 0) {
		error_set(err, ERROR_CONFIG, "'%s' is read only", path);
		return error_fix(err, "chmod u+w '%s', as its owner", path);
	}
	return 0;
}

/* What rename() would do without asking: lose a link, or a mode that forbids writing. */
static int check_replaceable(const char *path, const struct target *target, struct error *err)
{
	if (!target->exists)
		return 0;
	if (!S_ISREG(target->st.st_mode))
		return error_set(err, ERROR_CONFIG, "'%s' is not a regular file", path);
	if (target->st.st_nlink > 1) {
		error_set(err, ERROR_CONFIG, "'%s' has %ju names (hard links)", path,
			  (uintmax_t)target->st.st_nlink);
		return error_fix(err,
				 "make it a file of its own: cp '%s' '%s.new' && mv '%s.new' "
				 "'%s'",
				 path, path, path, path);
	}
	return check_writable(path, target, err) < 0 ? -1 : check_trap(path, target, err);
}

bool file_is_leftover(const char *name)
{
	struct slice tail = slice_of(LEFTOVER_TAIL), all = slice_of(name);

	return slice_starts_with(all, LEFTOVER_HEAD) && all.n > tail.n &&
	       memcmp(all.p + all.n - tail.n, tail.p, tail.n) == 0;
}

/* A leftover whose lock is free has no living writer. */
static void sweep_entry(int dir_fd, const char *name)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	CLEANUP_CLOSE int fd = openat(dir_fd, name, flags);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)unlinkat(dir_fd, name, 0);
}

/* Removes what killed writers left in the folder. Best effort: it is in nobody's way. */
static void sweep(const struct target *target)
{
	DIR *dir = opendir(target->dir);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (file_is_leftover(entry->d_name))
			sweep_entry(dirfd(dir), entry->d_name);
	if (dir)
		(void)closedir(dir);
}

/* O_EXCL: neither a file nor a link that someone put there is ever opened. */
static int create_once(const struct target *target, mode_t mode, struct fresh *fresh)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	uint64_t random = 0;
	struct stat st;

	if (getrandom(&random, sizeof(random), 0) < 0)
		return -1;
	(void)snprintf(fresh->name, sizeof(fresh->name), LEFTOVER_HEAD "%016" PRIx64 LEFTOVER_TAIL,
		       random);
	fresh->dir_fd = target->dir_fd;
	fresh->fd = (int)TEMP_FAILURE_RETRY(openat(target->dir_fd, fresh->name, flags, mode));
	if (fresh->fd < 0) {
		fresh->name[0] = '\0';
		return -1;
	}
	/* Where the file system has no locks, no sweep can take it away either. */
	(void)flock(fresh->fd, LOCK_EX);
	return fstat(fresh->fd, &st) == 0 && st.st_nlink == 0 ? 0 : 1;
}

/* Between its creation and its lock, another writer's sweep may take the file away: once more. */
static int create_fresh(const struct target *target, mode_t new_mode, struct fresh *fresh,
			struct error *err)
{
	mode_t mode = target->exists ? S_IRUSR | S_IWUSR : new_mode;
	int created = 0;

	for (int tries = 0; created == 0 && tries < 100; tries++) {
		fresh_release(fresh);
		*fresh = (struct fresh)FRESH_INIT;
		created = create_once(target, mode, fresh);
	}
	if (created < 0)
		return fail(target, errno, err);
	if (created == 0)
		return fail(target, EAGAIN, err);
	return 0;
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = TEMP_FAILURE_RETRY(write(fd, bytes, len));

		if (n <= 0) {
			errno = n == 0 ? EIO : errno;
			return -1;
		}
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* EINVAL and ENOTSUP: this kind of file knows no fsync. Every other failure is one. */
static int sync_fd(int fd)
{
	if (TEMP_FAILURE_RETRY(fsync(fd)) == 0 || errno == EINVAL || errno == ENOTSUP)
		return 0;
	return -1;
}

/* Labels that belong to the system (security.*, trusted.*) are set by it; only root may copy them.
 */
static bool must_keep(const char *name)
{
	return slice_starts_with(slice_of(name), "user.") ||
	       slice_starts_with(slice_of(name), "system.posix_acl");
}

static int copy_xattr(int from, int to, const char *name)
{
	ssize_t len = fgetxattr(from, name, NULL, 0);
	CLEANUP_FREE char *value = mem_zalloc(len > 0 ? (size_t)len : 1);

	if (len >= 0)
		len = fgetxattr(from, name, value, (size_t)len);
	if (len >= 0 && fsetxattr(to, name, value, (size_t)len, 0) == 0)
		return 0;
	return must_keep(name) ? -1 : 0;
}

static int copy_xattrs(int from, int to)
{
	ssize_t len = flistxattr(from, NULL, 0);
	CLEANUP_FREE char *names = mem_zalloc(len > 0 ? (size_t)len + 1 : 1);

	if (len > 0)
		len = flistxattr(from, names, (size_t)len);
	if (len < 0)
		return errno == ENOTSUP ? 0 : -1;
	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1)
		if (copy_xattr(from, to, names + at) < 0)
			return -1;
	return 0;
}

/* The mode comes last: chown() takes bits away, and an access list changes others. */
static int copy_attributes(const struct target *target, int to, struct error *err)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	CLEANUP_CLOSE int from = -1;
	struct stat st;

	if (!target->exists)
		return 0;
	from = (int)TEMP_FAILURE_RETRY(openat(target->dir_fd, target->name, flags));
	if (from < 0 || fstat(to, &st) < 0)
		return fail(target, errno, err);
	if ((st.st_uid != target->st.st_uid || st.st_gid != target->st.st_gid) &&
	    fchown(to, target->st.st_uid, target->st.st_gid) < 0) {
		error_set(err, ERROR_CONFIG, "cannot keep the owner and group of '%s'",
			  target->path);
		return error_fix(err, "run this as the owner of the file");
	}
	if (copy_xattrs(from, to) < 0 || fchmod(to, target->st.st_mode & 07777) < 0)
		return fail(target, errno, err);
	return 0;
}

/*
 * 1 where the file has just these bytes, 0 where not, -1 with errno where it cannot be read. Piece
 * by piece: the memory for another copy of a large file would cost more than reading it.
 */
static int has_bytes(const struct target *target, const struct str *bytes)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	CLEANUP_CLOSE int fd = (int)TEMP_FAILURE_RETRY(openat(target->dir_fd, target->name, flags));
	char piece[32 * 1024];
	size_t at = 0;
	ssize_t n;

	if (fd < 0)
		return -1;
	while ((n = TEMP_FAILURE_RETRY(read(fd, piece, sizeof(piece)))) > 0) {
		bool same = (size_t)n <= bytes->len - at &&
			    memcmp(piece, bytes->buf + at, (size_t)n) == 0;

		/* The file may hold a secret. */
		explicit_bzero(piece, (size_t)n);
		if (!same)
			return 0;
		at += (size_t)n;
	}
	return n < 0 ? -1 : at == bytes->len;
}

static int check_unchanged(const struct target *target, const struct str *old, struct error *err)
{
	int same = old ? has_bytes(target, old) : 1;

	if (same == 1)
		return 0;
	if (same < 0) {
		error_set_errno(err, errno, "'%s' was changed meanwhile", target->path);
		return error_become(err, ERROR_REFUSED);
	}
	error_set(err, ERROR_REFUSED, "'%s' was changed meanwhile", target->path);
	return error_fix(err, "close it in other programs and run this again");
}

/*
 * Whether the change can be written into the file where it stands, and be there whole or not at
 * all: it is as long as what it replaces and within one sector, which disks write at once; a write
 * within one page is not cut short by a signal either.
 */
static bool fits_in_place(const struct file_change *change)
{
	const size_t sector = 512;

	return change->len && change->bytes.n == change->len &&
	       change->at / sector == (change->at + change->len - 1) / sector;
}

/* For a file that is a mount point: nothing can take its place, as in a container. */
static int overwrite(const struct target *target, const struct file_change *change,
		     struct error *err)
{
	const int flags = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	CLEANUP_CLOSE int fd = (int)TEMP_FAILURE_RETRY(openat(target->dir_fd, target->name, flags));
	ssize_t n;

	if (fd < 0)
		return fail(target, errno, err);
	n = TEMP_FAILURE_RETRY(pwrite(fd, change->bytes.p, change->len, (off_t)change->at));
	if (n < 0 || sync_fd(fd) < 0)
		return fail(target, errno, err);
	return (size_t)n == change->len ? 0 : fail(target, EIO, err);
}

static int put_in_place(const struct target *target, struct fresh *fresh,
			const struct file_change *change, struct error *err)
{
	if (renameat(target->dir_fd, fresh->name, target->dir_fd, target->name) < 0)
		return errno == EBUSY && fits_in_place(change) ? overwrite(target, change, err)
							       : fail(target, errno, err);
	fresh->name[0] = '\0';
	if (sync_fd(target->dir_fd) < 0) {
		error_set_errno(err, errno, "'%s' is written, but cannot be made durable",
				target->path);
		return error_fix(err, "check the disk of '%s'", target->dir);
	}
	return 0;
}

/* What lies before the change, the change, what lies behind it. */
static int write_changed(int fd, const struct str *old, const struct file_change *change)
{
	size_t end = change->at + change->len;

	if (old && write_all(fd, old->buf, change->at) < 0)
		return -1;
	if (write_all(fd, change->bytes.p, change->bytes.n) < 0)
		return -1;
	return old ? write_all(fd, old->buf + end, old->len - end) : 0;
}

/* Creates, fills and renames the new file; `old`, where given, is what must still be there. */
static int replace(const struct target *target, const struct str *old,
		   const struct file_change *change, mode_t new_mode, struct error *err)
{
	CLEANUP(fresh_release) struct fresh fresh = FRESH_INIT;

	sweep(target);
	if (create_fresh(target, new_mode, &fresh, err) < 0)
		return -1;
	if (write_changed(fresh.fd, old, change) < 0)
		return fail(target, errno, err);
	if (copy_attributes(target, fresh.fd, err) < 0)
		return -1;
	if (sync_fd(fresh.fd) < 0)
		return fail(target, errno, err);
	if (check_unchanged(target, old, err) < 0)
		return -1;
	return put_in_place(target, &fresh, change, err);
}

static int replace_unsignalled(const char *path, const struct str *old,
			       const struct file_change *change, mode_t new_mode, struct error *err)
{
	CLEANUP(target_release) struct target target = TARGET_INIT;
	CLEANUP(unblock_signals) sigset_t signals;

	block_signals(&signals);
	if (find_target(path, &target, err) < 0)
		return -1;
	if (check_replaceable(path, &target, err) < 0)
		return -1;
	return replace(&target, old, change, new_mode, err);
}

int file_write_atomic(const char *path, const void *bytes, size_t len, mode_t new_mode,
		      struct error *err)
{
	const struct file_change all = { .bytes = { bytes, len } };

	return replace_unsignalled(path, NULL, &all, new_mode, err);
}

int file_edit_atomic(const char *path, const struct str *old, const struct file_change *change,
		     struct error *err)
{
	return replace_unsignalled(path, old, change, S_IRUSR | S_IWUSR, err);
}

int file_append(const char *path, const void *bytes, size_t len, struct error *err)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	int errnum;

	if (fd < 0)
		return error_set_errno(err, errno, "cannot open '%s'", path);
	errnum = write_all(fd, bytes, len) < 0 ? errno : 0;
	if (close(fd) < 0 && !errnum)
		errnum = errno;
	return errnum ? error_set_errno(err, errnum, "cannot write '%s'", path) : 0;
}
