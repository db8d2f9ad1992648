#include "data/place.h"

struct place place_of(const char *bytes, size_t offset)
{
	struct place place = { 1, 1 };

	for (size_t i = 0; i < offset; i++) {
		if (bytes[i] == '\n')
			place = (struct place){ place.line + 1, 1 };
		else if (((unsigned char)bytes[i] & 0xc0) != 0x80)
			place.column++;
	}
	return place;
}
