#include "sys/file.h"

#include "base/cleanup.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How much is asked of one read(). */
#define READ_BYTES ((size_t)64 * 1024)

/* Descriptors that nftw() may hold open: deeper folders are closed and opened again. */
#define TREE_FDS 16

/* The descriptor, or -1. Without O_NONBLOCK, opening a FIFO would wait for a writer. */
static int open_regular(const char *path, size_t *ret_size, struct error *err)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int fd = (int)TEMP_FAILURE_RETRY(open(path, flags));
	struct stat st;

	if (fd < 0)
		return error_set_errno(err, errno, "cannot read '%s'", path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		*ret_size = (size_t)st.st_size;
		return fd;
	}
	close(fd);
	return error_set(err, ERROR_CONFIG, "'%s' is not a regular file", path);
}

static int too_large(const char *path, size_t max_bytes, struct error *err)
{
	return error_set(err, ERROR_CONFIG, "'%s' is larger than %zu bytes", path, max_bytes);
}

int file_read(const char *path, size_t max_bytes, struct str *ret_bytes, struct error *err)
{
	CLEANUP(str_wipe) struct str bytes = STR_INIT;
	char chunk[READ_BYTES];
	size_t size = 0;
	CLEANUP_CLOSE int fd = open_regular(path, &size, err);
	struct str old;
	ssize_t n;

	if (fd < 0)
		return -1;
	if (size > max_bytes)
		return too_large(path, max_bytes, err);
	/* The file may hold a secret: growing would leave copies behind. */
	str_reserve(&bytes, size);
	while ((n = TEMP_FAILURE_RETRY(read(fd, chunk, sizeof(chunk)))) > 0) {
		str_add(&bytes, chunk, (size_t)n);
		explicit_bzero(chunk, (size_t)n);
		if (bytes.len > max_bytes)
			return too_large(path, max_bytes, err);
	}
	if (n < 0)
		return error_set_errno(err, errno, "cannot read '%s'", path);
	old = *ret_bytes;
	*ret_bytes = bytes;
	bytes = old;
	return 0;
}

void file_hold_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null",
				   (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR && errno != EACCES &&
					   errno != ELOOP && errno != ENAMETOOLONG);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	(void)remove(path);
	return 0;
}

void file_remove_tree(const char *path)
{
	(void)nftw(path, remove_entry, TREE_FDS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* mkdir() fails with EROFS and the like for folders that are there already. */
static int make_dir(const char *path, struct error *err)
{
	int errnum = mkdir(path, 0777) == 0 ? 0 : errno;

	if (errnum == 0 || is_dir(path))
		return 0;
	return error_set_errno(err, errnum, "cannot create the folder '%s'", path);
}

int file_make_dirs(const char *path, struct error *err)
{
	CLEANUP_FREE char *part = mem_strdup(path);

	for (char *slash = *part ? strchr(part + 1, '/') : NULL; slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (make_dir(part, err) < 0)
			return -1;
		*slash = '/';
	}
	return make_dir(part, err);
}

char *file_dirname(const char *path)
{
	CLEANUP_FREE char *copy = mem_strdup(path);

	return mem_strdup(dirname(copy));
}

char *file_join(const char *dir, const char *name)
{
	if (*name == '/' || !*dir)
		return mem_strdup(name);
	return mem_printf("%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", name);
}
