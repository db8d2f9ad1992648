#ifndef NET_HTTP_REPLY_H
#define NET_HTTP_REPLY_H

#include "net/http.h"

#include <stdbool.h>
#include <stddef.h>

/* What has been made of the bytes so far. */
enum http_reply_state {
	HTTP_REPLY_PARTIAL, /* more bytes are needed */
	HTTP_REPLY_WHOLE,
	HTTP_REPLY_BROKEN, /* it is no HTTP/1.x answer: *ret_why says in a few words what is wrong
			    */
};

/*
 * Reads an HTTP/1.1 answer (RFC 9112) out of all the bytes that came so far, pure: call it again
 * with more of them. `is_end`: the peer closed the connection properly, no more will come.
 *
 * Interim answers (1xx) are passed over. A body is as long as Content-Length or the chunks say; one
 * with neither ends with the connection. Two lengths that differ, a length beside chunks, folded
 * header lines and control characters in headers are refused: each is a way to be misled about
 * where an answer ends (RFC 9112 section 11).
 */
struct http_reply {
	const char *bytes;
	size_t len;
	bool is_end;
	bool has_no_body; /* the request was a HEAD */
	size_t max_body;
};

/*
 * On HTTP_REPLY_WHOLE *ret has status, headers and body, and *ret_is_kept says that the connection
 * can carry another request: nothing came after the answer and neither side asked to close.
 */
enum http_reply_state http_reply_read(const struct http_reply *reply, struct http_response *ret,
				      bool *ret_is_kept, const char **ret_why);

#endif
