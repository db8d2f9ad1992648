#ifndef STACK_PARAMETERS_WRITE_H
#define STACK_PARAMETERS_WRITE_H

#include "stack/parameters.h"

/* Appends a value as the file's format writes it, in place of that of an item which is no list. */
void parameters_write_value(const struct parameter_file *file, const struct assignment *item,
			    const char *value, struct str *ret);

/*
 * Appends a new entry as its neighbour in the file is written, with what parts it from that, and
 * says where in the file the bytes go: behind all other entries. False where the file has no such
 * place. That the file then reads as before but for the entry is for the caller to see.
 */
bool parameters_write_entry(const struct parameter_file *file, const char *key, const char *value,
			    size_t *ret_at, struct str *ret);

#endif
