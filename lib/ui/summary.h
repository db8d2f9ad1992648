#ifndef UI_SUMMARY_H
#define UI_SUMMARY_H

#include "base/str.h"
#include "deploy/record.h"

/*
 * The last line of a run that has ended, appended without a line end: what it changed, what it did
 * not, what still runs, and the command to go on with. What it says comes from the record alone.
 *
 *	changed: registry 5fdbe62, dev.cfg latest -> 5fdbe62; not: stack app; next: deployer watch
 */
void summary_write(const struct record *record, struct str *out);

#endif
