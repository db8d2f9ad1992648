#include "net/libcurl.h"

#include "base/library.h"

#include <stddef.h>

static const struct library_function functions[] = {
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

static const struct library library = {
	.name = "libcurl",
	/* Its interface since 7.16 of 2006; curl/curl.h of the same Debian package has it. */
	.file = "libcurl.so.4",
	.package = "libcurl4",
	.functions = functions,
	.count = FUNCTION_COUNT,
};

int libcurl_load(struct libcurl *ret, struct error *err)
{
	return library_load(&library, ret, err);
}
