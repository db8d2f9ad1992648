/*
 * Runs two commands in turn and says what each costs, and how many times more the second does:
 *
 *	compare RUNS COMMAND [ARGUMENT...] -- COMMAND [ARGUMENT...]
 *
 * Wall time, CPU time and peak memory are medians. CPU time is that of the command and of what it
 * waited for, peak memory that of the largest of these (wait4(2)); a daemon's work for it is not in
 * it. Each command runs once before it counts, and who goes first changes from round to round, so
 * that neither has the warmer caches. What they print goes nowhere; one that fails ends the
 *benchmark.
 */
#include "base/mem.h"
#include "base/slice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum measure { WALL, CPU, MEMORY, MEASURES };

struct contender {
	char **args;
	double *samples[MEASURES]; /* milliseconds, milliseconds, megabytes; one a run */
};

static double now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double timeval_ms(struct timeval time)
{
	return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static _Noreturn void become(char **args)
{
	if (freopen("/dev/null", "r", stdin) && freopen("/dev/null", "w", stdout))
		(void)execvp(args[0], args);
	perror(args[0]);
	_exit(127);
}

static void run(const struct contender *contender, size_t at)
{
	double start = now_ms();
	struct rusage used;
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		become(contender->args);
	if (pid < 0 || wait4(pid, &status, 0, &used) < 0 || status != 0) {
		(void)fprintf(stderr, "%s failed (wait status %d)\n", contender->args[0], status);
		exit(1);
	}
	contender->samples[WALL][at] = now_ms() - start;
	contender->samples[CPU][at] = timeval_ms(used.ru_utime) + timeval_ms(used.ru_stime);
	contender->samples[MEMORY][at] = (double)used.ru_maxrss / 1024;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *samples, size_t count)
{
	qsort(samples, count, sizeof(*samples), compare_doubles);
	return (samples[(count - 1) / 2] + samples[count / 2]) / 2;
}

static void report(const struct contender *contenders, size_t runs)
{
	double medians[2][MEASURES];

	printf("%12s %12s %12s\n", "wall", "CPU", "memory");
	for (int i = 0; i < 2; i++) {
		for (int m = 0; m < MEASURES; m++)
			medians[i][m] = median(contenders[i].samples[m], runs);
		printf("%9.1f ms %9.1f ms %9.1f MB  ", medians[i][WALL], medians[i][CPU],
		       medians[i][MEMORY]);
		for (char **arg = contenders[i].args; *arg; arg++)
			printf(" %s", *arg);
		printf("\n");
	}
	for (int m = 0; m < MEASURES; m++)
		printf("%11.2fx ", medians[1][m] / medians[0][m]);
	printf("  medians of %zu runs each, in turn\n", runs);
}

/* Cuts the command line in two at "--". */
static bool parse(char **argv, struct contender *contenders, size_t *ret_runs)
{
	uint64_t runs;
	char **word;

	if (!argv[1] || !slice_to_u64(slice_of(argv[1]), 10000, &runs) || runs == 0)
		return false;
	word = argv + 2;
	while (*word && strcmp(*word, "--") != 0)
		word++;
	if (word == argv + 2 || !*word || !word[1])
		return false;
	*word = NULL;
	contenders[0].args = argv + 2;
	contenders[1].args = word + 1;
	*ret_runs = (size_t)runs;
	return true;
}

int main(int argc, char **argv)
{
	struct contender contenders[2] = { 0 };
	size_t runs;

	(void)argc;
	if (!parse(argv, contenders, &runs)) {
		(void)fprintf(stderr, "usage: compare RUNS COMMAND... -- COMMAND...\n");
		return 2;
	}
	for (int i = 0; i < 2; i++) {
		for (int m = 0; m < MEASURES; m++)
			contenders[i].samples[m] = mem_zalloc(runs * sizeof(double));
		run(&contenders[i], 0);
	}
	for (size_t at = 0; at < runs; at++) {
		run(&contenders[at % 2], at);
		run(&contenders[1 - at % 2], at);
	}
	report(contenders, runs);
	for (int i = 0; i < 2; i++) {
		for (int m = 0; m < MEASURES; m++)
			free(contenders[i].samples[m]);
	}
	return 0;
}
