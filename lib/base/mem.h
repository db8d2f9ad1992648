#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/*
 * Allocation that ends the program when memory runs out: a command-line tool has no better answer,
 * and callers stay half as long. Everything is freed with free().
 *
 * That end is one line, "deployer: out of resources: WHAT", and SIGABRT (a shell's status 134): as
 * after a SIGKILL files are old or new (file_write_atomic()), the kernel frees the locks, and the
 * next run goes on. Libraries that would lose a value without a word when memory runs out end so,
 * too. tests/torture tries it at every allocation.
 */
void *mem_realloc(void *p, size_t size) __attribute__((warn_unused_result));
void *mem_zalloc(size_t size) __attribute__((malloc, warn_unused_result));
char *mem_strdup(const char *text) __attribute__((malloc, warn_unused_result));
char *mem_strndup(const char *bytes, size_t len) __attribute__((malloc, warn_unused_result));
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2), warn_unused_result));
_Noreturn void mem_fatal(const char *what);

/*
 * Makes room for one more element at the end of a list of `count` elements of `size` bytes, zeroed,
 * and returns it. `list` is the address of the list pointer. Capacity doubles; it is derived from
 * the count, so no field is needed for it: such a list grows by mem_grow() alone.
 *
 *	struct row *row = mem_grow(&rows, &count, sizeof(*rows));
 */
void *mem_grow(void *list, size_t *count, size_t size);

#endif
