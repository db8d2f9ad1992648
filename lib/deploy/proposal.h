#ifndef DEPLOY_PROPOSAL_H
#define DEPLOY_PROPOSAL_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * One thing that was read in a project's files: where, what it says, and what it becomes, such as
 * "stages.release" or "deployer clean"; "" where it becomes nothing, then `why` says why.
 */
struct proposal_item {
	char *file;
	unsigned line; /* from 1, 0: the file as a whole */
	char *text;
	char *becomes;
	char *why;
	bool is_target; /* of the Makefile, and `becomes` the command that does it now */
};

/* A deployer.yml for a project that has none, and what it was made of. */
struct proposal {
	struct str text;
	struct str sources; /* "Makefile, docker-compose.yml, ..." */
	size_t count;
	struct proposal_item *items;
};

#define PROPOSAL_INIT                                                                              \
	{                                                                                          \
		.text = STR_INIT, .sources = STR_INIT, .count = 0, .items = NULL                   \
	}

void proposal_release(struct proposal *proposal);

/*
 * Makes one from the Makefile, compose file, template and parameter files in the folder `dir`
 * (absolute). What follows convention is left out; what cannot be taken over stands in comments,
 * with the reason. Nothing of the files is run. The text was read back by config_load(), for every
 * environment in it.
 *
 * ERROR_CONFIG where there is nothing to read, or a Makefile that cannot be read. A compose file or
 * a template that cannot be read is an item.
 */
int proposal_make(const char *dir, struct proposal *ret, struct error *err);

#endif
