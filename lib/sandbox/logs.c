/*
 * CloudWatch Logs, API version 2014-03-28: reading what sandbox/log_store.h keeps. Shapes and
 * errors: the API's model and its reference.
 */
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "data/json.h"
#include "sandbox/call.h"
#include "sandbox/document.h"
#include "sandbox/log_pattern.h"
#include "sandbox/page.h"

#include <stdlib.h>
#include <string.h>

#define MAX_EVENTS 10000

/* The streams of the group that the call names, or NULL and an error. */
static const json_t *need_group(struct call *call, struct error *err)
{
	const char *name = call_optional(call, "logGroupName");
	const json_t *group =
		name ? json_object_get(sandbox_map(call->sandbox, "LogGroups"), name) : NULL;

	if (!group)
		(void)refuse(err, "ResourceNotFoundException",
			     "The specified log group does not exist.");
	return group;
}

static int64_t number_of(const struct call *call, const char *name, int64_t otherwise)
{
	const json_t *value = json_object_get(call->input, name);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

/* Whether the line is written by now, and within the call's startTime (inclusive) and endTime. */
static bool is_in_time(const struct call *call, const json_t *line, int64_t end_ms)
{
	int64_t at_ms = document_time(line, "timestamp");

	return at_ms <= call->now_ms && at_ms >= number_of(call, "startTime", 0) && at_ms < end_ms;
}

static json_t *shown(const json_t *line)
{
	json_t *event = json_copy(document_loosen(line));

	(void)json_object_set(event, "ingestionTime", json_object_get(event, "timestamp"));
	return event;
}

/* ---- GetLogEvents ---- */

/*
 * Tokens name the place between two events: "f/3" reads on from the third, "b/3" reads what is
 * before it. At the end of the stream the same token comes back (API reference, GetLogEvents).
 */
static void find_range(const struct call *call, size_t count, size_t *ret_from, size_t *ret_to)
{
	const char *token = call_optional(call, "nextToken");
	size_t limit = (size_t)number_of(call, "limit", MAX_EVENTS);
	bool is_forward = json_is_true(json_object_get(call->input, "startFromHead"));
	uint64_t place = is_forward ? 0 : count;

	if (token && strlen(token) > 2) {
		is_forward = *token == 'f';
		(void)slice_to_u64(slice_of(token + 2), count, &place);
	}
	*ret_from = (size_t)place;
	*ret_to = (size_t)place;
	if (is_forward)
		*ret_to = count - place < limit ? count : (size_t)place + limit;
	else
		*ret_from = place < limit ? 0 : (size_t)place - limit;
}

static json_t *get_log_events(struct call *call, struct error *err)
{
	const json_t *group = need_group(call, err);
	const char *name = call_optional(call, "logStreamName");
	const json_t *stream = group && name ? json_object_get(group, name) : NULL, *line;
	json_auto_t *all = json_array();
	json_t *events;
	size_t i, from, to;

	if (!group)
		return NULL;
	if (!stream) {
		(void)refuse(err, "ResourceNotFoundException",
			     "The specified log stream does not exist.");
		return NULL;
	}
	json_array_foreach(stream, i, line)
	{
		if (is_in_time(call, line, number_of(call, "endTime", INT64_MAX)))
			(void)json_array_append_new(all, shown(line));
	}
	find_range(call, json_array_size(all), &from, &to);
	events = json_array();
	for (i = from; i < to; i++)
		(void)json_array_append(events, json_array_get(all, i));
	return json_pack("{s:o, s:o, s:o}", "events", events, "nextForwardToken",
			 json_sprintf("f/%zu", to), "nextBackwardToken",
			 json_sprintf("b/%zu", from));
}

/* ---- FilterLogEvents ---- */

static bool is_wanted_stream(struct call *call, const char *name)
{
	const json_t *names = call_list(call, "logStreamNames"), *item;
	const char *prefix = call_optional(call, "logStreamNamePrefix");
	size_t i;

	if (prefix)
		return strncmp(name, prefix, strlen(prefix)) == 0;
	json_array_foreach(names, i, item)
	{
		if (json_is_string(item) && strcmp(json_string_value(item), name) == 0)
			return true;
	}
	return json_array_size(names) == 0;
}

/* An element while a list is put in order: those that are equal stay as they were. */
struct ranked {
	json_t *item;
	const char *name;
	int64_t at_ms;
	size_t place;
};

static int compare_places(const struct ranked *a, const struct ranked *b)
{
	return a->place < b->place ? -1 : a->place > b->place;
}

static int compare_times(const void *a, const void *b)
{
	const struct ranked *first = a, *second = b;

	if (first->at_ms != second->at_ms)
		return first->at_ms < second->at_ms ? -1 : 1;
	return compare_places(first, second);
}

static int compare_names(const void *a, const void *b)
{
	const struct ranked *first = a, *second = b;

	return strcmp(first->name, second->name);
}

/* The list in order: by the instant under `time_key`, or by the streams' names where it is NULL. */
static json_t *sorted(const json_t *list, const char *time_key)
{
	CLEANUP_FREE struct ranked *all = NULL;
	json_t *result = json_array(), *item;
	size_t count = 0, i;

	json_array_foreach(list, i, item)
	{
		struct ranked *ranked = mem_grow(&all, &count, sizeof(*all));

		ranked->item = item;
		ranked->place = i;
		ranked->name = json_text(item, "logStreamName");
		ranked->at_ms = time_key ? document_time(item, time_key) : 0;
	}
	if (count)
		qsort(all, count, sizeof(*all), time_key ? compare_times : compare_names);
	for (i = 0; i < count; i++)
		(void)json_array_append(result, all[i].item);
	return result;
}

static void find_in_stream(struct call *call, const char *name, const json_t *stream, json_t *found)
{
	const char *pattern = call_optional(call, "filterPattern");
	const json_t *line;
	size_t i;

	json_array_foreach(stream, i, line)
	{
		json_t *event;

		if (!is_in_time(call, line, number_of(call, "endTime", INT64_MAX)) ||
		    (pattern && !log_pattern_fits(pattern, json_text(line, "message"))))
			continue;
		event = shown(line);
		(void)json_object_set_new(event, "logStreamName", json_string(name));
		(void)json_object_set_new(event, "eventId", json_sprintf("%s-%zu", name, i));
		(void)json_array_append_new(found, event);
	}
}

static json_t *filter_log_events(struct call *call, struct error *err)
{
	static const struct page_rule rule = { "events", "nextToken", "limit", MAX_EVENTS };
	const json_t *group = need_group(call, err);
	const char *pattern = call_optional(call, "filterPattern"), *name;
	json_auto_t *found = json_array();
	json_t *stream;

	if (!group || (pattern && log_pattern_check(pattern, err) < 0))
		return NULL;
	json_object_foreach(document_loosen(group), name, stream)
	{
		if (is_wanted_stream(call, name))
			find_in_stream(call, name, stream, found);
	}
	return page_put(call, &rule, sorted(found, "timestamp"),
			json_pack("{s:[]}", "searchedLogStreams"));
}

/* ---- groups and streams ---- */

static json_t *describe_stream(const struct call *call, const char *name, const json_t *stream)
{
	json_t *result = json_pack("{s:s, s:i}", "logStreamName", name, "storedBytes", 0);
	const json_t *line;
	size_t i;

	json_array_foreach(stream, i, line)
	{
		if (!is_in_time(call, line, INT64_MAX))
			continue;
		if (!json_object_get(result, "creationTime")) {
			(void)json_object_set(result, "creationTime",
					      json_object_get(line, "timestamp"));
			(void)json_object_set(result, "firstEventTimestamp",
					      json_object_get(line, "timestamp"));
		}
		(void)json_object_set(result, "lastEventTimestamp",
				      json_object_get(line, "timestamp"));
	}
	return result;
}

/* By name, or by the last event; backwards where the call says so. */
static json_t *order_streams(const struct call *call, const json_t *list)
{
	const char *order = call_optional(call, "orderBy");
	bool is_by_event = order && strcmp(order, "LastEventTime") == 0;
	json_t *result = sorted(list, is_by_event ? "lastEventTimestamp" : NULL), *reversed;

	if (!json_is_true(json_object_get(call->input, "descending")))
		return result;
	reversed = json_array();
	for (size_t i = json_array_size(result); i-- > 0;)
		(void)json_array_append(reversed, json_array_get(result, i));
	json_decref(result);
	return reversed;
}

static json_t *describe_log_streams(struct call *call, struct error *err)
{
	static const struct page_rule rule = { "logStreams", "nextToken", "limit", 50 };
	const json_t *group = need_group(call, err);
	json_auto_t *list = json_array();
	const char *name;
	json_t *stream;

	if (!group)
		return NULL;
	json_object_foreach(document_loosen(group), name, stream)
	{
		json_t *described = describe_stream(call, name, stream);

		if (is_wanted_stream(call, name) && json_object_get(described, "creationTime"))
			(void)json_array_append(list, described);
		json_decref(described);
	}
	return page_put(call, &rule, order_streams(call, list), json_object());
}

static json_t *describe_log_groups(struct call *call, struct error *err)
{
	static const struct page_rule rule = { "logGroups", "nextToken", "limit", 50 };
	const char *prefix = call_optional(call, "logGroupNamePrefix"), *name;
	json_t *list = json_array(), *group;

	(void)err;
	json_object_foreach(sandbox_map(call->sandbox, "LogGroups"), name, group)
	{
		if (!prefix || strncmp(name, prefix, strlen(prefix)) == 0)
			(void)json_array_append_new(
				list,
				json_pack("{s:s, s:o}", "logGroupName", name, "arn",
					  json_sprintf("arn:aws:logs:%s:%s:log-group:%s:*",
						       sandbox_region(call->sandbox),
						       sandbox_account(call->sandbox), name)));
	}
	return page_put(call, &rule, list, json_object());
}

static const struct operation operations[] = {
	{ "DescribeLogGroups", describe_log_groups, false },
	{ "DescribeLogStreams", describe_log_streams, false },
	{ "FilterLogEvents", filter_log_events, false },
	{ "GetLogEvents", get_log_events, false },
};

const struct service service_logs = {
	.signing_name = "logs",
	.protocol = PROTOCOL_JSON,
	.target_prefix = "Logs_20140328",
	.operations = operations,
	.operation_count = sizeof(operations) / sizeof(operations[0]),
};
