#include "deploy/records.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "deploy/state.h"
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char suffix[] = ".jsonl";

char *records_dir(const struct env *env, const char *dir)
{
	return state_project_path(env, dir, "runs");
}

/* ---- the folder ---- */

static int is_record(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > strlen(suffix) && entry->d_name[0] != '.' &&
	       strcmp(entry->d_name + len - strlen(suffix), suffix) == 0;
}

static int newest_first(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*b)->d_name, (*a)->d_name);
}

/* The paths of all records, the newest first. */
static int list(const char *dir, struct strv *ret_paths, struct error *err)
{
	struct dirent **entries = NULL;
	int count = scandir(dir, &entries, is_record, newest_first);

	if (count < 0)
		return errno == ENOENT
			       ? 0
			       : error_set_errno(err, errno, "cannot read the folder '%s'", dir);
	for (int i = 0; i < count; i++) {
		strv_take(ret_paths, file_join(dir, entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
	return 0;
}

/* Whoever works on a record holds its lock (deploy/recorder.h). */
static bool is_locked(const char *path)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_CLOSE int fd = -1;

	return file_lock_for_edit(path, 0, &fd, &err) < 0 && err.kind == ERROR_REFUSED;
}

/* What cannot be listed or removed now is another time. */
static void prune(const char *dir, size_t keep)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(strv_release) struct strv paths = STRV_INIT;

	if (list(dir, &paths, &err) < 0)
		return;
	for (size_t i = keep; i < paths.count; i++) {
		if (!is_locked(paths.v[i]))
			(void)unlink(paths.v[i]);
	}
}

char *records_new_path(const char *dir, const char *id)
{
	CLEANUP_FREE char *name = mem_printf("%s%s", id, suffix);

	prune(dir, RECORDS_MAX - 1);
	return file_join(dir, name);
}

/* ---- reading ---- */

void records_release(struct records *records)
{
	for (size_t i = 0; i < records->count; i++) {
		record_release(&records->items[i].record);
		free(records->items[i].path);
	}
	free(records->items);
	*records = (struct records)RECORDS_INIT;
}

static int parse_item(const char *path, const struct str *text, struct records_item *ret,
		      struct error *err)
{
	struct records_item item = { .record = RECORD_INIT };

	if (record_read(text->buf, text->len, &item.record, err) < 0)
		return -1;
	item.path = mem_strdup(path);
	item.is_running = item.record.exit_status < 0 && is_locked(path);
	*ret = item;
	return 0;
}

static void add(struct records *records, const struct records_item *item)
{
	struct records_item *slot =
		mem_grow(&records->items, &records->count, sizeof(*records->items));

	*slot = *item;
}

static bool is_of(const struct record *record, const char *environment)
{
	return !environment || strcmp(record->environment.buf, environment) == 0;
}

int records_read(const char *dir, const char *environment, size_t max, struct records *ret,
		 struct error *err)
{
	CLEANUP(strv_release) struct strv paths = STRV_INIT;

	if (list(dir, &paths, err) < 0)
		return -1;
	for (size_t i = 0; i < paths.count && (!max || ret->count < max); i++) {
		CLEANUP(error_release) struct error unreadable = ERROR_INIT;
		CLEANUP(str_release) struct str text = STR_INIT;
		struct records_item item;

		if (file_read(paths.v[i], RECORD_MAX_BYTES, &text, &unreadable) < 0 ||
		    parse_item(paths.v[i], &text, &item, &unreadable) < 0)
			continue;
		if (is_of(&item.record, environment)) {
			add(ret, &item);
		} else {
			record_release(&item.record);
			free(item.path);
		}
	}
	return 0;
}

int records_read_file(const char *path, struct records *ret, struct error *err)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	struct records_item item;

	if (!file_exists(path))
		return 0;
	if (file_read(path, RECORD_MAX_BYTES, &text, err) < 0)
		return -1;
	if (text.len == 0)
		return 0;
	if (parse_item(path, &text, &item, err) < 0)
		return error_wrap(err, "release record '%s'", path);
	add(ret, &item);
	return 0;
}

const struct records_item *records_find(const struct records *records, const char *id,
					struct error *err)
{
	const struct records_item *found = NULL;

	for (size_t i = 0; i < records->count; i++) {
		const struct records_item *item = &records->items[i];

		if (!id || strcmp(item->record.id.buf, id) == 0)
			return item;
		if (strncmp(item->record.id.buf, id, strlen(id)) != 0)
			continue;
		if (found) {
			error_set(err, ERROR_REFUSED, "more than one run begins with '%s'", id);
			error_fix(err, "write more of its id");
			return NULL;
		}
		found = item;
	}
	if (!found && id)
		error_set(err, ERROR_REFUSED, "there is no run '%s'", id);
	else if (!found)
		error_set(err, ERROR_REFUSED, "no run is recorded here");
	if (!found)
		error_fix(err, "'deployer history' lists the runs of this project");
	return found;
}

int64_t records_usual_ms(const struct records *records, enum stage stage)
{
	for (size_t i = 0; i < records->count; i++) {
		const struct record_stage *row = &records->items[i].record.stages[stage];

		if (row->state == RECORD_DONE && row->ended_ms > row->started_ms)
			return row->ended_ms - row->started_ms;
	}
	return 0;
}
