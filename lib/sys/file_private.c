#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "base/strv.h"
#include "sys/file.h"
#include "sys/proc_info.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Every private folder of ours is named "deployer-PURPOSE-OWNER-XXXXXX", where the owner is PID
 * namespace, process and its start, "4026531836.4711.80015": a number alone would come again, and
 * another container may share the folder that they lie in.
 */
#define FAMILY	   "deployer-"
#define RANDOM_LEN strlen("-XXXXXX")

/* As it stands in a name; "" where it cannot be told, or there is no such process. */
static void describe_owner(uint64_t pid, struct str *out)
{
	struct stat space;
	uint64_t start;

	if (stat("/proc/self/ns/pid", &space) == 0 && proc_info_start(pid, &start))
		str_addf(out, "%ju.%" PRIu64 ".%" PRIu64, (uintmax_t)space.st_ino, pid, start);
}

static bool is_same_namespace(const char *owner, const char *self)
{
	size_t len = strcspn(self, ".") + 1;

	return *self && strncmp(owner, self, len) == 0;
}

/* Whether the process that made a folder of this name is known to be gone. */
static bool is_abandoned(const char *name)
{
	size_t len = strlen(name);
	CLEANUP_FREE char *head = mem_strndup(name, len < RANDOM_LEN ? 0 : len - RANDOM_LEN);
	CLEANUP(str_release) struct str self = STR_INIT;
	CLEANUP(str_release) struct str now = STR_INIT;
	const char *owner = strrchr(head, '-');
	const char *number;
	uint64_t pid;

	if (!owner)
		return false;
	owner++;
	describe_owner((uint64_t)getpid(), &self);
	number = owner + strcspn(owner, ".");
	if (!is_same_namespace(owner, self.buf) ||
	    !slice_to_u64((struct slice){ number + 1, strcspn(number + 1, ".") }, INT32_MAX, &pid))
		return false;
	describe_owner(pid, &now);
	return strcmp(owner, now.buf) != 0;
}

static bool is_own_dir(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

/* What killed processes have left behind: nobody else would ever remove it. */
static void remove_abandoned(const char *parent)
{
	DIR *dir = opendir(parent);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		CLEANUP_FREE char *path = NULL;

		if (strncmp(entry->d_name, FAMILY, strlen(FAMILY)) != 0 ||
		    !is_abandoned(entry->d_name))
			continue;
		path = file_join(parent, entry->d_name);
		if (is_own_dir(path))
			file_remove_tree(path);
	}
	if (dir)
		(void)closedir(dir);
}

static int make_dir_in(const char *parent, const char *purpose, char **ret_path, struct error *err)
{
	CLEANUP(str_release) struct str owner = STR_INIT;
	CLEANUP_FREE char *path = NULL;

	remove_abandoned(parent);
	describe_owner((uint64_t)getpid(), &owner);
	path = mem_printf("%s/" FAMILY "%s%s%s-XXXXXX", parent, purpose, *purpose ? "-" : "",
			  owner.buf);
	if (!mkdtemp(path))
		return error_set_errno(err, errno, "cannot create the folder '%s'", path);
	*ret_path = move_ptr(path);
	return 0;
}

static const char *private_parent(void)
{
	const char *tmp = secure_getenv("TMPDIR");

	return tmp && *tmp ? tmp : "/tmp";
}

int file_make_private_dir(const char *purpose, char **ret_path, struct error *err)
{
	return make_dir_in(private_parent(), purpose, ret_path, err);
}

void file_sweep_private_dirs(void)
{
	remove_abandoned(private_parent());
}

int file_make_memory_dir(const char *purpose, char **ret_path, struct error *err)
{
	CLEANUP(error_release) struct error none = ERROR_INIT;

	if (make_dir_in("/dev/shm", purpose, ret_path, &none) == 0)
		return 0;
	return file_make_private_dir(purpose, ret_path, err);
}
