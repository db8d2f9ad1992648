#ifndef DEPLOY_STATE_H
#define DEPLOY_STATE_H

#include "base/env.h"

/*
 * Where this machine keeps what outlives a run: $XDG_STATE_HOME/deployer, else
 * ~/.local/state/deployer (XDG Base Directory Specification). Nothing is created here.
 */

/* The path of `name` in it, owned by the caller (free()). */
char *state_path(const struct env *env, const char *name);

/*
 * The path of `name` in the part that belongs to the project in folder `dir`:
 * "projects/NAME-HASH/...", with the folder's own name and a hash of its whole path. Owned by the
 * caller (free()).
 */
char *state_project_path(const struct env *env, const char *dir, const char *name);

#endif
