#include "base/pool.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)32 * 1024)

struct pool_block {
	struct pool_block *next;
	size_t used;
	size_t size;
	char bytes[];
};

static struct pool_block *add_block(struct pool *pool, size_t need)
{
	size_t size = need > BLOCK_BYTES ? need : BLOCK_BYTES;
	struct pool_block *block = mem_realloc(NULL, sizeof(*block) + size);

	block->next = pool->blocks;
	block->used = 0;
	block->size = size;
	pool->blocks = block;
	return block;
}

char *pool_add(struct pool *pool, struct slice text)
{
	struct pool_block *block = pool->blocks;
	char *copy;

	if (!block || block->size - block->used <= text.n)
		block = add_block(pool, text.n + 1);
	copy = block->bytes + block->used;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	block->used += text.n + 1;
	return copy;
}

void pool_release(struct pool *pool)
{
	while (pool->blocks) {
		struct pool_block *block = pool->blocks;

		pool->blocks = block->next;
		explicit_bzero(block->bytes, block->used);
		free(block);
	}
}
