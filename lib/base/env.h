#ifndef BASE_ENV_H
#define BASE_ENV_H

/*
 * The environment as a value, so that tests can hand in another one.
 *
 * `vars` is a NULL-terminated array of "NAME=value", such as environ or strv_array(). Borrowed.
 */
struct env {
	char *const *vars;
};

/* The value of `name`, borrowed, or NULL. A blank value counts as unset, as AWS's tools have it. */
const char *env_get(const struct env *env, const char *name);

/* The same, where a blank value is a value. */
const char *env_get_raw(const struct env *env, const char *name);

/* The user's home directory: HOME, or NULL. */
const char *env_home(const struct env *env);

#endif
