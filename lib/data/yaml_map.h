#ifndef DATA_YAML_MAP_H
#define DATA_YAML_MAP_H

#include "data/assignments.h"

/*
 * Reads a flat YAML map with the places of its values: "Key: Value" lines at the top or, where the
 * map has nothing but it, under the key `section` (NULL: none).
 *
 * Values are the text of their scalars as it stands, so that 0123456 and 1.10 stay what they are; a
 * list of scalars is joined by commas. Quoted scalars can be replaced between their quotation
 * marks, plain ones as they stand; lists, block scalars, aliases and escapes are fixed. Only for
 * texts that yaml_read() has accepted. ERROR_CONFIG naming the line for other values.
 *
 * libyaml's marks count characters, not bytes; the places here are bytes.
 */
int yaml_map_read(const char *text, size_t len, const char *section, struct assignments *ret,
		  struct error *err);

/*
 * Where a further entry of such a map goes: the end of the line that its last one ends in, and the
 * blanks before that one's key. False where the map is empty or in braces, or its last key does not
 * begin its line. Only for texts that yaml_map_read() has read.
 */
bool yaml_map_find_end(const char *text, size_t len, const char *section, size_t *ret_at,
		       struct slice *ret_indent);

#endif
