#ifndef SECRETS_ENVIRONMENT_H
#define SECRETS_ENVIRONMENT_H

#include "base/env.h"
#include "base/error.h"
#include "base/strv.h"
#include "secrets/variables.h"

/*
 * The environment of a program to start: `env` and the variables, which win where they meet if
 * `overrides`, and lose otherwise, but to a reference (VARIABLE=secretsmanager:...). Holds secrets:
 * strv_wipe() it.
 */
void secrets_environment_merge(const struct env *env, const struct secrets_variables *variables,
			       bool overrides, struct strv *ret);

/*
 * ERROR_CONFIG where execve() would say E2BIG (Linux, fs/exec.c: a string of 131,071 bytes at most,
 * all of them and their pointers within a quarter of the stack's limit and 6 MiB), naming the
 * largest variables with their sizes.
 */
int secrets_environment_check(const struct strv *environment, char *const *args, struct error *err);

/*
 * The program that execvp() would run for `name` with this PATH. Owned by the caller. ERROR_TOOL
 * where there is none; *ret_status is then what sh exits with: 127, or 126 where it is there and
 * cannot be executed (POSIX, "Exit Status for Commands").
 */
int secrets_find_program(const char *name, const char *path, char **ret_program, int *ret_status,
			 struct error *err);

#endif
