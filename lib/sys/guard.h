#ifndef SYS_GUARD_H
#define SYS_GUARD_H

#include "base/error.h"

#include <sys/types.h>

/*
 * What ends a child's process group where this process cannot any more, since it was killed itself:
 * a process that leads the group from before the child is in it, and outlives us by as long as that
 * takes. Within lib/sys alone.
 */
struct guard {
	pid_t pid; /* the process group's id, too; 0: there is none */
	int fd;	   /* what tells it that we are there */
};

#define GUARD_INIT                                                                                 \
	{                                                                                          \
		.pid = 0, .fd = -1                                                                 \
	}

/*
 * Makes the group. Once this process is gone without guard_stop(), it gets SIGTERM, and SIGKILL
 * after `grace_ms` where anybody is left in it. ERROR_SYSTEM where no process can be made.
 */
int guard_start(unsigned grace_ms, struct guard *ret, struct error *err);

/* Lets the group go, whoever is still in it. */
void guard_stop(struct guard *guard);

#endif
