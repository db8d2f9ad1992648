#include "repo/memory.h"

#include "base/mem.h"
#include "repo/libgit2.h"

#include <git2/sys/alloc.h>
#include <stdlib.h>
#include <string.h>

/* What it releases is what realloc(p, 0) would free: it is given a byte instead. */
static void *resize(void *p, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return mem_realloc(p, size ? size : 1);
}

static void *resize_array(void *p, size_t count, size_t size, const char *file, int line)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		mem_fatal("libgit2");
	return resize(p, bytes, file, line);
}

static void *allocate(size_t size, const char *file, int line)
{
	return resize(NULL, size, file, line);
}

static void *allocate_array(size_t count, size_t size, const char *file, int line)
{
	return resize_array(NULL, count, size, file, line);
}

static void *allocate_zeroed(size_t count, size_t size, const char *file, int line)
{
	void *fresh = allocate_array(count, size, file, line);

	return memset(fresh, 0, count * size);
}

static char *copy_bytes(const char *text, size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return mem_strndup(text, len);
}

static char *copy_some(const char *text, size_t most, const char *file, int line)
{
	return copy_bytes(text, strnlen(text, most), file, line);
}

static char *copy(const char *text, const char *file, int line)
{
	return copy_bytes(text, strlen(text), file, line);
}

void repo_use_memory(void)
{
	git_allocator allocator = {
		.gmalloc = allocate,
		.gcalloc = allocate_zeroed,
		.gstrdup = copy,
		.gstrndup = copy_some,
		.gsubstrdup = copy_bytes,
		.grealloc = resize,
		.greallocarray = resize_array,
		.gmallocarray = allocate_array,
		.gfree = free,
	};

	(void)git.libgit2_opts(GIT_OPT_SET_ALLOCATOR, &allocator);
}
