#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

/*
 * "Did you mean ...?": the candidate nearest to `word` by edit distance (insertions, deletions and
 * replacements), where it is near enough to be meant: at most a third of the word's length, plus
 * one. NULL otherwise.
 */
const char *nearest_word(const char *word, const char *const *candidates, size_t count);

#endif
