#ifndef CMD_STAGE_H
#define CMD_STAGE_H

#include "cmd/app.h"

/* The options of the commands that run one stage. */
struct stage_args {
	const char *tag;
	bool allow_dirty;
	bool dry_run;
};

extern const struct opt stage_opts[];

/* Runs one stage of the pipeline alone. */
int stage_run(struct app *app, const struct stage_args *args, enum stage stage, struct error *err);

#endif
