#ifndef SYS_PATH_H
#define SYS_PATH_H

#include "base/env.h"

/*
 * A path as the user wrote it into a setting of the AWS CLI, which passes it through Python's
 * os.path.expandvars() and os.path.expanduser(): $NAME and ${NAME} first, then ~ or ~USER at the
 * beginning. What is not set and who is not known stays as written. Owned by the caller.
 */
char *path_expand(const struct env *env, const char *path);

#endif
