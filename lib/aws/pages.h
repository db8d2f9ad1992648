#ifndef AWS_PAGES_H
#define AWS_PAGES_H

#include "base/error.h"
#include "base/str.h"

/* Asks for the page of a token, "" for the first, and replaces it by the next one's, "" at the end.
 */
typedef int pages_ask_fn(void *ctx, struct str *token, struct error *err);

/*
 * Asks for page after page of a long answer. Fails as `ask` does; ERROR_REMOTE naming the service
 * and its operation where a page has the token that it was asked with, or after a thousand of them.
 */
int pages_read(const char *service, const char *operation, pages_ask_fn *ask, void *ctx,
	       struct error *err);

#endif
