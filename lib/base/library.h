#ifndef BASE_LIBRARY_H
#define BASE_LIBRARY_H

#include "base/error.h"

#include <stddef.h>

/* One function of a library that is loaded while the program runs, and where its address goes. */
struct library_function {
	const char *name;
	size_t at; /* in the struct that library_load() fills in */
};

/* A library that is loaded when it is first needed: most commands need none of them. */
struct library {
	const char *name;
	const char *file; /* its SONAME */
	const char *package;
	const struct library_function *functions;
	size_t count;
};

/*
 * Writes the addresses of all functions into the struct at `ret`; the library stays loaded until
 * the program ends. ERROR_TOOL, and nothing written, where it is not there or lacks one of them.
 */
int library_load(const struct library *library, void *ret, struct error *err);

#endif
