/*
 * Runs a program and says, on a descriptor of the caller's, its process id as soon as it runs, and
 *at its exit its peak memory and how many descriptors are open then:
 *
 *	measure FD PROGRAM [ARGUMENT...]	pid 4711
 *						exit 5120 KiB 4 descriptors
 *						status 0
 *
 * The last line is what waitpid(2) tells, once it has. The kernel stops the program at its exit for
 *that (PTRACE_O_TRACEEXIT, ptrace(2)), when its memory and descriptors are still there; one that is
 *killed by SIGKILL may leave without the middle line.
 */
#include "base/slice.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static long read_peak_kib(pid_t pid)
{
	char path[64], line[256];
	long kib = -1;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && kib < 0 && fgets(line, sizeof(line), file)) {
		uint64_t number;
		const char *at = line + strcspn(line, "0123456789");

		if (strncmp(line, "VmHWM:", 6) == 0 &&
		    slice_to_u64((struct slice){ at, strspn(at, "0123456789") }, INT32_MAX,
				 &number))
			kib = (long)number;
	}
	if (file)
		(void)fclose(file);
	return kib;
}

static int count_descriptors(pid_t pid)
{
	char path[64];
	int count = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	for (const struct dirent *entry; dir && (entry = readdir(dir));)
		count += entry->d_name[0] != '.';
	if (dir)
		(void)closedir(dir);
	return count;
}

static int run_child(char **argv)
{
	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	(void)execvp(argv[0], argv);
	perror(argv[0]);
	return 127;
}

/* A stop: the exec after PTRACE_TRACEME, the exit, or a signal, which goes on to the program. */
static void go_on(int fd, pid_t pid, int status, bool *is_running)
{
	int signal = WSTOPSIG(status);

	if (!*is_running) {
		*is_running = true;
		(void)ptrace(PTRACE_SETOPTIONS, pid, NULL,
			     (void *)(intptr_t)(PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL));
		(void)dprintf(fd, "pid %d\n", (int)pid);
		signal = 0;
	} else if (status >> 8 == (SIGTRAP | (PTRACE_EVENT_EXIT << 8))) {
		(void)dprintf(fd, "exit %ld KiB %d descriptors\n", read_peak_kib(pid),
			      count_descriptors(pid));
		signal = 0;
	}
	(void)ptrace(PTRACE_CONT, pid, NULL, (void *)(intptr_t)signal);
}

int main(int argc, char **argv)
{
	bool is_running = false;
	uint64_t fd;
	int status;
	pid_t pid;

	if (argc < 3 || !slice_to_u64((struct slice){ argv[1], strlen(argv[1]) }, INT32_MAX, &fd)) {
		(void)fputs("usage: measure FD PROGRAM [ARGUMENT...]\n", stderr);
		return 2;
	}
	(void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	pid = fork();
	if (pid == 0)
		return run_child(argv + 2);
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
		go_on((int)fd, pid, status, &is_running);
	(void)dprintf((int)fd, "status %d\n", status);
	return 0;
}
