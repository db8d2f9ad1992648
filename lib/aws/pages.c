#include "aws/pages.h"

#include "base/cleanup.h"

#include <string.h>

#define MAX_PAGES 1000

int pages_read(const char *service, const char *operation, pages_ask_fn *ask, void *ctx,
	       struct error *err)
{
	CLEANUP(str_release) struct str token = STR_INIT;

	for (unsigned page = 0; page < MAX_PAGES; page++) {
		CLEANUP(str_release) struct str former = STR_INIT;

		str_add(&former, token.buf, token.len);
		if (ask(ctx, &token, err) < 0)
			return -1;
		if (token.len == 0)
			return 0;
		if (strcmp(token.buf, former.buf) == 0)
			return error_set(err, ERROR_REMOTE, "%s %s: its pages never end", service,
					 operation);
	}
	return error_set(err, ERROR_REMOTE, "%s %s: more than %d pages", service, operation,
			 MAX_PAGES);
}
