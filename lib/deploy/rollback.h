#ifndef DEPLOY_ROLLBACK_H
#define DEPLOY_ROLLBACK_H

#include "base/error.h"
#include "deploy/pipeline.h"
#include "deploy/records.h"
#include "repo/history.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A version that the registry still has an image of. Times are wall-clock milliseconds. */
struct rollback_candidate {
	char *tag;
	char *digest;
	int64_t pushed_ms;
	struct history_commit commit; /* that the tag is the name of, where it is known here */
	int64_t set_ms;		      /* when the parameter file was last set to it; 0: never */
	int64_t deployed_ms;	      /* when a record here tells of its deployment; 0: none does */
	bool is_live;
	bool is_in_file;
};

struct rollback_list {
	size_t count;
	struct rollback_candidate *items;
};

#define ROLLBACK_LIST_INIT                                                                         \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

void rollback_list_release(struct rollback_list *list);

/*
 * The versions that can be gone back to, newest image first: what the registry has under a tag of
 * its own (not those of publish.tags), with what git, the history of the parameter file and the
 * live stack say of each. What git does not know is left open. The pipeline's stages do not matter.
 */
int rollback_find(const struct pipeline *pipeline, struct rollback_list *ret, struct error *err);

/* Takes in what the records of releases on this machine tell. */
void rollback_note_records(struct rollback_list *list, const struct records *records);

/*
 * Where to go back to. is_confirmed: migrations that lie between are known of, nobody is asked. All
 * borrowed.
 */
struct rollback_request {
	const struct pipeline *pipeline; /* its stages and version do not matter */
	const char *tag;
	bool is_confirmed;
};

/*
 * Writes the tag into the parameter file and deploys it, as the bump and deploy stages do. Before
 * that, nothing changed yet: the image must be in the registry, whose manifest has the digest that
 * it names, and where migrations (rollback.migrations, or folders that are called so) lie between
 * it and the live version, or git cannot tell, a person has to agree. ERROR_REFUSED otherwise.
 */
int rollback_run(const struct rollback_request *request, struct error *err);

#endif
