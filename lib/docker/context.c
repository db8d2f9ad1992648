#include "docker/context.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "data/digest.h"
#include "docker/ignore.h"
#include "sys/file.h"
#include "sys/interrupt.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* More takes longer than the build that might be saved. */
#define MAX_FILES 100000
#define MAX_BYTES (1UL << 30)
#define MAX_DEPTH 64

#define IGNORE_MAX_BYTES (1UL << 20)

/* One folder, from its root down. Names are relative to the root. */
struct walk {
	const char *root;
	const struct ignore *ignore;
	const struct strv *without;
	struct str *out;
	size_t files;
	size_t bytes;
	unsigned depth;
};

static int add_entry(struct walk *walk, const char *name, struct error *err);

/* Zero bytes stand in no name, so that no two lists of files read the same. */
static void add_line(struct walk *walk, char kind, mode_t mode, const char *name, const char *what)
{
	str_addf(walk->out, "%c %o", kind, (unsigned)(mode & 07777));
	str_addc(walk->out, '\0');
	str_adds(walk->out, name);
	str_addc(walk->out, '\0');
	str_adds(walk->out, what);
	str_addc(walk->out, '\n');
}

static int refuse(const char *path, const char *why, struct error *err)
{
	return error_set(err, ERROR_REFUSED, "'%s' %s", path, why);
}

static int add_file(struct walk *walk, const char *path, const struct stat *status,
		    const char *name, struct error *err)
{
	CLEANUP(str_wipe) struct str bytes = STR_INIT;
	CLEANUP(str_release) struct str hash = STR_INIT;
	size_t left = MAX_BYTES - walk->bytes;

	if ((uint64_t)status->st_size > left)
		return refuse(walk->root, "has more than 1 GiB of files", err);
	if (file_read(path, left, &bytes, err) < 0)
		return -1;
	walk->bytes += bytes.len;
	digest_sha256_hex(&hash, bytes.buf, bytes.len);
	add_line(walk, 'f', status->st_mode, name, hash.buf);
	return 0;
}

static int add_link(struct walk *walk, const char *path, const char *name, struct error *err)
{
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	if (len < 0)
		return error_set_errno(err, errno, "cannot read link '%s'", path);
	target[len] = '\0';
	add_line(walk, 'l', 0, name, target);
	return 0;
}

static int list_names(const char *path, struct strv *ret, struct error *err)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		return error_set_errno(err, errno, "cannot list '%s'", path);
	errno = 0;
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			strv_add(ret, entry->d_name);
	}
	if (errno)
		error_set_errno(err, errno, "cannot list '%s'", path);
	(void)closedir(dir);
	return err->kind == ERROR_NONE ? 0 : -1;
}

static int by_name(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* What is in a folder; name "" is the root. */
static int add_folder(struct walk *walk, const char *name, struct error *err)
{
	CLEANUP_FREE char *path = *name ? file_join(walk->root, name) : mem_strdup(walk->root);
	CLEANUP(strv_release) struct strv names = STRV_INIT;
	int result = 0;

	if (walk->depth == MAX_DEPTH)
		return refuse(walk->root, "has folders in folders without end", err);
	if (list_names(path, &names, err) < 0)
		return -1;
	if (names.count)
		qsort(names.v, names.count, sizeof(*names.v), by_name);
	walk->depth++;
	for (size_t i = 0; i < names.count && result == 0; i++) {
		CLEANUP_FREE char *below =
			*name ? file_join(name, names.v[i]) : mem_strdup(names.v[i]);

		result = add_entry(walk, below, err);
	}
	walk->depth--;
	return result;
}

static int add_directory(struct walk *walk, const char *path, const struct stat *status,
			 const char *name, bool is_ignored, struct error *err)
{
	const char *slash = strrchr(name, '/');

	if (is_ignored && !ignore_may_return(walk->ignore, name))
		return 0;
	if (!is_ignored && strcmp(slash ? slash + 1 : name, ".git") == 0)
		return refuse(path, "is another at every commit: .dockerignore can leave it out",
			      err);
	if (!is_ignored)
		add_line(walk, 'd', status->st_mode, name, "");
	return add_folder(walk, name, err);
}

/* A name that is left out is looked at as well: a folder may hold what is let in again. */
static int add_entry(struct walk *walk, const char *name, struct error *err)
{
	CLEANUP_FREE char *path = file_join(walk->root, name);
	bool is_ignored = walk->ignore && ignore_has(walk->ignore, name);
	struct stat status;

	if (interrupt_check("reading the build context", err) < 0)
		return -1;
	if (walk->without && strv_has(walk->without, path))
		return 0;
	if (lstat(path, &status) < 0)
		return error_set_errno(err, errno, "cannot look at '%s'", path);
	if (++walk->files > MAX_FILES)
		return refuse(walk->root, "has more than 100000 files", err);
	if (S_ISDIR(status.st_mode))
		return add_directory(walk, path, &status, name, is_ignored, err);
	if (is_ignored)
		return 0;
	if (S_ISREG(status.st_mode))
		return add_file(walk, path, &status, name, err);
	if (S_ISLNK(status.st_mode))
		return add_link(walk, path, name, err);
	return refuse(path, "is neither a file nor a folder", err);
}

static int read_ignore(const char *dir, const char *dockerfile, struct ignore *ret,
		       struct error *err)
{
	CLEANUP_FREE char *path = file_join(dir, ".dockerignore");
	CLEANUP_FREE char *own = mem_printf("%s.dockerignore", dockerfile);
	CLEANUP(str_release) struct str text = STR_INIT;

	if (file_exists(own) || !file_exists(path))
		return 0;
	if (file_read(path, IGNORE_MAX_BYTES, &text, err) < 0)
		return -1;
	ignore_read(text.buf, text.len, ret);
	return 0;
}

/* A file by its own path, apart from the folder it may lie in. */
static int add_single(struct walk *walk, const char *path, struct error *err)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return error_set_errno(err, errno, "cannot look at '%s'", path);
	return add_file(walk, path, &status, path, err);
}

int context_list_files(const char *dir, const char *dockerfile, struct str *out, struct error *err)
{
	CLEANUP_FREE char *dockerfile_path = file_join(dir, dockerfile);
	CLEANUP(ignore_release) struct ignore ignore = IGNORE_INIT;
	struct walk walk = { .root = dir, .ignore = &ignore, .out = out };

	if (read_ignore(dir, dockerfile_path, &ignore, err) < 0 ||
	    add_single(&walk, dockerfile_path, err) < 0)
		return -1;
	return add_folder(&walk, "", err);
}

int context_list_mount(const char *path, const struct strv *without, struct str *out,
		       struct error *err)
{
	struct walk walk = { .root = path, .without = without, .out = out };
	struct stat status;

	if (strv_has(without, path))
		return 0;
	if (stat(path, &status) < 0) {
		if (errno != ENOENT)
			return error_set_errno(err, errno, "cannot look at '%s'", path);
		add_line(&walk, '-', 0, path, "");
		return 0;
	}
	if (S_ISREG(status.st_mode))
		return add_file(&walk, path, &status, path, err);
	if (S_ISDIR(status.st_mode)) {
		add_line(&walk, 'd', status.st_mode, path, "");
		return add_folder(&walk, "", err);
	}
	if (strcmp(path, "/dev/null") != 0)
		return refuse(path, "is neither a file nor a folder", err);
	add_line(&walk, 'c', 0, path, "");
	return 0;
}
