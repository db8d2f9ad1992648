#ifndef BASE_URL_H
#define BASE_URL_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* Appends `text` percent-encoded: all but RFC 3986's unreserved letters, digits and -._~ */
void url_encode(struct str *out, const char *text, size_t len);

/* Appends the text with each %XX as the byte it stands for; a stray '%' stays. */
void url_decode(struct str *out, const char *text, size_t len);

/*
 * Whether the URL's host is this machine: localhost, a dotted quad in 127.0.0.0/8, or [::1]. A URL
 * with user information in it is not.
 */
bool url_is_loopback(const char *url);

/*
 * Takes "host", "host:port" or "[address]:port" apart, appending name and port; the latter stays
 * as it is where there is none. False where it is none of these.
 */
bool url_split_host(const char *host, struct str *ret_name, struct str *ret_port);

/* Appends the host of a URL, with its port where it has one: "127.0.0.1:5000". */
void url_host(const char *url, struct str *out);

#endif
