#include "paths.h"

#include <curl/curl.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <netdb.h>
#include <pthread.h>
#include <pwd.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Makes one call of a program fail, the n-th of its kind; tests/torture/run does so for every n, as
 * the out-of-memory and I/O error tests of SQLite and the torture tests of curl do. Linked into a
 * program, these functions stand before those of the C library and of a sanitizer, for the program
 * and for the shared libraries that it uses. From the environment, which children do not get:
 *
 *	TORTURE=write:3		the third write that the program's own code asks for fails
 *	TORTURE=lib-write:3	the third that its libraries ask for
 *	TORTURE=write:3:4	with that errno or CURLcode, where the function has one
 *	TORTURE_TALLY=FILE	gets a struct tally: what was counted, and which call failed
 *	TORTURE_PATHS=FILE	gets what paths.h notes of the calls that are counted
 *	TORTURE_CASE=NAME	the only case of a cmocka program that is run
 *
 * Calls of the test framework, of the loader and of other processes are not counted.
 */
enum kind {
	KIND_ALLOC,
	KIND_READ,
	KIND_WRITE,
	KIND_OPEN,
	KIND_SPAWN,
	KIND_CONNECT,
	KIND_CURL,
	KIND_COUNT
};

static const char *const kinds[] = {
	[KIND_ALLOC] = "alloc", [KIND_READ] = "read",	[KIND_WRITE] = "write",
	[KIND_OPEN] = "open",	[KIND_SPAWN] = "spawn", [KIND_CONNECT] = "connect",
	[KIND_CURL] = "curl",
};

/* As tests/torture/run reads it. The own code's counts come first, then those of the libraries. */
struct tally {
	atomic_ulong count[2 * KIND_COUNT];
	unsigned long offset; /* of the caller in its file */
	char function[40];
	char caller[120]; /* the file, empty for the program */
};

static struct {
	struct tally *tally;
	size_t kind;
	unsigned long n;
	int error;
	int pid;
} plan;

static atomic_bool has_failed;

static void read_plan(const char *text)
{
	const char *colon = strchr(text, ':');
	const bool of_library = strncmp(text, "lib-", 4) == 0;
	char *end;

	text += of_library ? 4 : 0;
	if (!colon)
		abort();
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (strlen(kinds[i]) == (size_t)(colon - text) &&
		    strncmp(kinds[i], text, (size_t)(colon - text)) == 0)
			plan.kind = i + (of_library ? KIND_COUNT : 0);
	plan.n = strtoul(colon + 1, &end, 10);
	if (*end == ':')
		plan.error = (int)strtol(end + 1, NULL, 10);
}

/* Shared memory: it holds however the program ends. */
static void map_tally(const char *path)
{
	const int fd = (int)syscall(SYS_openat, AT_FDCWD, path,
				    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || syscall(SYS_ftruncate, fd, sizeof(struct tally)) < 0)
		abort();
	plan.tally = mmap(NULL, sizeof(struct tally), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (plan.tally == MAP_FAILED)
		abort();
	(void)syscall(SYS_close, fd);
}

void cmocka_set_test_filter(const char *pattern) __attribute__((weak));

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("TORTURE"), *tally = getenv("TORTURE_TALLY");
	const char *paths = getenv("TORTURE_PATHS");

	if (getenv("TORTURE_CASE") && cmocka_set_test_filter)
		cmocka_set_test_filter(getenv("TORTURE_CASE"));
	if (text)
		read_plan(text);
	if (!tally)
		return;
	if (paths)
		paths_open(paths);
	map_tally(tally);
	plan.pid = getpid();
	(void)unsetenv("TORTURE");
	(void)unsetenv("TORTURE_TALLY");
	(void)unsetenv("TORTURE_PATHS");
}

/* The file that called, empty for the program, or NULL where its calls are not counted. */
static const char *find_caller(void *address, struct dl_find_object *ret)
{
	const char *name;

	if (!plan.tally || getpid() != plan.pid || _dl_find_object(address, ret) < 0)
		return NULL;
	name = ret->dlfo_link_map->l_name;
	if (strstr(name, "/libcmocka.so") || strstr(name, "/ld-linux"))
		return NULL;
	return name;
}

/* The errno with which this call is to fail, or 0. */
static int must_fail(enum kind kind, const char *function, int usual, void *caller)
{
	struct dl_find_object object;
	const char *name = find_caller(caller, &object);
	const size_t at = kind + (name && name[0] ? KIND_COUNT : 0);
	unsigned long n;

	if (!name)
		return 0;
	n = ++plan.tally->count[at];
	paths_note(at, n);
	if (n != plan.n || at != plan.kind)
		return 0;
	atomic_store(&has_failed, true);
	plan.tally->offset = (unsigned long)((char *)caller - (char *)object.dlfo_link_map->l_addr);
	(void)snprintf(plan.tally->function, sizeof(plan.tally->function), "%s", function);
	(void)snprintf(plan.tally->caller, sizeof(plan.tally->caller), "%s", name);
	return plan.error ? plan.error : usual;
}

/* NOLINTBEGIN(bugprone-macro-parentheses): what stands alone are types and lists in parentheses. */

/* What a semicolon may follow. */
#define AS_DECLARATION(name) _Static_assert(sizeof(#name) > 1, "it has a name")

/*
 * A function that may fail with the value `failure`, in which `next` is the real one, `error` the
 * errno and the parameters are known.
 */
#define TORTURED(kind, result, name, usual, failure, parameters, arguments)                        \
	result tortured_##name parameters __asm__(#name);                                          \
	result sanitized_##name parameters __asm__("__interceptor_" #name) __attribute__((weak));  \
	result tortured_##name parameters                                                          \
	{                                                                                          \
		static result(*next) parameters;                                                   \
		const int error = must_fail(kind, #name, usual, __builtin_return_address(0));      \
		result failed;                                                                     \
                                                                                                   \
		if (!next)                                                                         \
			next = sanitized_##name;                                                   \
		if (!next)                                                                         \
			next = (result(*) parameters)find_next(#name);                             \
		if (!error)                                                                        \
			return next arguments;                                                     \
		failed = failure;                                                                  \
		errno = error;                                                                     \
		return failed;                                                                     \
	}                                                                                          \
	AS_DECLARATION(name)

void *__real_dlsym(void *handle, const char *name);
void *__wrap_dlsym(void *handle, const char *name);

static void *find_next(const char *name)
{
	return __real_dlsym(RTLD_NEXT, name);
}

/* Memory comes first: looking up a function takes some. */
#define TORTURED_MEMORY(name, parameters, arguments)                                               \
	void *tortured_##name parameters __asm__(#name);                                           \
	void *sanitized_##name parameters __asm__("__interceptor_" #name) __attribute__((weak));   \
	void *__libc_##name parameters;                                                            \
	void *tortured_##name parameters                                                           \
	{                                                                                          \
		const int error =                                                                  \
			must_fail(KIND_ALLOC, #name, ENOMEM, __builtin_return_address(0));         \
                                                                                                   \
		if (!error)                                                                        \
			return sanitized_##name ? sanitized_##name arguments                       \
						: __libc_##name arguments;                         \
		errno = error;                                                                     \
		return NULL;                                                                       \
	}                                                                                          \
	AS_DECLARATION(name)

TORTURED_MEMORY(malloc, (size_t size), (size));
TORTURED_MEMORY(calloc, (size_t count, size_t size), (count, size));
TORTURED_MEMORY(realloc, (void *p, size_t size), (p, size));

TORTURED(KIND_READ, ssize_t, read, EIO, -1, (int fd, void *buf, size_t len), (fd, buf, len));
TORTURED(KIND_READ, ssize_t, pread64, EIO, -1, (int fd, void *buf, size_t len, off_t at),
	 (fd, buf, len, at));
TORTURED(KIND_READ, ssize_t, recv, ECONNRESET, -1, (int fd, void *buf, size_t len, int flags),
	 (fd, buf, len, flags));
TORTURED(KIND_READ, ssize_t, recvfrom, ECONNRESET, -1,
	 (int fd, void *buf, size_t len, int flags, void *from, void *from_len),
	 (fd, buf, len, flags, from, from_len));
TORTURED(KIND_READ, ssize_t, recvmsg, ECONNRESET, -1, (int fd, struct msghdr *message, int flags),
	 (fd, message, flags));
TORTURED(KIND_READ, ssize_t, __getdelim, EIO, -1, (char **line, size_t *size, int end, FILE *file),
	 (line, size, end, file));
TORTURED(KIND_READ, char *, fgets, EIO, NULL, (char *buf, int size, FILE *file), (buf, size, file));
TORTURED(KIND_READ, size_t, fread, EIO, 0, (void *buf, size_t size, size_t count, FILE *file),
	 (buf, size, count, file));
TORTURED(KIND_READ, void *, readdir64, EIO, NULL, (DIR * dir), (dir));
TORTURED(KIND_READ, ssize_t, readlink, EIO, -1, (const char *path, char *buf, size_t size),
	 (path, buf, size));
TORTURED(KIND_READ, char *, realpath, EIO, NULL, (const char *path, char *resolved),
	 (path, resolved));
TORTURED(KIND_READ, char *, getcwd, ENOENT, NULL, (char *buf, size_t size), (buf, size));
TORTURED(KIND_READ, int, stat64, EIO, -1, (const char *path, void *status), (path, status));
TORTURED(KIND_READ, int, lstat64, EIO, -1, (const char *path, void *status), (path, status));
TORTURED(KIND_READ, int, fstat64, EIO, -1, (int fd, void *status), (fd, status));
TORTURED(KIND_READ, int, fstatat64, EIO, -1, (int fd, const char *path, void *status, int flags),
	 (fd, path, status, flags));
TORTURED(KIND_READ, int, statvfs64, EIO, -1, (const char *path, void *status), (path, status));
TORTURED(KIND_READ, int, access, EIO, -1, (const char *path, int mode), (path, mode));
TORTURED(KIND_READ, int, faccessat, EIO, -1, (int fd, const char *path, int mode, int flags),
	 (fd, path, mode, flags));
TORTURED(KIND_READ, ssize_t, fgetxattr, EIO, -1,
	 (int fd, const char *name, void *value, size_t size), (fd, name, value, size));
TORTURED(KIND_READ, ssize_t, flistxattr, EIO, -1, (int fd, char *list, size_t size),
	 (fd, list, size));
TORTURED(KIND_READ, int, nftw64, EIO, -1, (const char *path, void *visit, int fds, int flags),
	 (path, visit, fds, flags));
TORTURED(KIND_READ, int, scandir64, ENOENT, -1,
	 (const char *path, void *list, void *filter, void *compare),
	 (path, list, filter, compare));
TORTURED(KIND_READ, ssize_t, getrandom, ENOSYS, -1, (void *buf, size_t len, unsigned flags),
	 (buf, len, flags));
TORTURED(KIND_READ, int, poll, ENOMEM, -1, (void *fds, unsigned long count, int timeout_ms),
	 (fds, count, timeout_ms));
TORTURED(KIND_READ, void *, getpwuid, EIO, NULL, (uid_t uid), (uid));
TORTURED(KIND_READ, void *, getpwnam, EIO, NULL, (const char *name), (name));
TORTURED(KIND_READ, int, gethostname, ENAMETOOLONG, -1, (char *name, size_t size), (name, size));
TORTURED(KIND_READ, void *, mmap64, ENOMEM, MAP_FAILED,
	 (void *at, size_t len, int protection, int flags, int fd, off_t offset),
	 (at, len, protection, flags, fd, offset));

TORTURED(KIND_WRITE, ssize_t, write, ENOSPC, -1, (int fd, const void *buf, size_t len),
	 (fd, buf, len));
TORTURED(KIND_WRITE, ssize_t, pwrite64, ENOSPC, -1, (int fd, const void *buf, size_t len, off_t at),
	 (fd, buf, len, at));
TORTURED(KIND_WRITE, ssize_t, send, EPIPE, -1, (int fd, const void *buf, size_t len, int flags),
	 (fd, buf, len, flags));
TORTURED(KIND_WRITE, ssize_t, sendto, EPIPE, -1,
	 (int fd, const void *buf, size_t len, int flags, const void *to, socklen_t to_len),
	 (fd, buf, len, flags, to, to_len));
TORTURED(KIND_WRITE, ssize_t, sendmsg, EPIPE, -1, (int fd, const struct msghdr *message, int flags),
	 (fd, message, flags));
/* A stream remembers that it failed. */
static int mark_failed(FILE *file)
{
	if (file)
		file->_flags |= _IO_ERR_SEEN;
	return EOF;
}

TORTURED(KIND_WRITE, size_t, fwrite, ENOSPC, (mark_failed(file), 0UL),
	 (const void *buf, size_t size, size_t count, FILE *file), (buf, size, count, file));
TORTURED(KIND_WRITE, int, fputs, ENOSPC, mark_failed(file), (const char *text, FILE *file),
	 (text, file));
TORTURED(KIND_WRITE, int, fputc, ENOSPC, mark_failed(file), (int c, FILE *file), (c, file));
TORTURED(KIND_WRITE, int, fflush, ENOSPC, mark_failed(file), (FILE * file), (file));
TORTURED(KIND_WRITE, int, fclose, EIO, (next(file), EOF), (FILE * file), (file));
TORTURED(KIND_WRITE, int, close, EIO, (next(fd), -1), (int fd), (fd));
TORTURED(KIND_WRITE, int, fsync, EIO, -1, (int fd), (fd));
TORTURED(KIND_WRITE, int, fdatasync, EIO, -1, (int fd), (fd));
TORTURED(KIND_WRITE, int, ftruncate64, EIO, -1, (int fd, off_t len), (fd, len));
TORTURED(KIND_WRITE, int, fchmod, EPERM, -1, (int fd, mode_t mode), (fd, mode));
TORTURED(KIND_WRITE, int, fchown, EPERM, -1, (int fd, uid_t uid, gid_t gid), (fd, uid, gid));
TORTURED(KIND_WRITE, int, chmod, EPERM, -1, (const char *path, mode_t mode), (path, mode));
TORTURED(KIND_WRITE, int, fsetxattr, EPERM, -1,
	 (int fd, const char *name, const void *value, size_t size, int flags),
	 (fd, name, value, size, flags));
TORTURED(KIND_WRITE, int, rename, EIO, -1, (const char *from, const char *to), (from, to));
TORTURED(KIND_WRITE, int, renameat, EIO, -1,
	 (int from_fd, const char *from, int to_fd, const char *to), (from_fd, from, to_fd, to));
TORTURED(KIND_WRITE, int, link, EIO, -1, (const char *from, const char *to), (from, to));
TORTURED(KIND_WRITE, int, symlink, EIO, -1, (const char *target, const char *path), (target, path));
TORTURED(KIND_WRITE, int, mkdir, ENOSPC, -1, (const char *path, mode_t mode), (path, mode));
TORTURED(KIND_WRITE, char *, mkdtemp, ENOSPC, NULL, (char *pattern), (pattern));
TORTURED(KIND_WRITE, int, unlink, EIO, -1, (const char *path), (path));
TORTURED(KIND_WRITE, int, unlinkat, EIO, -1, (int fd, const char *path, int flags),
	 (fd, path, flags));
TORTURED(KIND_WRITE, int, remove, EIO, -1, (const char *path), (path));
TORTURED(KIND_WRITE, int, rmdir, EIO, -1, (const char *path), (path));
TORTURED(KIND_WRITE, int, flock, ENOLCK, -1, (int fd, int operation), (fd, operation));
TORTURED(KIND_WRITE, int, tcsetattr, EIO, -1, (int fd, int when, const void *mode),
	 (fd, when, mode));

TORTURED(KIND_OPEN, int, open64, EMFILE, -1, (const char *path, int flags, mode_t mode),
	 (path, flags, mode));
TORTURED(KIND_OPEN, int, openat64, EMFILE, -1, (int fd, const char *path, int flags, mode_t mode),
	 (fd, path, flags, mode));
TORTURED(KIND_OPEN, int, __open64_2, EMFILE, -1, (const char *path, int flags), (path, flags));
TORTURED(KIND_OPEN, FILE *, fopen64, EMFILE, NULL, (const char *path, const char *mode),
	 (path, mode));
TORTURED(KIND_OPEN, FILE *, fopen, EMFILE, NULL, (const char *path, const char *mode),
	 (path, mode));
TORTURED(KIND_OPEN, FILE *, open_memstream, ENOMEM, NULL, (char **bytes, size_t *len),
	 (bytes, len));
TORTURED(KIND_OPEN, DIR *, opendir, EMFILE, NULL, (const char *path), (path));
TORTURED(KIND_OPEN, int, pipe2, EMFILE, -1, (int fds[2], int flags), (fds, flags));
TORTURED(KIND_OPEN, int, eventfd, EMFILE, -1, (unsigned value, int flags), (value, flags));
TORTURED(KIND_OPEN, int, dup2, EMFILE, -1, (int from, int to), (from, to));
TORTURED(KIND_OPEN, int, accept4, EMFILE, -1, (int fd, void *from, void *len, int flags),
	 (fd, from, len, flags));

TORTURED(KIND_SPAWN, pid_t, fork, EAGAIN, -1, (void), ());
TORTURED(KIND_SPAWN, int, posix_spawn, EAGAIN, error,
	 (pid_t * pid, const char *path, const void *actions, const void *attributes,
	  char *const args[], char *const env[]),
	 (pid, path, actions, attributes, args, env));
TORTURED(KIND_SPAWN, int, posix_spawn_file_actions_init, ENOMEM, error, (void *actions), (actions));
TORTURED(KIND_SPAWN, int, posix_spawn_file_actions_adddup2, ENOMEM, error,
	 (void *actions, int from, int to), (actions, from, to));
TORTURED(KIND_SPAWN, int, posix_spawn_file_actions_addopen, ENOMEM, error,
	 (void *actions, int fd, const char *path, int flags, mode_t mode),
	 (actions, fd, path, flags, mode));
TORTURED(KIND_SPAWN, int, posix_spawn_file_actions_addchdir_np, ENOMEM, error,
	 (void *actions, const char *path), (actions, path));
TORTURED(KIND_SPAWN, int, posix_spawnattr_init, ENOMEM, error, (void *attributes), (attributes));
TORTURED(KIND_SPAWN, int, execve, ENOEXEC, -1,
	 (const char *path, char *const args[], char *const env[]), (path, args, env));
TORTURED(KIND_SPAWN, int, execvp, ENOEXEC, -1, (const char *path, char *const args[]),
	 (path, args));
TORTURED(KIND_SPAWN, int, pidfd_open, EMFILE, -1, (pid_t pid, unsigned flags), (pid, flags));
TORTURED(KIND_SPAWN, pid_t, waitpid, ECHILD, -1, (pid_t pid, int *status, int options),
	 (pid, status, options));
TORTURED(KIND_SPAWN, int, pthread_create, EAGAIN, error,
	 (pthread_t * thread, const void *attributes, void *run, void *ctx),
	 (thread, attributes, run, ctx));

TORTURED(KIND_CONNECT, int, socket, EMFILE, -1, (int family, int type, int protocol),
	 (family, type, protocol));
TORTURED(KIND_CONNECT, int, connect, ECONNREFUSED, -1, (int fd, const void *address, socklen_t len),
	 (fd, address, len));
TORTURED(KIND_CONNECT, int, bind, EADDRINUSE, -1, (int fd, const void *address, socklen_t len),
	 (fd, address, len));
TORTURED(KIND_CONNECT, int, listen, EADDRINUSE, -1, (int fd, int count), (fd, count));
TORTURED(KIND_CONNECT, int, getsockname, ENOBUFS, -1, (int fd, void *address, void *len),
	 (fd, address, len));
TORTURED(KIND_CONNECT, int, setsockopt, ENOPROTOOPT, -1,
	 (int fd, int level, int name, const void *value, socklen_t len),
	 (fd, level, name, value, len));
TORTURED(KIND_CONNECT, int, getsockopt, ENOPROTOOPT, -1,
	 (int fd, int level, int name, void *value, void *len), (fd, level, name, value, len));
TORTURED(KIND_CONNECT, int, getaddrinfo, EIO, EAI_AGAIN,
	 (const char *host, const char *port, const void *hints, void *ret),
	 (host, port, hints, ret));
TORTURED(KIND_CONNECT, int, getifaddrs, ENOBUFS, -1, (void *ret), (ret));

/* libcurl's functions are handed out by dlsym() (base/library.h): in their places stand these. */
struct curl_function {
	const char *name;
	void *tortured;
	void **next;
};

#define TORTURED_CURL(result, name, usual, failure, parameters, arguments)                         \
	static void *next_##name;                                                                  \
	static result tortured_##name parameters                                                   \
	{                                                                                          \
		result(*next) parameters = (result(*) parameters)next_##name;                      \
		const int error = must_fail(KIND_CURL, #name, usual, __builtin_return_address(0)); \
                                                                                                   \
		return error ? failure : next arguments;                                           \
	}                                                                                          \
	AS_DECLARATION(name)

/* NOLINTEND(bugprone-macro-parentheses) */

TORTURED_CURL(void *, curl_easy_init, ENOMEM, NULL, (void), ());
TORTURED_CURL(CURLcode, curl_easy_perform, CURLE_COULDNT_CONNECT, (CURLcode)error, (void *handle),
	      (handle));
TORTURED_CURL(CURLcode, curl_easy_setopt, CURLE_UNKNOWN_OPTION, (CURLcode)error,
	      (void *handle, int option, void *value), (handle, option, value));
TORTURED_CURL(CURLcode, curl_easy_getinfo, CURLE_UNKNOWN_OPTION, (CURLcode)error,
	      (void *handle, int info, void *ret), (handle, info, ret));
TORTURED_CURL(CURLcode, curl_global_init_mem, CURLE_FAILED_INIT, (CURLcode)error,
	      (long flags, void *take, void *give, void *move, void *copy, void *clear),
	      (flags, take, give, move, copy, clear));
TORTURED_CURL(void *, curl_slist_append, ENOMEM, NULL, (void *list, const char *text),
	      (list, text));

static const struct curl_function *find_curl(const char *name)
{
	static const struct curl_function functions[] = {
		{ "curl_easy_getinfo", (void *)tortured_curl_easy_getinfo,
		  &next_curl_easy_getinfo },
		{ "curl_easy_init", (void *)tortured_curl_easy_init, &next_curl_easy_init },
		{ "curl_easy_perform", (void *)tortured_curl_easy_perform,
		  &next_curl_easy_perform },
		{ "curl_easy_setopt", (void *)tortured_curl_easy_setopt, &next_curl_easy_setopt },
		{ "curl_global_init_mem", (void *)tortured_curl_global_init_mem,
		  &next_curl_global_init_mem },
		{ "curl_slist_append", (void *)tortured_curl_slist_append,
		  &next_curl_slist_append },
	};

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (strcmp(functions[i].name, name) == 0)
			return &functions[i];
	return NULL;
}

void *__wrap_dlsym(void *handle, const char *name)
{
	const struct curl_function *function;
	void *found;

	/* Sanitizers ask before they are ready to be asked. */
	if (!plan.tally)
		return __real_dlsym(handle, name);
	function = find_curl(name);
	/* A real failure, so that dlerror() has its text. */
	if (must_fail(KIND_CURL, "dlsym", EIO, __builtin_return_address(0)))
		return __real_dlsym(handle, "tortured");
	found = __real_dlsym(handle, name);
	if (!function || !found)
		return found;
	*function->next = found;
	return function->tortured;
}

void *__real_dlopen(const char *name, int flags);
void *__wrap_dlopen(const char *name, int flags);

void *__wrap_dlopen(const char *name, int flags)
{
	if (must_fail(KIND_CURL, "dlopen", EIO, __builtin_return_address(0)))
		name = "/tortured";
	return __real_dlopen(name, flags);
}

/* What was -1 because a call failed is no process: kill() would take it for all of them. */
int tortured_kill(pid_t pid, int signum) __asm__("kill");

int tortured_kill(pid_t pid, int signum)
{
	if (pid == -1 || pid == 1)
		abort();
	return (int)syscall(SYS_kill, pid, signum);
}

void __lsan_do_leak_check(void) __attribute__((weak));

/*
 * cmocka leaves a failed case by longjmp(), over the heads of the functions that would have freed
 * what they own. After a failure of ours that is the end: leaks are what is not reachable from
 * here.
 */
_Noreturn void tortured_longjmp(struct __jmp_buf_tag *where, int value) __asm__("__longjmp_chk");

void tortured_longjmp(struct __jmp_buf_tag *where, int value)
{
	if (!atomic_load(&has_failed))
		siglongjmp(where, value);
	(void)fflush(NULL);
	if (__lsan_do_leak_check)
		__lsan_do_leak_check();
	_exit(1);
}
