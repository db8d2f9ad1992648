#include "sandbox/page.h"

#include "base/slice.h"

size_t page_start(const struct call *call, const char *token_name)
{
	const char *token = call_optional(call, token_name);
	uint64_t start = 0;

	if (token)
		(void)slice_to_u64(slice_of(token), UINT32_MAX, &start);
	return (size_t)start;
}

/* A number of the call: JSON's, or the query protocol's text; 0 where there is none. */
static size_t asked_size(const struct call *call, const char *name)
{
	const json_t *value = name ? json_object_get(call->input, name) : NULL;
	uint64_t number = 0;

	if (json_is_integer(value) && json_integer_value(value) > 0)
		return (size_t)json_integer_value(value);
	if (json_is_string(value))
		(void)slice_to_u64(slice_of(json_string_value(value)), UINT32_MAX, &number);
	return (size_t)number;
}

size_t page_size(const struct call *call, const struct page_rule *rule)
{
	size_t asked = asked_size(call, rule->max_name);
	size_t limit = call->sandbox->scenario.page_size;
	size_t size = rule->usual;

	if (asked && asked < size)
		size = asked;
	return limit && limit < size ? limit : size;
}

json_t *page_put(const struct call *call, const struct page_rule *rule, json_t *list,
		 json_t *output)
{
	size_t start = page_start(call, rule->token_name), count = json_array_size(list);
	size_t end = start + page_size(call, rule);
	json_t *page = json_array();

	for (size_t i = start; i < count && i < end; i++)
		(void)json_array_append(page, json_array_get(list, i));
	(void)json_object_set_new(output, rule->list_name, page);
	if (end < count)
		(void)json_object_set_new(output, rule->token_name, json_sprintf("%zu", end));
	json_decref(list);
	return output;
}
