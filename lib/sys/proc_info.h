#ifndef SYS_PROC_INFO_H
#define SYS_PROC_INFO_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* When a process began, in the kernel's ticks since it started (proc_pid_stat(5)); false where
 * there is no such process. */
bool proc_info_start(uint64_t pid, uint64_t *ret_ticks);

/*
 * Appends who a process of this machine is, as far as the kernel tells:
 *
 *	1234 of alice on build-1, running since 2026-11-23T22:01:03Z
 */
void proc_info_describe(uint64_t pid, struct str *out);

#endif
