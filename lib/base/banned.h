#ifndef BASE_BANNED_H
#define BASE_BANNED_H

/*
 * Functions that nobody may call here, made into compile errors; meson includes this file first in
 * every translation unit. The system headers come before the poison, so their own uses stand.
 *
 * Strings are built with struct str; numbers parse with slice_to_u64(); programs start through
 * sys/proc.h without a shell; times print with gmtime_r(). ctime is left out only because libgit2
 * has a struct member of that name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok
#pragma GCC poison atoi atol atoll gets gmtime localtime asctime
#pragma GCC poison system popen mktemp tmpnam

#endif
