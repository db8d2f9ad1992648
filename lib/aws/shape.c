#include "aws/shape.h"

#include "base/cleanup.h"
#include "base/mem.h"

#include <string.h>

#define MAX_PAGES 1000

void shape_text(struct str *to, const json_t *object, const char *name)
{
	const char *text = json_text(object, name);

	str_reset(to);
	str_adds(to, text ? text : "");
}

char *shape_dup(const json_t *object, const char *name)
{
	const char *text = json_text(object, name);

	return mem_strdup(text ? text : "");
}

int64_t shape_time_ms(const json_t *object, const char *name)
{
	double seconds = json_number_value(json_object_get(object, name));

	return seconds > 0 && seconds < 1e12 ? (int64_t)(seconds * 1000.0 + 0.5) : 0;
}

unsigned shape_count(const json_t *object, const char *name)
{
	json_int_t number = json_integer_value(json_object_get(object, name));

	return number > 0 && number <= UINT32_MAX ? (unsigned)number : 0;
}

int shape_call(struct aws_client *client, const struct aws_operation *operation,
	       const json_t *input, struct aws_reply *ret, struct error *err)
{
	struct aws_input json = { .json = input };

	return aws_call(aws_client_caller(client), operation, &json, ret, err);
}

int shape_unsendable(const struct aws_operation *operation, struct error *err)
{
	return error_set(err, ERROR_CONFIG, "%s %s: what is to be sent is not UTF-8",
			 aws_services[operation->service].title, operation->name);
}

/* Asks for a page; *token is the next one's, "" after the last. */
static int next_page(struct aws_client *client, const struct shape_pages *pages, struct str *token,
		     struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	const char *next;

	if (token->len && json_object_set_new(pages->input, pages->token, json_string(token->buf)))
		return shape_unsendable(pages->operation, err);
	if (shape_call(client, pages->operation, pages->input, &reply, err) < 0)
		return -1;
	pages->take(reply.json, pages->ctx);
	next = json_text(reply.json, pages->token);
	if (next && *next && strcmp(token->buf, next) == 0)
		return error_set(err, ERROR_REMOTE, "%s %s: its pages never end",
				 aws_services[pages->operation->service].title,
				 pages->operation->name);
	shape_text(token, reply.json, pages->token);
	return 0;
}

int shape_all_pages(struct aws_client *client, const struct shape_pages *pages, struct error *err)
{
	CLEANUP(str_release) struct str token = STR_INIT;

	for (unsigned page = 0; page < MAX_PAGES; page++) {
		if (next_page(client, pages, &token, err) < 0)
			return -1;
		if (token.len == 0)
			return 0;
	}
	return error_set(err, ERROR_REMOTE, "%s %s: more than %d pages",
			 aws_services[pages->operation->service].title, pages->operation->name,
			 MAX_PAGES);
}
