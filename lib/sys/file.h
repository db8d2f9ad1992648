#ifndef SYS_FILE_H
#define SYS_FILE_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Reads a whole regular file of at most `max_bytes`. ERROR_SYSTEM with the reason where it cannot
 * be read, ERROR_CONFIG where it is not a regular file or too large.
 */
int file_read(const char *path, size_t max_bytes, struct str *ret_bytes, struct error *err);

/* Whether a file of any kind is there (links followed). */
bool file_exists(const char *path);

/*
 * Replaces the contents of `path`: at any moment, also after a crash, the file has all its old
 * bytes or all the new ones. Written to a new file in the same folder, fsync, rename, fsync of the
 * folder.
 *
 * A symbolic link is followed and stays; mode, owner, group and extended attributes of an existing
 * file are kept, a new file gets `new_mode`. ERROR_CONFIG where the file may not be written (read
 * only) or is a mount point of its own (a bind-mounted file), ERROR_SYSTEM otherwise; the old file
 * is then untouched and nothing is left behind.
 */
int file_write_atomic(const char *path, const void *bytes, size_t len, mode_t new_mode,
		      struct error *err);

/*
 * Takes an exclusive kernel lock (flock) on `path`, which is created if needed and never deleted,
 * so that a dead owner's lock cannot stay behind. Waits up to `wait_ms`; ERROR_REFUSED after that.
 * Returns the descriptor, close-on-exec; closing it releases the lock.
 */
int file_lock(const char *path, unsigned wait_ms, int *ret_fd, struct error *err);

/* Creates a private folder (0700) under TMPDIR or /tmp; owned by the caller (free()). */
int file_make_private_dir(const char *prefix, char **ret_path, struct error *err);

/* Removes a folder and everything in it, as far as it can; links are not followed. */
void file_remove_tree(const char *path);

/* Creates `path` and its missing parents with mode 0777 less the umask. */
int file_make_dirs(const char *path, struct error *err);

/* The folder part of a path, "." where there is none. Owned by the caller (free()). */
char *file_dirname(const char *path);

/* "dir/name", or `name` where it is absolute. Owned by the caller (free()). */
char *file_join(const char *dir, const char *name);

#endif
