#include "repo/libgit2.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

/* Its interface changes with each version: the one that these headers are of. */
#define SONAME "libgit2.so." LIBGIT2_SOVERSION

struct libgit2 git;

static const struct {
	const char *name;
	size_t at; /* in struct libgit2 */
} functions[] = {
#define LIBGIT2_ROW(name) { "git_" #name, offsetof(struct libgit2, name) },
	LIBGIT2_FUNCTIONS(LIBGIT2_ROW)
#undef LIBGIT2_ROW
};

#define FUNCTION_COUNT (sizeof(functions) / sizeof(functions[0]))

static int fail(struct error *err)
{
	error_set(err, ERROR_TOOL, "cannot load libgit2: %s", dlerror());
	return error_fix(err, "install it: apt-get install libgit2-" LIBGIT2_SOVERSION);
}

static int load(struct error *err)
{
	void *library = dlopen(SONAME, RTLD_NOW | RTLD_NODELETE);
	struct libgit2 found;

	if (!library)
		return fail(err);
	for (size_t i = 0; i < FUNCTION_COUNT; i++) {
		void *function = dlsym(library, functions[i].name);

		if (!function)
			return fail(err);
		memcpy((char *)&found + functions[i].at, &function, sizeof(function));
	}
	git = found;
	return 0;
}

int libgit2_load(struct error *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	int result;

	(void)pthread_mutex_lock(&lock);
	result = git.libgit2_init ? 0 : load(err);
	(void)pthread_mutex_unlock(&lock);
	return result;
}
