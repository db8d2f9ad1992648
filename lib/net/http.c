#include "net/http.h"

#include <string.h>
#include <strings.h>

/* A header or a body may have held a secret: overwritten. */
void http_request_release(struct http_request *request)
{
	strv_wipe(&request->headers);
}

void http_response_release(struct http_response *response)
{
	strv_release(&response->headers);
	str_wipe(&response->body);
	response->status = 0;
}

const char *http_header(const struct http_response *response, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < response->headers.count; i++) {
		const char *header = response->headers.v[i];

		if (strncasecmp(header, name, len) == 0 && header[len] == ':')
			return header + len + 1 + strspn(header + len + 1, " \t");
	}
	return NULL;
}
