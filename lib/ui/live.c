#include "ui/live.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sanitize.h"
#include "ui/text_line.h"
#include "ui/view.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* Often enough for a clock that shows seconds. */
#define REDRAW_MS 250

/* Lines of programs that are kept for a stage that fails. */
#define MAX_KEPT 500

#define BEGIN_UPDATE "\033[?2026h"
#define END_UPDATE   "\033[?2026l"

struct live {
	struct report report;
	struct report *plain;
	FILE *out;
	struct clock *clock;
	struct live_options options;
	struct view view;
	struct strv drawn; /* the lines of the block as they stand on the screen */
	struct strv kept;  /* "source | text" of this stage */
	size_t kept_first; /* where the oldest stands, once there are MAX_KEPT */
	size_t dropped;
	bool is_away; /* somebody else writes to the terminal */
	bool is_over;
	bool has_thread;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
};

static struct view_screen screen_of(const struct live *live)
{
	struct winsize size = { .ws_col = 0 };
	struct view_screen screen = {
		.columns = 80,
		.rows = 24,
		.has_color = live->options.plain.color,
		.has_unicode = live->options.has_unicode,
	};

	if (ioctl(fileno(live->out), TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row) {
		screen.columns = size.ws_col;
		screen.rows = size.ws_row;
	}
	return screen;
}

/* The rows that the block takes now: a terminal that became narrower has wrapped its lines. */
static unsigned drawn_rows(const struct live *live, unsigned columns)
{
	unsigned rows = 0;

	for (size_t i = 0; i < live->drawn.count; i++) {
		unsigned width = text_width(live->drawn.v[i]);

		rows += width > columns ? (width + columns - 1) / columns : 1;
	}
	return rows;
}

static void write_all(const struct live *live, const struct str *bytes)
{
	const char *p = bytes->buf;
	size_t left = bytes->len;

	while (left) {
		ssize_t written = write(fileno(live->out), p, left);

		if (written < 0 && errno != EINTR && errno != EAGAIN)
			return;
		if (written > 0) {
			p += written;
			left -= (size_t)written;
		}
	}
}

static bool is_same(const struct strv *a, const struct strv *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	}
	return true;
}

/*
 * Whole lines, what stood there before cleared at their ends. Never to the end of the screen: some
 * terminals put what is cleared from the top on into their scrollback.
 */
static unsigned add_lines(struct str *frame, const char *text)
{
	unsigned count = 0;

	for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
		str_add(frame, text, (size_t)(end - text));
		str_adds(frame, "\033[K\n");
		count++;
	}
	return count;
}

/* Clears what is left of the old block below the new one, and goes back up. */
static void clear_rest(struct str *frame, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		str_adds(frame, "\033[K\n");
	if (count)
		str_addf(frame, "\033[%uA", count);
}

/* Puts `above`, whole lines, where the block stands, and the block below it as it is by now. */
static void draw(struct live *live, const struct str *above)
{
	struct view_screen screen = screen_of(live);
	CLEANUP(strv_release) struct strv lines = STRV_INIT;
	CLEANUP(str_release) struct str frame = STR_INIT;
	unsigned old_rows = drawn_rows(live, screen.columns), rows = 0;
	struct strv old = live->drawn;

	if (!live->is_away && !live->is_over)
		view_render(&live->view, &screen, live->clock->monotonic_ms(live->clock), &lines);
	if (!above->len && is_same(&lines, &old))
		return;
	str_adds(&frame, BEGIN_UPDATE);
	if (old_rows)
		str_addf(&frame, "\033[%uA\r", old_rows);
	rows = add_lines(&frame, above->buf);
	for (size_t i = 0; i < lines.count; i++, rows++)
		str_addf(&frame, "%s\033[K\n", lines.v[i]);
	clear_rest(&frame, old_rows > rows ? old_rows - rows : 0);
	str_adds(&frame, END_UPDATE);
	write_all(live, &frame);
	live->drawn = lines;
	lines = old;
}

/* What the plain reporter says of an event. */
static void say(struct live *live, const struct report_event *event, FILE *out)
{
	plain_set_out(live->plain, out);
	live->plain->emit(live->plain, event);
	plain_set_out(live->plain, live->out);
}

static void keep_output(struct live *live, const struct report_event *event)
{
	CLEANUP(str_release) struct str line = STR_INIT;

	str_adds(&line, "    ");
	sanitize_text(&line, event->source ? event->source : "");
	str_adds(&line, " | ");
	sanitize_text(&line, event->text);
	if (live->kept.count < MAX_KEPT) {
		strv_add(&live->kept, line.buf);
		return;
	}
	free(live->kept.v[live->kept_first]);
	live->kept.v[live->kept_first] = mem_strdup(line.buf);
	live->kept_first = (live->kept_first + 1) % MAX_KEPT;
	live->dropped++;
}

static void forget_output(struct live *live)
{
	strv_release(&live->kept);
	live->kept_first = 0;
	live->dropped = 0;
}

/* What a stage that failed had printed. */
static void say_output(const struct live *live, FILE *out)
{
	if (live->dropped)
		(void)fprintf(out, "    ... %zu lines before these: --verbose shows all\n",
			      live->dropped);
	for (size_t i = 0; i < live->kept.count; i++)
		(void)fprintf(out, "%s\n", live->kept.v[(live->kept_first + i) % live->kept.count]);
}

/* Of what happens to resources the scrollback keeps what went wrong; the block shows the rest. */
static bool is_worth_keeping(const struct live *live, const struct report_event *event)
{
	switch (event->kind) {
	case REPORT_STAGE_BEGIN:
	case REPORT_PROGRESS:
	case REPORT_QUESTION:
	case REPORT_INTERRUPT:
	case REPORT_STAGE_SKIP:
	case REPORT_FACT:
		return false;
	case REPORT_OUTPUT:
	case REPORT_STATE:
		return live->options.plain.verbose;
	case REPORT_EVENT:
		return live->options.plain.verbose || strstr(event->status, "FAILED") ||
		       strstr(event->status, "ROLLBACK");
	case REPORT_STAGE_END:
	case REPORT_NOTE:
	case REPORT_WARNING:
	case REPORT_RESULT:
		break;
	}
	return true;
}

static void say_lines(struct live *live, const struct report_event *event, struct str *above)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return;
	if (event->kind == REPORT_STAGE_END && !event->ok && !event->status &&
	    !live->options.plain.verbose)
		say_output(live, out);
	if (is_worth_keeping(live, event))
		say(live, event, out);
	(void)fclose(out);
	str_add(above, text, len);
	free(text);
}

static void live_emit(struct report *report, const struct report_event *event)
{
	struct live *live = (struct live *)report;
	CLEANUP(str_release) struct str above = STR_INIT;

	(void)pthread_mutex_lock(&live->mutex);
	live->is_away = event->kind == REPORT_QUESTION;
	say_lines(live, event, &above);
	if (event->kind == REPORT_OUTPUT)
		keep_output(live, event);
	if (event->kind == REPORT_STAGE_BEGIN || event->kind == REPORT_STAGE_END)
		forget_output(live);
	view_note(&live->view, event, live->clock->monotonic_ms(live->clock));
	draw(live, &above);
	(void)pthread_mutex_unlock(&live->mutex);
}

/* The system's own clock: that of the caller is the model's, and may stand still in a test. */
static struct timespec next_redraw(void)
{
	struct timespec when;

	(void)clock_gettime(CLOCK_MONOTONIC, &when);
	when.tv_nsec += REDRAW_MS * 1000000L;
	if (when.tv_nsec >= 1000000000L) {
		when.tv_sec++;
		when.tv_nsec -= 1000000000L;
	}
	return when;
}

static void *redraw(void *ctx)
{
	struct live *live = ctx;
	const struct str nothing = STR_INIT;

	(void)pthread_mutex_lock(&live->mutex);
	while (!live->is_over) {
		struct timespec when = next_redraw();

		(void)pthread_cond_timedwait(&live->wake, &live->mutex, &when);
		if (!live->is_over && !live->is_away)
			draw(live, &nothing);
	}
	(void)pthread_mutex_unlock(&live->mutex);
	return NULL;
}

/* Without the thread the block changes with the events alone. */
static void start_thread(struct live *live)
{
	pthread_condattr_t attributes;
	sigset_t all, before;

	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_mutex_init(&live->mutex, NULL);
	(void)pthread_cond_init(&live->wake, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	live->has_thread = pthread_create(&live->thread, NULL, redraw, live) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct report *live_new(FILE *out, struct clock *clock, const struct live_options *options)
{
	struct live *live = mem_zalloc(sizeof(*live));

	live->report.emit = live_emit;
	live->plain = plain_new(out, clock, &options->plain);
	live->out = out;
	live->clock = clock;
	live->options = *options;
	live->drawn = (struct strv)STRV_INIT;
	live->kept = (struct strv)STRV_INIT;
	start_thread(live);
	return &live->report;
}

static void stop_thread(struct live *live)
{
	(void)pthread_mutex_lock(&live->mutex);
	live->is_over = true;
	(void)pthread_cond_signal(&live->wake);
	(void)pthread_mutex_unlock(&live->mutex);
	if (live->has_thread)
		(void)pthread_join(live->thread, NULL);
	(void)pthread_cond_destroy(&live->wake);
	(void)pthread_mutex_destroy(&live->mutex);
}

void live_free(struct report *report)
{
	struct live *live = (struct live *)report;
	const struct str nothing = STR_INIT;

	stop_thread(live);
	draw(live, &nothing);
	plain_free(live->plain);
	forget_output(live);
	strv_release(&live->drawn);
	view_release(&live->view);
	free(live);
}
