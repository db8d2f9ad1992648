#ifndef SANDBOX_PAGE_H
#define SANDBOX_PAGE_H

#include "sandbox/call.h"

/*
 * Pages of lists. A token is the number of the element that its page begins with; the service's
 * page size is `usual`, what the call asks for in `max_name` (may be NULL) makes it smaller, and
 * the scenario's page_size smaller still.
 */
struct page_rule {
	const char *list_name;	/* of the output's member: "taskArns" */
	const char *token_name; /* "nextToken", "NextToken" */
	const char *max_name;
	size_t usual;
};

/*
 * Puts the page that the call asks for into `output`, and the next token where there is one. Takes
 * `list` over. Returns `output`.
 */
json_t *page_put(const struct call *call, const struct page_rule *rule, json_t *list,
		 json_t *output);

/* How many elements a page has for this call. */
size_t page_size(const struct call *call, const struct page_rule *rule);

/* The number in the call's token; 0 where there is none. */
size_t page_start(const struct call *call, const char *token_name);

#endif
