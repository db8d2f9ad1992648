#ifndef REPO_ABBREVIATE_H
#define REPO_ABBREVIATE_H

#include "base/str.h"
#include "repo/open.h"

/*
 * Appends the short form of an object's name, as git has it without core.abbrev: the length follows
 * from the number of packed objects, at least 7, longer until no other object begins like it.
 */
int abbreviate(struct repo *repo, const git_oid *id, struct str *ret, struct error *err);

#endif
