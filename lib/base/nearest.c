#include "base/nearest.h"

#include <limits.h>
#include <string.h>

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein's distance, for short words: longer ones are never near. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[33];
	size_t n = strlen(b);

	if (strlen(a) >= 32 || n >= 32)
		return UINT_MAX;
	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1]; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			unsigned cost = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = smallest(row[j] + 1, row[j - 1] + 1, cost);
		}
	}
	return row[n];
}

const char *nearest_word(const char *word, const char *const *candidates, size_t count)
{
	unsigned best = (unsigned)strlen(word) / 3 + 1;
	const char *nearest = NULL;

	for (size_t i = 0; i < count; i++) {
		unsigned d = distance(word, candidates[i]);

		if (d <= best && (d < best || !nearest)) {
			best = d;
			nearest = candidates[i];
		}
	}
	return nearest;
}
