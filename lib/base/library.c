#include "base/library.h"

#include "base/cleanup.h"
#include "base/mem.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static int fail(const struct library *library, struct error *err)
{
	error_set(err, ERROR_TOOL, "cannot load %s: %s", library->name, dlerror());
	return error_fix(err, "install it: apt-get install %s", library->package);
}

int library_load(const struct library *library, void *ret, struct error *err)
{
	void *handle = dlopen(library->file, RTLD_NOW | RTLD_NODELETE);
	CLEANUP_FREE void **found = mem_zalloc(library->count * sizeof(*found));

	if (!handle)
		return fail(library, err);
	for (size_t i = 0; i < library->count; i++) {
		found[i] = dlsym(handle, library->functions[i].name);
		if (!found[i])
			return fail(library, err);
	}
	for (size_t i = 0; i < library->count; i++)
		memcpy((char *)ret + library->functions[i].at, &found[i], sizeof(found[i]));
	return 0;
}
