/* A Makefile, and what its lines mean to a release. */
#include "base/cleanup.h"
#include "data/makefile.h"
#include "deploy/recipe.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_recipes(const struct makefile_rule *rule)
{
	for (size_t i = 0; i < rule->count; i++) {
		CLEANUP(recipe_release) struct recipe recipe = RECIPE_INIT;

		assert(rule->lines[i].text && rule->lines[i].line);
		recipe_read(&rule->lines[i], &recipe);
		/* What is no step says why. */
		assert(recipe.kind != RECIPE_UNKNOWN || recipe.why);
		assert(recipe.kind != RECIPE_STEP || recipe.step.kind == STEP_BUILD ||
		       recipe.step.args.count);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(makefile_release) struct makefile makefile = MAKEFILE_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;

	if (makefile_read((const char *)data, size, &makefile, &err) < 0) {
		assert(err.kind == ERROR_CONFIG);
		return 0;
	}
	for (size_t i = 0; i < makefile.rule_count; i++) {
		assert(makefile_find(&makefile, makefile.rules[i].target));
		read_recipes(&makefile.rules[i]);
	}
	return 0;
}
