#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "base/slice.h"

/*
 * Many small strings that live and end together: one allocation for hundreds of them. Where they
 * are twenty thousand, as the keys and values of a large parameter file, allocating and freeing
 * each took a third of a command's time.
 */
struct pool {
	struct pool_block *blocks;
};

#define POOL_INIT                                                                                  \
	{                                                                                          \
		.blocks = NULL                                                                     \
	}

/* A copy with a terminating NUL, which the pool owns. */
char *pool_add(struct pool *pool, struct slice text);

/* Overwrites the strings, which may be secret, and frees them. */
void pool_release(struct pool *pool);

#endif
