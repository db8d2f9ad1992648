#ifndef DATA_PLACE_H
#define DATA_PLACE_H

#include <stddef.h>

/* Where something stands in a text: both from 1, columns in characters. */
struct place {
	unsigned line;
	unsigned column;
};

/* The place of the byte at `offset` of a UTF-8 text. */
struct place place_of(const char *bytes, size_t offset);

#endif
