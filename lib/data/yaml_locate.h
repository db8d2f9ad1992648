#ifndef DATA_YAML_LOCATE_H
#define DATA_YAML_LOCATE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The line (from 1) of the key at a dotted path of maps, such as "stack.name", for messages about a
 * document that yaml_read() has read. False where the path leads nowhere.
 */
bool yaml_locate(const char *bytes, size_t len, const char *path, unsigned *ret_line);

#endif
