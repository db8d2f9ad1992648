#include "repo/libgit2.h"

#include "base/library.h"

#include <pthread.h>
#include <stddef.h>

struct libgit2 git;

static const struct library_function functions[] = {
#define LIBGIT2_ROW(name) { "git_" #name, offsetof(struct libgit2, name) },
	LIBGIT2_FUNCTIONS(LIBGIT2_ROW)
#undef LIBGIT2_ROW
};

/* Its interface changes with each version: the one that these headers are of. */
static const struct library library = {
	.name = "libgit2",
	.file = "libgit2.so." LIBGIT2_SOVERSION,
	.package = "libgit2-" LIBGIT2_SOVERSION,
	.functions = functions,
	.count = sizeof(functions) / sizeof(functions[0]),
};

int libgit2_load(struct error *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	int result;

	(void)pthread_mutex_lock(&lock);
	result = git.libgit2_init ? 0 : library_load(&library, &git, err);
	(void)pthread_mutex_unlock(&lock);
	return result;
}
