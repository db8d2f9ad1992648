#include "aws/shape.h"

#include "aws/pages.h"
#include "base/cleanup.h"
#include "base/mem.h"

#include <string.h>

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

/* What a page is asked for with. */
struct page {
	struct aws_client *client;
	const struct shape_pages *pages;
};

static int ask_for_page(void *ctx, struct str *token, struct error *err)
{
	const struct page *page = ctx;
	const struct shape_pages *pages = page->pages;
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;

	if (token->len && json_object_set_new(pages->input, pages->token, json_string(token->buf)))
		return shape_unsendable(pages->operation, err);
	if (shape_call(page->client, pages->operation, pages->input, &reply, err) < 0)
		return -1;
	pages->take(reply.json, pages->ctx);
	shape_text(token, reply.json, pages->token);
	return 0;
}

int shape_all_pages(struct aws_client *client, const struct shape_pages *pages, struct error *err)
{
	struct page page = { client, pages };

	return pages_read(aws_services[pages->operation->service].title, pages->operation->name,
			  ask_for_page, &page, err);
}
