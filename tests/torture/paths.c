#include "paths.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* So many calls, one inside the other, are a path: those of paths.c and fail.c come first. */
#define OWN_FRAMES 2
#define FRAMES	   (OWN_FRAMES + 5)

/* More than any case has; a power of two. */
#define MAX_PATHS (1UL << 17)

/* As tests/torture/torture.py reads it; kind and n are 0 behind the last one. */
struct path {
	uint64_t kind;
	uint64_t n;
	uint64_t hash; /* the same in each run, and in each program that has these functions */
};

static struct path *paths;
static size_t count;
static uint64_t seen[MAX_PATHS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The unwinder allocates, too. */
static _Thread_local bool is_busy;

void paths_open(const char *file)
{
	const int fd = (int)syscall(SYS_openat, AT_FDCWD, file,
				    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	const size_t size = MAX_PATHS * sizeof(struct path);
	void *frames[1];

	if (fd < 0 || syscall(SYS_ftruncate, fd, size) < 0)
		abort();
	paths = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (paths == MAP_FAILED)
		abort();
	(void)syscall(SYS_close, fd);
	/* It loads its library now rather than in the middle of something. */
	(void)backtrace(frames, 1);
}

/* FNV-1a. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ ((const unsigned char *)bytes)[i]) * 1099511628211UL;
	return hash;
}

#define HASH_BEGIN 14695981039346656037UL

/* A place by the nearest symbol of its file: the same in each program that has the function. */
static uint64_t hash_place(uint64_t hash, void *address)
{
	uintptr_t offset = (uintptr_t)address;
	Dl_info info;

	if (!dladdr(address, &info))
		return hash_bytes(hash, &address, sizeof(address));
	if (info.dli_sname)
		hash = hash_bytes(hash, info.dli_sname, strlen(info.dli_sname));
	else
		hash = hash_bytes(hash, info.dli_fname, strlen(info.dli_fname));
	offset -= (uintptr_t)(info.dli_sname ? info.dli_saddr : info.dli_fbase);
	return hash_bytes(hash, &offset, sizeof(offset));
}

/* Whether it is new. */
static bool add(uint64_t hash)
{
	size_t at = hash & (MAX_PATHS - 1);

	while (seen[at] && seen[at] != hash)
		at = (at + 1) & (MAX_PATHS - 1);
	if (seen[at])
		return false;
	seen[at] = hash;
	return true;
}

/* By addresses first, which differ from run to run, but are had at once. */
static void note(size_t kind, unsigned long n)
{
	void *frames[FRAMES];
	int depth = backtrace(frames, FRAMES);
	uint64_t hash = hash_bytes(HASH_BEGIN ^ kind, frames, (size_t)depth * sizeof(frames[0]));

	if (count == MAX_PATHS / 2 || !add(hash))
		return;
	hash = HASH_BEGIN ^ kind;
	for (int i = OWN_FRAMES; i < depth; i++)
		hash = hash_place(hash, frames[i]);
	paths[count++] = (struct path){ .kind = kind + 1, .n = n, .hash = hash };
}

void paths_note(size_t kind, unsigned long n)
{
	if (!paths || is_busy)
		return;
	is_busy = true;
	(void)pthread_mutex_lock(&lock);
	note(kind, n);
	(void)pthread_mutex_unlock(&lock);
	is_busy = false;
}
