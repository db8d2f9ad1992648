/*
 * Runs a command and writes what it cost to a file: peak FILE COMMAND [ARGUMENT...]
 *
 * "KILOBYTES CPU_MS WALL_MS": the peak of its resident memory, or of its largest child's
 * (wait4(2)), its processor time with that of its children, and the time until its end. A program
 * that is started by a large one, such as Python, would have that one's memory as its own peak:
 * hence this. Ends as the command does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static long timeval_ms(struct timeval time)
{
	return time.tv_sec * 1000 + time.tv_usec / 1000;
}

int main(int argc, char **argv)
{
	long start = now_ms();
	struct rusage used;
	int status = -1;
	FILE *file;
	pid_t pid;

	if (argc < 3)
		return 2;
	pid = fork();
	if (pid == 0) {
		(void)execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) < 0)
		return 126;
	file = fopen(argv[1], "w");
	if (!file ||
	    fprintf(file, "%ld %ld %ld\n", used.ru_maxrss,
		    timeval_ms(used.ru_utime) + timeval_ms(used.ru_stime), now_ms() - start) < 0 ||
	    fclose(file) != 0)
		return 126;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
