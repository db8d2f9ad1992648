#ifndef UI_VIEW_H
#define UI_VIEW_H

#include "base/report.h"
#include "base/str.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What runs now, as a person watches it: the stage with its time, the resources of the stack as a
 * tree, transfers, services, and the last lines of the programs. A model that report events change
 * and a pure function that draws it; writing it to a terminal is lib/ui/live.c. All times are
 * monotonic milliseconds. Strings in it are clean (base/sanitize.h).
 */

/* A resource; name is its last part, depth how many stacks it is nested in, the stack itself 0. */
struct view_resource {
	char *path;
	char *name;
	char *status;
	char *state; /* what its service says of itself, "" */
	unsigned depth;
	int64_t since_ms; /* of the status; the begin of the work where it is over */
	int64_t ended_ms; /* 0: under way */
	int64_t usual_ms; /* how long it usually takes, 0: unknown */
	bool is_failed;	  /* or a stack that goes back */
};

/* Something on its way: a layer of an image. */
struct view_transfer {
	char *source;
	uint64_t done;
	uint64_t total; /* 0: unknown */
};

#define VIEW_TAIL 4

struct view {
	char *stage; /* NULL where none runs */
	int64_t stage_since_ms;
	int64_t usual_ms; /* how long the stage took before, 0: unknown */
	struct view_resource *resources;
	size_t resource_count;
	struct view_transfer *transfers;
	size_t transfer_count;
	uint64_t steps_done; /* of the build that runs */
	uint64_t steps;	     /* 0: none */
	uint64_t ready;	     /* resources of `total`, 0: not counted */
	uint64_t total;
	char *tail[VIEW_TAIL]; /* the oldest first; NULL where there are fewer */
};

void view_release(struct view *view);

/* Takes an event that was reported at `now_ms`. */
void view_note(struct view *view, const struct report_event *event, int64_t now_ms);

/* What it is drawn on. */
struct view_screen {
	unsigned columns;
	unsigned rows;
	bool has_color;
	bool has_unicode; /* else the tree is drawn with ASCII */
};

/*
 * Draws the view: lines for the screen, none longer than its columns less one (so that no terminal
 * wraps them), fewer of them than its rows. Where not all fits, what is over is left out first, and
 * what is left out is counted. No lines where nothing runs.
 */
void view_render(const struct view *view, const struct view_screen *screen, int64_t now_ms,
		 struct strv *ret_lines);

#endif
