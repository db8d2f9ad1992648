#ifndef TESTS_TORTURE_PATHS_H
#define TESTS_TORTURE_PATHS_H

#include <stddef.h>

/* Maps FILE, which gets a struct path for each path that is noted. */
void paths_open(const char *file);

/*
 * Notes the n-th call of a kind where nothing came to such a call by the same path yet: by the same
 * chain of the innermost return addresses.
 */
void paths_note(size_t kind, unsigned long n);

#endif
