#ifndef ENTRYPOINT_INIT_H
#define ENTRYPOINT_INIT_H

#include "base/error.h"

#include <stdbool.h>

/*
 * For --init: has a child go on in this process's place, and is what tini is to it. Signals go on
 * to it, orphans are reaped, and its end is the end: its status, or 128 and its signal.
 *
 * Comes before any secret is had, so that none is left here. True in the child; false here, at the
 * end, with *ret_status, or where it could not begin, with *err.
 */
bool init_begin(int *ret_status, struct error *err);

#endif
