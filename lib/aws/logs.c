#include "aws/logs.h"

#include "aws/shape.h"
#include "base/cleanup.h"
#include "base/mem.h"

#include <stdlib.h>

#define MAX_EVENTS 10000

#define OPERATION(name_)                                                                           \
	{                                                                                          \
		.service = AWS_LOGS, .name = (name_)                                               \
	}

static const struct aws_operation filter_log_events = OPERATION("FilterLogEvents");
static const struct aws_operation get_log_events = OPERATION("GetLogEvents");

void logs_events_release(struct logs_events *events)
{
	for (size_t i = 0; i < events->count; i++) {
		free(events->items[i].stream);
		free(events->items[i].message);
	}
	free(events->items);
	*events = (struct logs_events)LOGS_EVENTS_INIT;
}

static void take_events(const json_t *answer, void *ctx)
{
	struct logs_events *events = ctx;
	const json_t *node;
	size_t i;

	json_array_foreach(json_object_get(answer, "events"), i, node)
	{
		struct logs_event *event;

		if (events->count == MAX_EVENTS)
			return;
		event = mem_grow(&events->items, &events->count, sizeof(*event));
		event->time_ms = json_integer_value(json_object_get(node, "timestamp"));
		event->stream = shape_dup(node, "logStreamName");
		event->message = shape_dup(node, "message");
	}
}

int logs_tail(struct aws_client *client, const char *group, const char *stream, unsigned limit,
	      struct logs_events *ret, struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	json_auto_t *input = json_pack(
		"{s:s, s:s, s:i, s:b}", "logGroupName", group, "logStreamName", stream, "limit",
		(int)(limit < MAX_EVENTS ? limit : MAX_EVENTS), "startFromHead", 0);

	if (!input)
		return shape_unsendable(&get_log_events, err);
	if (shape_call(client, &get_log_events, input, &reply, err) < 0)
		return -1;
	if (!json_is_array(json_object_get(reply.json, "events")))
		return aws_reply_lacks(&get_log_events, "the events", err);
	logs_events_release(ret);
	take_events(reply.json, ret);
	return 0;
}

static json_t *pack_filter(const struct logs_filter *filter)
{
	json_t *input =
		json_pack("{s:s, s:s*, s:s*}", "logGroupName", filter->group, "logStreamNamePrefix",
			  filter->stream_prefix, "filterPattern", filter->pattern);

	if (input && filter->start_ms)
		(void)json_object_set_new(input, "startTime", json_integer(filter->start_ms));
	if (input && filter->end_ms)
		(void)json_object_set_new(input, "endTime", json_integer(filter->end_ms));
	return input;
}

int logs_find(struct aws_client *client, const struct logs_filter *filter, struct logs_events *ret,
	      struct error *err)
{
	CLEANUP(logs_events_release) struct logs_events found = LOGS_EVENTS_INIT;
	json_auto_t *input = pack_filter(filter);
	struct shape_pages pages = { &filter_log_events, input, "nextToken", take_events, &found };

	if (!input)
		return shape_unsendable(&filter_log_events, err);
	if (shape_all_pages(client, &pages, err) < 0)
		return -1;
	logs_events_release(ret);
	*ret = found;
	found = (struct logs_events)LOGS_EVENTS_INIT;
	return 0;
}
