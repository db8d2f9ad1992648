#ifndef DOCKER_DOTENV_H
#define DOCKER_DOTENV_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The value of `name` in the text of compose's .env file, the last where it stands there twice;
 * false where it does not (docs.docker.com/compose/how-tos/environment-variables,
 * "Syntax for environment files"). "export" before a name, quotes around a value and a comment
 * behind one that has none are understood; variables in it are not replaced.
 */
bool dotenv_find(const char *text, size_t len, const char *name, struct str *ret_value);

#endif
