#ifndef REPO_MEMORY_H
#define REPO_MEMORY_H

/*
 * Has libgit2 allocate as base/mem.h does, for good: 1.5 crashes where memory runs out while it
 * starts or reads a repository's settings. Before git_libgit2_init(), which then keeps it.
 */
void repo_use_memory(void);

#endif
