#include "base/env.h"

#include <stddef.h>
#include <string.h>

const char *env_get_raw(const struct env *env, const char *name)
{
	size_t len = strlen(name);

	for (char *const *var = env->vars; *var; var++) {
		if (strncmp(*var, name, len) == 0 && (*var)[len] == '=')
			return *var + len + 1;
	}
	return NULL;
}

const char *env_get(const struct env *env, const char *name)
{
	const char *value = env_get_raw(env, name);

	return value && value[strspn(value, " \t")] ? value : NULL;
}

const char *env_home(const struct env *env)
{
	return env_get(env, "HOME");
}
