#ifndef UI_LIVE_H
#define UI_LIVE_H

#include "base/clock.h"
#include "base/report.h"
#include "ui/plain.h"

#include <stdbool.h>
#include <stdio.h>

/*
 * A reporter for a terminal: what is worth keeping is appended as lib/ui/plain.c writes it, and
 * below it stands a block that shows what runs now (lib/ui/view.h), drawn over in place. The block
 * goes away with what it shows, so that the scrollback holds the lines alone. Lines of programs are
 * shown in passing and kept back; when a stage fails, the last of them are printed.
 *
 * Each change is one write of whole lines, within a synchronized update where the terminal knows
 * such (https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036), and nothing is
 * written where nothing changed. The terminal's size is asked for each time. A thread redraws while
 * nothing is reported, so that times go on; it takes no signals.
 */
struct live_options {
	struct plain_options plain;
	bool has_unicode;
};

/* `out` is a terminal, borrowed as `clock` is. Owned by the caller: live_free(). */
struct report *live_new(FILE *out, struct clock *clock, const struct live_options *options);

/* Takes the block away and prints what plain_free() does. */
void live_free(struct report *report);

#endif
