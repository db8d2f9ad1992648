#ifndef AWS_SHAPE_H
#define AWS_SHAPE_H

#include "aws/call.h"
#include "base/str.h"
#include "data/json.h"

#include <stdint.h>

/* Taking JSON answers apart: what is missing or of another type is empty, 0 or false. */

/* Replaces *to by a member's text. */
void shape_text(struct str *to, const json_t *object, const char *name);

/* A copy of a member's text, "" where there is none. Owned by the caller. */
char *shape_dup(const json_t *object, const char *name);

/* An instant in wall-clock milliseconds; JSON 1.1 sends seconds with a fraction. */
int64_t shape_time_ms(const json_t *object, const char *name);

unsigned shape_count(const json_t *object, const char *name);

/*
 * A call with pages: asks again with the token of each answer until one has none, and hands every
 * answer to `take`. `token` is its name in both directions, "nextToken". The token is put into
 * `input`, an object.
 */
struct shape_pages {
	const struct aws_operation *operation;
	json_t *input;
	const char *token;
	void (*take)(const json_t *answer, void *ctx);
	void *ctx;
};

/* ERROR_REMOTE also where a token comes back or the pages are more than 1000. */
int shape_all_pages(struct aws_client *client, const struct shape_pages *pages, struct error *err);

/* A call with a JSON input, NULL for none. */
int shape_call(struct aws_client *client, const struct aws_operation *operation,
	       const json_t *input, struct aws_reply *ret, struct error *err);

/* Fails because a text that is to be sent is not UTF-8: the one reason for json_pack() to fail. */
int shape_unsendable(const struct aws_operation *operation, struct error *err);

#endif
