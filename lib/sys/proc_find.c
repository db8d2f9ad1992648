#include "base/cleanup.h"
#include "base/mem.h"
#include "sys/proc.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A group of root's, or the one that distributions make for each user alone, of the same number. */
static bool is_private(const struct stat *status)
{
	bool is_of_group = status->st_mode & S_IWGRP && status->st_gid != 0 &&
			   status->st_gid != status->st_uid;

	return !(status->st_mode & S_IWOTH) && !is_of_group;
}

/* Whoever may write a program or its folder may have anything run in its name. */
static bool is_trusted(const char *dir, const char *path)
{
	struct stat folder, file;

	return stat(dir, &folder) == 0 && stat(path, &file) == 0 && is_private(&folder) &&
	       is_private(&file);
}

/* The first in PATH, or the first in a folder that is passed over. */
static char *find_in_path(const char *name, bool only_trusted, char **ret_refused)
{
	const char *path = getenv("PATH");
	CLEANUP(strv_release) struct strv dirs = STRV_INIT;

	strv_split(&dirs, path ? path : "/usr/local/bin:/usr/bin:/bin", ":");
	for (size_t i = 0; i < dirs.count; i++) {
		CLEANUP_FREE char *candidate = mem_printf("%s/%s", dirs.v[i], name);

		/* A relative or empty entry would run what lies in the current folder. */
		if (candidate[0] != '/' || access(candidate, X_OK) < 0)
			continue;
		if (!only_trusted || is_trusted(dirs.v[i], candidate))
			return move_ptr(candidate);
		if (ret_refused && !*ret_refused)
			*ret_refused = mem_strdup(dirs.v[i]);
	}
	return NULL;
}

char *proc_find_as(enum proc_role role, const char *name)
{
	if (strchr(name, '/'))
		return access(name, X_OK) == 0 ? mem_strdup(name) : NULL;
	return find_in_path(name, role == PROC_TOOL, NULL);
}

char *proc_find(const char *name)
{
	return proc_find_as(PROC_TOOL, name);
}

int proc_not_found(const char *name, struct error *err)
{
	CLEANUP_FREE char *refused = NULL;
	CLEANUP_FREE char *found = NULL;

	if (!strchr(name, '/'))
		found = find_in_path(name, true, &refused);
	if (!refused)
		return error_set(err, ERROR_TOOL, "program '%s' is not in PATH", name);
	error_set(err, ERROR_TOOL, "others may write '%s/%s' or its folder", refused, name);
	return error_fix(err, "take that away, for instance with 'chmod go-w', or take the folder "
			      "out of PATH");
}
