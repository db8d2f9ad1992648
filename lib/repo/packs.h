#ifndef REPO_PACKS_H
#define REPO_PACKS_H

#include <stdint.h>

/*
 * How many objects git counts when it chooses the length of abbreviated object names: those in the
 * packs of the object store, alternates included, objects in several packs each time, loose ones
 * not at all (git's repo_approximate_object_count()). `objects_dir` is the store's folder. Files
 * that cannot be read count as empty, as for git.
 *
 * Formats: https://git-scm.com/docs/gitformat-pack
 */
uint64_t packs_count_objects(const char *objects_dir);

#endif
