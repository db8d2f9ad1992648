#ifndef SYS_FLOCK_H
#define SYS_FLOCK_H

/* The system's flock(2), apart from our own header of the same name. */
#include <sys/file.h>

#endif
