#include "ui/view.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "ui/text_line.h"

#include <string.h>

#define BAR_CELLS     24
#define NARROW	      70 /* columns: below, words are short and bars are left out */
#define MAX_TRANSFERS 6
#define TIME_COLUMNS  6 /* "12m05s" */

/* A drawing under way: the lines so far, and how many more the screen has room for. */
struct canvas {
	const struct view *view;
	const struct view_screen *screen;
	int64_t now_ms;
	unsigned room;
	struct strv *lines;
	unsigned status_at; /* columns of the table of resources */
	unsigned time_at;
};

static bool is_narrow(const struct canvas *c)
{
	return c->screen->columns < NARROW;
}

static struct text_line begin_line(const struct canvas *c, bool is_indented)
{
	unsigned limit = c->screen->columns > 1 ? c->screen->columns - 1 : 1;
	struct text_line line = text_line_of(limit, c->screen->has_color);

	if (is_indented)
		text_line_add(&line, is_narrow(c) ? "  " : "    ");
	return line;
}

static void end_line(struct canvas *c, struct text_line *line)
{
	if (c->room) {
		strv_take(c->lines, str_detach(&line->text));
		c->room--;
	}
	str_release(&line->text);
}

static void add_time(struct text_line *line, int64_t ms)
{
	CLEANUP(str_release) struct str time = STR_INIT;

	clock_format_duration(ms > 0 ? ms : 0, &time);
	text_line_add(line, time.buf);
}

/* ", about 1m10s to go" as long as there is something left of the usual time. */
static void add_rest(const struct canvas *c, int64_t age_ms, struct text_line *line)
{
	int64_t usual_ms = c->view->usual_ms;

	if (usual_ms - age_ms >= 1000) {
		text_line_add(line, is_narrow(c) ? ", " : ", about ");
		add_time(line, usual_ms - age_ms);
		text_line_add(line, " to go");
	} else if (usual_ms >= 1000) {
		text_line_add(line, ", usually ");
		add_time(line, usual_ms);
	}
}

/* "==> deploy  3/5  2m05s, about 1m10s to go" */
static void draw_header(struct canvas *c)
{
	const struct view *view = c->view;
	struct text_line line = begin_line(c, false);
	int64_t age_ms = c->now_ms - view->stage_since_ms;

	text_line_color(&line, TEXT_BOLD, "==> ");
	text_line_color(&line, TEXT_BOLD, view->stage);
	text_line_add(&line, "  ");
	if (view->total) {
		CLEANUP(str_release) struct str count = STR_INIT;

		str_addf(&count, "%llu/%llu  ", (unsigned long long)view->ready,
			 (unsigned long long)view->total);
		text_line_add(&line, count.buf);
	}
	add_time(&line, age_ms);
	add_rest(c, age_ms, &line);
	end_line(c, &line);
}

static void add_bar(struct text_line *line, uint64_t done, uint64_t total)
{
	unsigned filled = (unsigned)((double)done / (double)total * BAR_CELLS);

	text_line_add(line, "[");
	for (unsigned i = 0; i < BAR_CELLS; i++)
		text_line_add(line, i < filled ? "#" : "-");
	text_line_add(line, "]  ");
}

static void draw_transfer(struct canvas *c, const struct view_transfer *row)
{
	struct text_line line = begin_line(c, true);
	CLEANUP(str_release) struct str amount = STR_INIT;

	text_line_add(&line, row->source);
	text_line_pad(&line, is_narrow(c) ? 16 : 20);
	if (row->total && !is_narrow(c))
		add_bar(&line, row->done, row->total);
	if (row->total)
		str_addf(&amount, "%3u%%  ",
			 (unsigned)((double)row->done * 100 / (double)row->total));
	str_addf(&amount, "%.1f", (double)row->done / 1e6);
	if (row->total)
		str_addf(&amount, " of %.1f", (double)row->total / 1e6);
	str_adds(&amount, " MB");
	text_line_add(&line, amount.buf);
	end_line(c, &line);
}

/* "build  [######------]  3 of 21 steps" */
static void draw_build(struct canvas *c)
{
	const struct view *view = c->view;
	struct text_line line = begin_line(c, true);
	CLEANUP(str_release) struct str amount = STR_INIT;

	text_line_add(&line, "build");
	text_line_pad(&line, is_narrow(c) ? 16 : 20);
	if (!is_narrow(c))
		add_bar(&line, view->steps_done, view->steps);
	str_addf(&amount, "step %llu of %llu", (unsigned long long)view->steps_done,
		 (unsigned long long)view->steps);
	text_line_add(&line, amount.buf);
	end_line(c, &line);
}

static void draw_more(struct canvas *c, size_t count)
{
	struct text_line line = begin_line(c, true);
	CLEANUP(str_release) struct str text = STR_INIT;

	str_addf(&text, "and %zu more", count);
	text_line_color(&line, TEXT_DIM, text.buf);
	end_line(c, &line);
}

static void draw_transfers(struct canvas *c)
{
	size_t count = c->view->transfer_count;
	size_t shown = count < MAX_TRANSFERS ? count : MAX_TRANSFERS;

	for (size_t i = 0; i < shown; i++)
		draw_transfer(c, &c->view->transfers[i]);
	if (count > shown)
		draw_more(c, count - shown);
}

static bool is_over(const struct view_resource *row)
{
	return row->ended_ms && !row->is_failed;
}

/* Whether the branch at `depth` that row `at` is on goes on below it. */
static bool goes_on(const struct view *view, size_t at, unsigned depth)
{
	for (size_t i = at + 1; i < view->resource_count; i++) {
		if (view->resources[i].depth <= depth)
			return view->resources[i].depth == depth;
	}
	return false;
}

/* The branches before a resource, or before the second line of it. */
static void add_branches(const struct canvas *c, size_t at, bool is_second, struct text_line *line)
{
	static const char *const ascii[] = { "  ", "| ", "`-", "|-" };
	static const char *const boxes[] = { "  ", "\u2502 ", "\u2514 ", "\u251c " };
	const char *const *parts = c->screen->has_unicode ? boxes : ascii;
	unsigned depth = c->view->resources[at].depth;

	for (unsigned i = 1; i <= depth; i++)
		text_line_add(line,
			      parts[(i == depth && !is_second ? 2 : 0) + goes_on(c->view, at, i)]);
}

/* For a screen without room for CloudFormation's own words. */
static const char *short_status(const char *status)
{
	static const struct {
		const char *tail, *word;
	} words[] = {
		{ "ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "rolled back" },
		{ "ROLLBACK_IN_PROGRESS", "rolling back" },
		{ "CLEANUP_IN_PROGRESS", "cleaning up" },
		{ "ROLLBACK_COMPLETE", "rolled back" },
		{ "CREATE_IN_PROGRESS", "creating" },
		{ "UPDATE_IN_PROGRESS", "updating" },
		{ "DELETE_IN_PROGRESS", "deleting" },
		{ "CREATE_COMPLETE", "created" },
		{ "UPDATE_COMPLETE", "updated" },
		{ "DELETE_COMPLETE", "deleted" },
		{ "FAILED", "failed" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (text_ends_with(status, words[i].tail))
			return words[i].word;
	}
	return status;
}

static enum text_color status_color(const struct view_resource *row)
{
	if (row->is_failed)
		return TEXT_RED;
	return row->ended_ms ? TEXT_GREEN : TEXT_YELLOW;
}

static unsigned at_most(unsigned value, unsigned most)
{
	return value < most ? value : most;
}

static const char *status_text(const struct canvas *c, const struct view_resource *row)
{
	return is_narrow(c) ? short_status(row->status) : row->status;
}

/* Statuses stand after the longest name, times after the longest status, if these are not too long.
 */
static void lay_out(struct canvas *c)
{
	unsigned columns = c->screen->columns, name = 0, status = is_narrow(c) ? 11 : 18;

	for (size_t i = 0; i < c->view->resource_count; i++) {
		const struct view_resource *row = &c->view->resources[i];
		unsigned name_width = 2 * row->depth + text_width(row->name);
		unsigned status_width = text_width(status_text(c, row));

		name = name_width > name ? name_width : name;
		status = status_width > status ? status_width : status;
	}
	c->status_at = at_most((is_narrow(c) ? 2 : 4) + name + 2, columns * 9 / 20);
	c->time_at = at_most(c->status_at + status + 2, columns - columns / 8);
}

/* What a service says of itself has a line of its own where it would be cut behind the time. */
static bool has_second_line(const struct canvas *c, const struct view_resource *row)
{
	unsigned width = c->time_at + TIME_COLUMNS + 2 + text_width(row->state);

	return *row->state && !row->ended_ms && width >= c->screen->columns;
}

static void begin_row(const struct canvas *c, size_t at, bool is_whole, bool is_second,
		      struct text_line *line)
{
	if (is_whole) {
		add_branches(c, at, is_second, line);
		return;
	}
	for (unsigned i = 0; i < c->view->resources[at].depth; i++)
		text_line_add(line, "  ");
}

/* How long it usually takes gives way to what its service says. */
static void add_details(const struct canvas *c, const struct view_resource *row,
			struct text_line *line)
{
	CLEANUP(str_release) struct str usual = STR_INIT;
	unsigned state = *row->state && !has_second_line(c, row) ? 2 + text_width(row->state) : 0;

	if (is_narrow(c))
		return;
	if (row->usual_ms && !row->ended_ms) {
		str_adds(&usual, " of about ");
		clock_format_duration(row->usual_ms, &usual);
	}
	if (!state || line->width + text_width(usual.buf) + state <= line->limit)
		text_line_color(line, TEXT_DIM, usual.buf);
	if (state) {
		text_line_add(line, "  ");
		text_line_add(line, row->state);
	}
}

static void draw_state(struct canvas *c, size_t at, bool is_whole)
{
	struct text_line line = begin_line(c, true);

	begin_row(c, at, is_whole, true, &line);
	text_line_add(&line, "  ");
	text_line_add(&line, c->view->resources[at].state);
	end_line(c, &line);
}

/* Names of a stack begin alike and differ at their ends: "Appl~nService". */
static void shorten(const char *name, unsigned room, struct str *out)
{
	size_t len = strlen(name), head = room / 3;
	bool is_ascii = text_width(name) == len;

	if (len <= room || !is_ascii || !head) {
		str_adds(out, name);
		return;
	}
	str_add(out, name, head);
	str_addc(out, '~');
	str_adds(out, name + len - (room - head - 1));
}

static void draw_resource(struct canvas *c, size_t at, bool is_whole)
{
	const struct view_resource *row = &c->view->resources[at];
	struct text_line line = begin_line(c, true);
	CLEANUP(str_release) struct str short_name = STR_INIT;
	struct text_line name;

	begin_row(c, at, is_whole, false, &line);
	name = text_line_of(c->status_at > line.width + 1 ? c->status_at - line.width - 1 : 1,
			    false);
	shorten(row->name, name.limit, &short_name);
	text_line_add(&name, short_name.buf);
	text_line_color(&line, is_over(row) ? TEXT_DIM : TEXT_PLAIN, name.text.buf);
	str_release(&name.text);
	text_line_pad(&line, c->status_at);
	text_line_color(&line, status_color(row), status_text(c, row));
	text_line_pad(&line, c->time_at);
	add_time(&line, (row->ended_ms ? row->ended_ms : c->now_ms) - row->since_ms);
	add_details(c, row, &line);
	end_line(c, &line);
	if (has_second_line(c, row))
		draw_state(c, at, is_whole);
}

static unsigned rows_of(const struct canvas *c, const struct view_resource *row)
{
	return has_second_line(c, row) ? 2 : 1;
}

static bool all_fit(const struct canvas *c, unsigned room)
{
	unsigned rows = 0;

	for (size_t i = 0; i < c->view->resource_count; i++)
		rows += rows_of(c, &c->view->resources[i]);
	return rows <= room;
}

/* All of them as a tree where they fit; else those that are not over, and how many are. */
static void draw_resources(struct canvas *c, unsigned room)
{
	const struct view *view = c->view;
	size_t left_out = 0;
	bool is_whole;

	lay_out(c);
	is_whole = all_fit(c, room);
	for (size_t i = 0; i < view->resource_count; i++) {
		const struct view_resource *row = &view->resources[i];
		unsigned rows = rows_of(c, row);

		if (!is_whole && (is_over(row) || room <= rows)) {
			left_out++;
			continue;
		}
		draw_resource(c, i, is_whole);
		room -= rows;
	}
	if (left_out && room)
		draw_more(c, left_out);
}

static void draw_tail(struct canvas *c, unsigned count)
{
	unsigned kept = 0;

	while (kept < VIEW_TAIL && c->view->tail[kept])
		kept++;
	for (unsigned i = kept > count ? kept - count : 0; i < kept; i++) {
		struct text_line line = begin_line(c, true);

		text_line_color(&line, TEXT_DIM, c->view->tail[i]);
		end_line(c, &line);
	}
}

static unsigned tail_count(const struct view *view)
{
	unsigned count = 0;

	while (count < VIEW_TAIL && view->tail[count])
		count++;
	return count;
}

void view_render(const struct view *view, const struct view_screen *screen, int64_t now_ms,
		 struct strv *ret_lines)
{
	struct canvas c = {
		.view = view,
		.screen = screen,
		.now_ms = now_ms,
		.room = screen->rows > 1 ? screen->rows - 1 : 0,
		.lines = ret_lines,
	};
	unsigned tail = tail_count(view);

	if (!view->stage && !view->resource_count)
		return;
	if (view->stage)
		draw_header(&c);
	if (view->stage && view->steps)
		draw_build(&c);
	draw_transfers(&c);
	/* A resource or two are worth more than what was printed long ago. */
	if (tail > c.room / 2 && view->resource_count)
		tail = c.room / 2;
	if (view->resource_count)
		draw_resources(&c, c.room - tail);
	draw_tail(&c, tail < c.room ? tail : c.room);
}
