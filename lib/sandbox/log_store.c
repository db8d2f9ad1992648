#include "sandbox/log_store.h"

#define MAX_STREAMS 2000

void log_store_make_group(struct sandbox *sandbox, const char *group)
{
	json_t *groups = sandbox_map(sandbox, "LogGroups");

	if (json_object_get(groups, group))
		return;
	(void)json_object_set_new(groups, group, json_object());
	sandbox->is_changed = true;
}

void log_store_remove_group(struct sandbox *sandbox, const char *group)
{
	(void)json_object_del(sandbox_map(sandbox, "LogGroups"), group);
	sandbox->is_changed = true;
}

static json_t *need_stream(json_t *streams, const char *name)
{
	json_t *lines = json_object_get(streams, name);

	if (lines)
		return lines;
	if (json_object_size(streams) >= MAX_STREAMS)
		(void)json_object_del(streams, json_object_iter_key(json_object_iter(streams)));
	(void)json_object_set_new(streams, name, json_array());
	return json_object_get(streams, name);
}

void log_store_add(struct sandbox *sandbox, const char *group, const char *stream,
		   const char *message, int64_t at_ms)
{
	json_t *streams = json_object_get(sandbox_map(sandbox, "LogGroups"), group);
	json_t *lines;

	if (!streams)
		return;
	lines = need_stream(streams, stream);
	(void)json_array_append_new(
		lines, json_pack("{s:I, s:s}", "timestamp", (json_int_t)at_ms, "message", message));
	sandbox->is_changed = true;
}
