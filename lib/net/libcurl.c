#include "net/libcurl.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

/* The name of its interface since 7.16 of 2006; curl/curl.h of the same Debian package has it. */
#define SONAME "libcurl.so.4"

static const struct {
	const char *name;
	size_t at; /* in struct libcurl */
} functions[] = {
	{ "curl_easy_cleanup", offsetof(struct libcurl, easy_cleanup) },
	{ "curl_easy_getinfo", offsetof(struct libcurl, easy_getinfo) },
	{ "curl_easy_init", offsetof(struct libcurl, easy_init) },
	{ "curl_easy_perform", offsetof(struct libcurl, easy_perform) },
	{ "curl_easy_reset", offsetof(struct libcurl, easy_reset) },
	{ "curl_easy_setopt", offsetof(struct libcurl, easy_setopt) },
	{ "curl_easy_strerror", offsetof(struct libcurl, easy_strerror) },
	{ "curl_global_cleanup", offsetof(struct libcurl, global_cleanup) },
	{ "curl_global_init_mem", offsetof(struct libcurl, global_init_mem) },
	{ "curl_slist_append", offsetof(struct libcurl, slist_append) },
	{ "curl_slist_free_all", offsetof(struct libcurl, slist_free_all) },
};

#define FUNCTION_COUNT (sizeof(functions) / sizeof(functions[0]))

_Static_assert(sizeof(struct libcurl) == FUNCTION_COUNT * sizeof(void *), "one is not listed");

static int fail(struct error *err)
{
	error_set(err, ERROR_TOOL, "cannot load libcurl: %s", dlerror());
	return error_fix(err, "install it: apt-get install libcurl4");
}

int libcurl_load(struct libcurl *ret, struct error *err)
{
	void *library = dlopen(SONAME, RTLD_NOW | RTLD_NODELETE);
	struct libcurl found;

	if (!library)
		return fail(err);
	for (size_t i = 0; i < FUNCTION_COUNT; i++) {
		void *function = dlsym(library, functions[i].name);

		if (!function)
			return fail(err);
		memcpy((char *)&found + functions[i].at, &function, sizeof(function));
	}
	*ret = found;
	return 0;
}
