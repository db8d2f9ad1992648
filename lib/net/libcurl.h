#ifndef NET_LIBCURL_H
#define NET_LIBCURL_H

#include "base/error.h"

#include <curl/curl.h>

/*
 * libcurl, loaded when the first request is sent. With the thirty libraries that Debian's brings
 * along it takes 5 ms and 4 MB, more than all the rest of a command that sends nothing; git keeps
 * its HTTP in a program of its own, git-remote-http, for the same reason.
 */
struct libcurl {
	__typeof__(&curl_easy_cleanup) easy_cleanup;
	__typeof__(&curl_easy_getinfo) easy_getinfo;
	__typeof__(&curl_easy_init) easy_init;
	__typeof__(&curl_easy_perform) easy_perform;
	__typeof__(&curl_easy_reset) easy_reset;
	__typeof__(&curl_easy_setopt) easy_setopt;
	__typeof__(&curl_easy_strerror) easy_strerror;
	__typeof__(&curl_global_cleanup) global_cleanup;
	__typeof__(&curl_global_init_mem) global_init_mem;
	__typeof__(&curl_slist_append) slist_append;
	__typeof__(&curl_slist_free_all) slist_free_all;
};

/*
 * Fills in the functions; the library stays loaded until the program ends. ERROR_TOOL where it is
 * not there or lacks one of them.
 */
int libcurl_load(struct libcurl *ret, struct error *err);

#endif
