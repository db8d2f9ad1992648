#include "sys/proc_info.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/slice.h"
#include "base/strv.h"
#include "sys/interrupt.h"

#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* proc_pid_stat(5), counted behind the program's name, which may hold anything. */
#define START_FIELD 19

bool proc_info_start(uint64_t pid, uint64_t *ret_ticks)
{
	CLEANUP_FREE char *path = mem_printf("/proc/%" PRIu64 "/stat", pid);
	CLEANUP(strv_release) struct strv fields = STRV_INIT;
	CLEANUP_FILE FILE *file = fopen(path, "re");
	char line[1024];
	const char *name_end;

	if (!file || !fgets(line, sizeof(line), file))
		return false;
	name_end = strrchr(line, ')');
	if (!name_end)
		return false;
	strv_split(&fields, name_end + 1, " ");
	return fields.count > START_FIELD &&
	       slice_to_u64(slice_of(fields.v[START_FIELD]), UINT64_MAX, ret_ticks);
}

static void add_user(uint64_t pid, struct str *out)
{
	CLEANUP_FREE char *path = mem_printf("/proc/%" PRIu64, pid);
	const struct passwd *entry;
	struct stat st;

	if (stat(path, &st) < 0)
		return;
	entry = getpwuid(st.st_uid);
	if (entry)
		str_addf(out, " of %s", entry->pw_name);
	else
		str_addf(out, " of uid %ju", (uintmax_t)st.st_uid);
}

static void add_host(struct str *out)
{
	char host[HOST_NAME_MAX + 1] = "";

	if (gethostname(host, sizeof(host) - 1) == 0 && *host)
		str_addf(out, " on %s", host);
}

static void add_start(uint64_t pid, struct str *out)
{
	long frequency = sysconf(_SC_CLK_TCK);
	struct timespec up;
	uint64_t ticks;
	int64_t age_ms;

	if (frequency <= 0 || clock_gettime(CLOCK_BOOTTIME, &up) < 0 ||
	    !proc_info_start(pid, &ticks))
		return;
	age_ms = (int64_t)up.tv_sec * 1000 + up.tv_nsec / 1000000 -
		 (int64_t)(ticks * 1000 / (uint64_t)frequency);
	str_adds(out, ", running since ");
	clock_format_rfc3339(system_clock.wall_ms(&system_clock) - age_ms, out);
}

void proc_info_describe(uint64_t pid, struct str *out)
{
	str_addf(out, "%" PRIu64, pid);
	add_user(pid, out);
	add_host(out);
	add_start(pid, out);
}
