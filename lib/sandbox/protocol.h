#ifndef SANDBOX_PROTOCOL_H
#define SANDBOX_PROTOCOL_H

#include "sandbox/call.h"

/*
 * AWS's wire formats, both ways: form parameters or JSON into call->input, the output or an error
 * into a reply. Operations see neither.
 */

/* Decodes a form body or query string: "A.member.1.B=c" becomes {"A": [{"B": "c"}]}. */
json_t *protocol_read_form(const char *text, size_t len);

/* Writes the operation's output. A list becomes <member> elements in the query protocol. */
void protocol_write_output(const struct call *call, const json_t *output, struct reply *ret);

/* Writes an error in the shape of `service`, with the HTTP status that goes with its code. */
void protocol_write_error(const struct service *service, const char *request_id,
			  const struct error *err, struct reply *ret);

/* Appends text with the characters escaped that XML needs escaped. */
void protocol_escape_xml(struct str *out, const char *text);

#endif
