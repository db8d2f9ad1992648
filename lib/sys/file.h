#ifndef SYS_FILE_H
#define SYS_FILE_H

#include "base/error.h"
#include "base/slice.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Reads a whole regular file of at most `max_bytes`. ERROR_SYSTEM with the reason where it cannot
 * be read, ERROR_CONFIG where it is not a regular file or too large.
 */
int file_read(const char *path, size_t max_bytes, struct str *ret_bytes, struct error *err);

/*
 * Where the caller left standard input, output or error closed, takes their numbers, in a mode in
 * which reading and writing fail as before: a file opened later would get what is meant for a
 * person. The first act of a program. (glibc does so for programs that are setuid:
 * csu/check_fds.c.)
 */
void file_hold_standard(void);

/*
 * Whether a file of any kind is there (links followed), as far as this user may know. Where that
 * cannot be read from the disk it counts as there, so that whoever reads the file says why.
 */
bool file_exists(const char *path);

/*
 * Replaces the contents of `path`: at any moment, also after a crash, the file has all its old
 * bytes or all the new ones. Written to a new file in the same folder, fsync, rename, fsync of the
 * folder; signals that would end the process wait meanwhile.
 *
 * A symbolic link is followed and stays; mode, owner, group and extended attributes of an existing
 * file are kept, a new file gets `new_mode` less the umask. ERROR_CONFIG where the file may not be
 * replaced: it is read only, no regular file, or has other hard links; ERROR_REFUSED where it is a
 * mount point of its own (a bind-mounted file). ERROR_SYSTEM otherwise. The old file is then
 * untouched and nothing is left behind; only where the last step, the fsync of the folder, fails
 * are the new bytes in place, and the message says so. What a killed writer left behind, the next
 * one in that folder removes.
 */
int file_write_atomic(const char *path, const void *bytes, size_t len, mode_t new_mode,
		      struct error *err);

/* A change of a text: `len` of its bytes, from `at`, become `bytes`. Borrowed. */
struct file_change {
	size_t at;
	size_t len;
	struct slice bytes;
};

/*
 * The same for a change of `old`, read earlier: ERROR_REFUSED where the file is missing or no
 * longer has exactly those bytes at the moment the new ones are ready to take their place. In a
 * mount point of its own, bytes that are as many as before and lie within one sector are written
 * where they are.
 */
int file_edit_atomic(const char *path, const struct str *old, const struct file_change *change,
		     struct error *err);

/*
 * Adds bytes to the end of a file that others add to as well, which is made (0644) where it is not
 * there: a CI service's file of summaries. ERROR_SYSTEM otherwise.
 */
int file_append(const char *path, const void *bytes, size_t len, struct error *err);

/* Whether the name is one that file_write_atomic() gives to its new file until the rename. */
bool file_is_leftover(const char *name);

/*
 * Takes an exclusive kernel lock (flock) on `path`, which is created if needed and never deleted,
 * so that a dead owner's lock cannot stay behind. Waits up to `wait_ms`; ERROR_REFUSED after that,
 * with the code FILE_IS_LOCKED, naming the owner's process, user, host and start where the kernel
 * tells, and ERROR_SIGNAL when interrupted. Returns the descriptor, close-on-exec; closing it
 * releases the lock.
 */
#define FILE_IS_LOCKED "Locked"
int file_lock(const char *path, unsigned wait_ms, int *ret_fd, struct error *err);

/*
 * The same for a file that must exist and that others replace by rename: whoever holds it holds the
 * file that `path` names now, so that read, edit and file_edit_atomic() are one step.
 */
int file_lock_for_edit(const char *path, unsigned wait_ms, int *ret_fd, struct error *err);

/*
 * Creates a private folder (0700) under TMPDIR or /tmp, named "deployer-PURPOSE-...", without a
 * purpose where it is "". The name says which process made it: those that killed processes left
 * there are removed first. The path is owned by the caller (free()).
 */
int file_make_private_dir(const char *purpose, char **ret_path, struct error *err);

/* The same in memory rather than on a disk, where this machine has such a place (/dev/shm). */
int file_make_memory_dir(const char *purpose, char **ret_path, struct error *err);

/* Removes what killed processes left under TMPDIR or /tmp, where no folder need be made. */
void file_sweep_private_dirs(void);

/* Removes a folder and everything in it, as far as it can; links are not followed. */
void file_remove_tree(const char *path);

/* Creates `path` and its missing parents with mode 0777 less the umask. */
int file_make_dirs(const char *path, struct error *err);

/* The folder part of a path, "." where there is none. Owned by the caller (free()). */
char *file_dirname(const char *path);

/* "dir/name", or `name` where it is absolute. Owned by the caller (free()). */
char *file_join(const char *dir, const char *name);

#endif
