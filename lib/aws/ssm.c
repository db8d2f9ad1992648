#include "aws/ssm.h"

#include "aws/shape.h"
#include "base/cleanup.h"
#include "base/mem.h"

#include <stdlib.h>

static const struct aws_operation get_parameter = { .service = AWS_SSM, .name = "GetParameter" };
static const struct aws_operation get_parameters_by_path = { .service = AWS_SSM,
							     .name = "GetParametersByPath" };

void ssm_parameters_release(struct ssm_parameters *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].name);
		secret_release(&list->items[i].value);
	}
	free(list->items);
	*list = (struct ssm_parameters)SSM_PARAMETERS_INIT;
}

static bool add_parameter(struct ssm_parameters *list, const json_t *node)
{
	const json_t *value = json_object_get(node, "Value");
	struct ssm_parameter *parameter;

	if (!json_text(node, "Name") || !json_is_string(value))
		return false;
	parameter = mem_grow(&list->items, &list->count, sizeof(*parameter));
	parameter->name = shape_dup(node, "Name");
	secret_set(&parameter->value, json_string_value(value), json_string_length(value));
	return true;
}

int ssm_get_parameter(struct aws_client *client, const char *name, struct ssm_parameters *ret,
		      struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	json_auto_t *input = json_pack("{s:s, s:b}", "Name", name, "WithDecryption", 1);

	if (!input)
		return shape_unsendable(&get_parameter, err);
	if (shape_call(client, &get_parameter, input, &reply, err) < 0)
		return -1;
	if (!add_parameter(ret, json_object_get(reply.json, "Parameter")))
		return aws_reply_lacks(&get_parameter, "the value", err);
	return 0;
}

/* What pages were read into, and whether each of them had what it must. */
struct pages_read {
	struct ssm_parameters *list;
	bool is_whole;
};

static void take_parameters(const json_t *answer, void *ctx)
{
	struct pages_read *read = ctx;
	const json_t *node;
	size_t i;

	json_array_foreach(json_object_get(answer, "Parameters"), i, node) read->is_whole &=
		add_parameter(read->list, node);
}

int ssm_get_parameters_by_path(struct aws_client *client, const char *path,
			       struct ssm_parameters *ret, struct error *err)
{
	struct pages_read read = { .list = ret, .is_whole = true };
	json_auto_t *input =
		json_pack("{s:s, s:b, s:b}", "Path", path, "WithDecryption", 1, "Recursive", 0);
	struct shape_pages pages = { &get_parameters_by_path, input, "NextToken", take_parameters,
				     &read };

	if (!input)
		return shape_unsendable(&get_parameters_by_path, err);
	if (shape_all_pages(client, &pages, err) < 0)
		return -1;
	if (!read.is_whole)
		return aws_reply_lacks(&get_parameters_by_path, "a value", err);
	return 0;
}
