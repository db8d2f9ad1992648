#include "deploy/recorder.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "sys/file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Another run may be at its last line. */
#define LOCK_WAIT_MS 2000

/* Nothing is kept from here on: once is enough to say so. */
static void give_up(struct recorder *recorder, const char *why)
{
	close(recorder->fd);
	recorder->fd = -1;
	report_warning(recorder->next, "the release record '%s' ends here: %s", recorder->path,
		       why);
}

static bool write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = TEMP_FAILURE_RETRY(write(fd, bytes, len));

		if (n < 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return fdatasync(fd) == 0 || errno == EINVAL;
}

/* On disk first, then in mind. A line that came in part is taken off by whoever opens it next. */
static void add_line(struct recorder *recorder, const struct str *line)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)record_apply(&recorder->record, line->buf, line->len, &err);
	if (recorder->fd < 0)
		return;
	if (!write_all(recorder->fd, line->buf, line->len))
		give_up(recorder, strerrordesc_np(errno));
}

static int64_t now_ms(const struct recorder *recorder)
{
	return recorder->clock->wall_ms(recorder->clock);
}

void recorder_stage(struct recorder *recorder, enum stage stage, enum record_state state,
		    const char *text)
{
	CLEANUP(str_release) struct str line = STR_INIT;

	record_line_stage(&line, now_ms(recorder), stage, state, text);
	add_line(recorder, &line);
}

static enum record_state state_of(const struct report_event *event)
{
	if (event->kind == REPORT_STAGE_BEGIN)
		return RECORD_RUNNING;
	if (event->kind == REPORT_STAGE_SKIP)
		return RECORD_SKIPPED;
	if (event->ok)
		return RECORD_DONE;
	return event->status ? RECORD_UNKNOWN : RECORD_FAILED;
}

static void keep_stage(struct recorder *recorder, const struct report_event *event)
{
	enum stage stage;

	if (event->stage && stage_parse(event->stage, &stage))
		recorder_stage(recorder, stage, state_of(event), event->text);
}

static void keep_fact(struct recorder *recorder, const struct report_event *event)
{
	CLEANUP(str_release) struct str line = STR_INIT;

	record_line_fact(&line, now_ms(recorder), event->source, event->text);
	add_line(recorder, &line);
}

static void recorder_emit(struct report *report, const struct report_event *event)
{
	struct recorder *recorder = (struct recorder *)report;

	if (event->kind == REPORT_STAGE_BEGIN || event->kind == REPORT_STAGE_END ||
	    event->kind == REPORT_STAGE_SKIP)
		keep_stage(recorder, event);
	if (event->kind == REPORT_FACT)
		keep_fact(recorder, event);
	recorder->next->emit(recorder->next, event);
}

static size_t torn_bytes(const struct str *text)
{
	size_t whole = text->len;

	while (whole && text->buf[whole - 1] != '\n')
		whole--;
	return text->len - whole;
}

/* What the file says so far; its end becomes the place to write. */
static int resume(struct recorder *recorder, struct error *err)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	size_t torn;

	if (file_read(recorder->path, RECORD_MAX_BYTES, &text, err) < 0)
		return -1;
	torn = torn_bytes(&text);
	if (text.len > torn && record_read(text.buf, text.len, &recorder->record, err) < 0)
		return -1;
	if (ftruncate(recorder->fd, (off_t)(text.len - torn)) < 0 ||
	    lseek(recorder->fd, 0, SEEK_END) < 0)
		return error_set_errno(err, errno, "cannot write to it");
	return 0;
}

void recorder_init(struct recorder *recorder, struct clock *clock, struct report *next)
{
	*recorder = (struct recorder){
		.report = { .emit = recorder_emit },
		.next = next,
		.clock = clock,
		.fd = -1,
		.record = RECORD_INIT,
	};
}

static void close_file(struct recorder *recorder)
{
	if (recorder->fd >= 0)
		close(recorder->fd);
	recorder->fd = -1;
	free(recorder->path);
	recorder->path = NULL;
}

void recorder_release(struct recorder *recorder)
{
	close_file(recorder);
	record_release(&recorder->record);
}

int recorder_open(struct recorder *recorder, const char *path, struct error *err)
{
	CLEANUP_FREE char *dir = file_dirname(path);

	recorder->path = mem_strdup(path);
	if (file_make_dirs(dir, err) == 0 &&
	    file_lock(path, LOCK_WAIT_MS, &recorder->fd, err) == 0 && resume(recorder, err) == 0)
		return 0;
	close_file(recorder);
	return error_wrap(err, "release record '%s'", path);
}

void recorder_begin(struct recorder *recorder, const struct record *run)
{
	CLEANUP(str_release) struct str line = STR_INIT;
	struct record named = *run;

	if (recorder->record.id.len)
		named.id = recorder->record.id;
	named.pid = getpid();
	record_line_run(&line, now_ms(recorder), &named);
	add_line(recorder, &line);
}

void recorder_end(struct recorder *recorder, const struct error *err)
{
	CLEANUP(str_release) struct str line = STR_INIT;

	record_line_end(&line, now_ms(recorder), err);
	add_line(recorder, &line);
}
