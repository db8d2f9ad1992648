#include "ui/view.h"

#include "base/mem.h"
#include "base/sanitize.h"
#include "base/slice.h"

#include <stdlib.h>
#include <string.h>

static char *clean(const char *text)
{
	struct str out = STR_INIT;

	sanitize_text(&out, text ? text : "");
	return str_detach(&out);
}

static void replace(char **text, char *with)
{
	free(*text);
	*text = with;
}

static void resource_release(struct view_resource *resource)
{
	free(resource->path);
	free(resource->name);
	free(resource->status);
	free(resource->state);
}

static void forget_resources(struct view *view)
{
	for (size_t i = 0; i < view->resource_count; i++)
		resource_release(&view->resources[i]);
	free(view->resources);
	view->resources = NULL;
	view->resource_count = 0;
	view->ready = 0;
	view->total = 0;
}

static void forget_tail(struct view *view)
{
	for (size_t i = 0; i < VIEW_TAIL; i++)
		replace(&view->tail[i], NULL);
}

void view_release(struct view *view)
{
	forget_resources(view);
	for (size_t i = 0; i < view->transfer_count; i++)
		free(view->transfers[i].source);
	free(view->transfers);
	forget_tail(view);
	free(view->stage);
	*view = (struct view){ 0 };
}

static void begin_stage(struct view *view, const struct report_event *event, int64_t now_ms)
{
	view_release(view);
	view->stage = clean(event->stage);
	view->stage_since_ms = now_ms;
	view->usual_ms = event->usual_ms;
}

/* "3/21" at `text`, at its end or before `end`. */
static bool read_steps(const char *text, char end, uint64_t *ret_done, uint64_t *ret_all)
{
	size_t done_len = strspn(text, "0123456789");
	const char *all = text + done_len + 1;
	size_t all_len = text[done_len] == '/' ? strspn(all, "0123456789") : 0;
	struct slice done = { text, done_len }, total = { all, all_len };

	return all_len && all[all_len] == end && slice_to_u64(done, 9999, ret_done) &&
	       slice_to_u64(total, 9999, ret_all) && *ret_done <= *ret_all;
}

/*
 * How far a build is, as its builder says on the way: "Step 3/21 : RUN ..." the old one, and
 * "#8 [test 3/9] RUN ..." BuildKit. For the eye alone.
 */
static void note_build(struct view *view, const char *line)
{
	uint64_t done = 0, all = 0;
	const char *bracket = *line == '#' ? strchr(line, ']') : NULL;
	const char *blank = bracket ? memrchr(line, ' ', (size_t)(bracket - line)) : NULL;
	bool is_step = strncmp(line, "Step ", 5) == 0 && read_steps(line + 5, ' ', &done, &all);

	if (!is_step && blank)
		is_step = read_steps(blank + 1, ']', &done, &all);
	if (!is_step)
		return;
	view->steps_done = done;
	view->steps = all;
}

static void note_output(struct view *view, const struct report_event *event)
{
	struct str line = STR_INIT;
	bool is_build = event->source && strcmp(event->source, "build") == 0;
	size_t at = 0;

	if (!is_build)
		view->steps = 0;
	else if (event->text)
		note_build(view, event->text);

	sanitize_text(&line, event->source ? event->source : "");
	str_adds(&line, " | ");
	sanitize_text(&line, event->text);
	while (at < VIEW_TAIL && view->tail[at])
		at++;
	if (at == VIEW_TAIL) {
		free(view->tail[0]);
		memmove(view->tail, view->tail + 1, (VIEW_TAIL - 1) * sizeof(view->tail[0]));
		at--;
	}
	view->tail[at] = str_detach(&line);
}

static void remove_transfer(struct view *view, size_t at)
{
	free(view->transfers[at].source);
	view->transfer_count--;
	memmove(view->transfers + at, view->transfers + at + 1,
		(view->transfer_count - at) * sizeof(*view->transfers));
}

/* What has arrived, or never was on its way (the Engine says so without figures), is no row. */
static void note_progress(struct view *view, const struct report_event *event)
{
	char *source = clean(event->source);
	bool is_over = event->total ? event->done >= event->total : !event->done;
	size_t at = 0;

	while (at < view->transfer_count && strcmp(view->transfers[at].source, source) != 0)
		at++;
	if (is_over) {
		if (at < view->transfer_count)
			remove_transfer(view, at);
		free(source);
		return;
	}
	if (at == view->transfer_count) {
		struct view_transfer *row =
			mem_grow(&view->transfers, &view->transfer_count, sizeof(*row));

		row->source = source;
		source = NULL;
	}
	view->transfers[at].done = event->done;
	view->transfers[at].total = event->total;
	free(source);
}

static struct view_resource *find_resource(struct view *view, const char *path)
{
	for (size_t i = 0; i < view->resource_count; i++) {
		if (strcmp(view->resources[i].path, path) == 0)
			return &view->resources[i];
	}
	return NULL;
}

/* Below its parent and what the parent has already; at the end where there is no parent. */
static size_t place_of(const struct view *view, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	for (size_t i = view->resource_count; slash && i > 0; i--) {
		const char *other = view->resources[i - 1].path;

		if (strncmp(other, path, len) == 0 && (other[len] == '/' || !other[len]))
			return i;
	}
	return view->resource_count;
}

static unsigned depth_of(const char *path)
{
	unsigned depth = 1;

	for (; (path = strchr(path, '/')); path++)
		depth++;
	return depth;
}

/* The stack itself is the first thing that an operation tells of. */
static struct view_resource *add_resource(struct view *view, char *path, int64_t now_ms)
{
	const char *slash = strrchr(path, '/');
	size_t at = place_of(view, path);
	bool is_stack = view->resource_count == 0;

	(void)mem_grow(&view->resources, &view->resource_count, sizeof(*view->resources));
	memmove(view->resources + at + 1, view->resources + at,
		(view->resource_count - 1 - at) * sizeof(*view->resources));
	view->resources[at] = (struct view_resource){
		.path = path,
		.name = mem_strdup(slash ? slash + 1 : path),
		.status = mem_strdup(""),
		.state = mem_strdup(""),
		.depth = is_stack ? 0 : depth_of(path),
		.since_ms = now_ms,
	};
	return &view->resources[at];
}

/* Work that goes on keeps its time: a status may change on the way. */
static void note_resource(struct view *view, const struct report_event *event, int64_t now_ms)
{
	char *path = clean(event->source);
	struct view_resource *row = find_resource(view, path);
	bool is_over = !text_ends_with(event->status, "_IN_PROGRESS");

	if (row) {
		free(path);
	} else {
		row = add_resource(view, path, now_ms);
		forget_tail(view);
	}
	if (row->ended_ms && !is_over)
		row->since_ms = now_ms;
	row->ended_ms = is_over ? now_ms : 0;
	row->usual_ms = event->usual_ms;
	row->is_failed =
		text_ends_with(event->status, "_FAILED") || strstr(event->status, "ROLLBACK");
	replace(&row->status, clean(event->status));
	if (event->total) {
		view->ready = event->done;
		view->total = event->total;
	}
	if (is_over && row->depth == 0 && !view->stage)
		forget_resources(view);
}

static void note_state(struct view *view, const struct report_event *event)
{
	char *path = clean(event->source);
	struct view_resource *row = find_resource(view, path);

	if (row)
		replace(&row->state, clean(event->text));
	free(path);
}

void view_note(struct view *view, const struct report_event *event, int64_t now_ms)
{
	switch (event->kind) {
	case REPORT_STAGE_BEGIN:
		begin_stage(view, event, now_ms);
		break;
	case REPORT_STAGE_END:
		view_release(view);
		break;
	case REPORT_OUTPUT:
		note_output(view, event);
		break;
	case REPORT_PROGRESS:
		note_progress(view, event);
		break;
	case REPORT_EVENT:
		note_resource(view, event, now_ms);
		break;
	case REPORT_STATE:
		note_state(view, event);
		break;
	case REPORT_NOTE:
	case REPORT_WARNING:
	case REPORT_RESULT:
	case REPORT_QUESTION:
	case REPORT_INTERRUPT:
	case REPORT_STAGE_SKIP:
	case REPORT_FACT:
		break;
	}
}
