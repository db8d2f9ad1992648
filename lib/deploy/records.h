#ifndef DEPLOY_RECORDS_H
#define DEPLOY_RECORDS_H

#include "base/env.h"
#include "base/error.h"
#include "base/strv.h"
#include "deploy/record.h"

/*
 * The release records of a project on this machine: one file each in "runs" below the project's
 * part of the state folder (deploy/state.h), named by the record's id, so that names sort by time.
 */

/* So many are kept of a project. */
#define RECORDS_MAX 100

/* A record of the list. */
struct records_item {
	struct record record;
	char *path;
	bool is_running; /* its run holds the lock */
};

struct records {
	size_t count;
	struct records_item *items; /* the newest first */
};

#define RECORDS_INIT                                                                               \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

/* The folder of the records of the project in `dir`; owned by the caller (free()). */
char *records_dir(const struct env *env, const char *dir);

/*
 * The path for a new record with this id, and room for it: the oldest ones that no run works on go.
 * Owned by the caller (free()).
 */
char *records_new_path(const char *records_dir, const char *id);

/*
 * Reads the newest records, `max` at most (0: all), of an environment (NULL: of any). A file that
 * is no record is left out. An absent folder has none.
 */
int records_read(const char *records_dir, const char *environment, size_t max, struct records *ret,
		 struct error *err);
void records_release(struct records *records);

/*
 * The one whose id is `id` or begins with it alone; NULL `id`: the newest. ERROR_REFUSED where
 * there is none, or more than one. Borrowed.
 */
const struct records_item *records_find(const struct records *records, const char *id,
					struct error *err);

/* How long a stage took when it was last done in full; 0 where no record says so. */
int64_t records_usual_ms(const struct records *records, enum stage stage);

/*
 * Reads one file that a user names: absent or empty, it has no record yet. ERROR_CONFIG where it is
 * none.
 */
int records_read_file(const char *path, struct records *ret, struct error *err);

#endif
