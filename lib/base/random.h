#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

/* Appends `bytes` bytes from the kernel's generator as hex digits: names and tokens that never
 * meet. */
void random_hex(struct str *out, size_t bytes);

/* A number in [0, 1): the jitter of waits. */
double random_fraction(void);

#endif
