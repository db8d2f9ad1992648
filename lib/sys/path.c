#include "sys/path.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"

#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define NAME_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

/* The length of "$NAME" or "${NAME}" at `text`, with the name in *ret_name; 0 where there is none.
 */
static size_t match_variable(const char *text, char **ret_name)
{
	bool is_braced = text[0] == '$' && text[1] == '{';
	const char *name = text + (is_braced ? 2 : 1);
	size_t len = text[0] != '$' ? 0 : strspn(name, NAME_BYTES);

	if (is_braced)
		len = strcspn(name, "}");
	if (text[0] != '$' || (is_braced ? name[len] != '}' : len == 0))
		return 0;
	*ret_name = mem_strndup(name, len);
	return len + (is_braced ? 3 : 1);
}

static void expand_variables(const struct env *env, const char *path, struct str *out)
{
	while (*path) {
		CLEANUP_FREE char *name = NULL;
		size_t len = match_variable(path, &name);
		const char *value = len ? env_get_raw(env, name) : NULL;

		if (value)
			str_adds(out, value);
		else
			str_add(out, path, len ? len : 1);
		path += len ? len : 1;
	}
}

static const char *home_of(const struct env *env, const char *user)
{
	const char *home = env_home(env);
	const struct passwd *entry;

	if (!*user && home)
		return home;
	entry = *user ? getpwnam(user) : getpwuid(getuid());
	return entry ? entry->pw_dir : NULL;
}

char *path_expand(const struct env *env, const char *path)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP_FREE char *user = NULL;
	const char *home, *rest;

	expand_variables(env, path, &text);
	if (text.buf[0] != '~')
		return str_detach(&text);
	rest = text.buf + strcspn(text.buf, "/");
	user = mem_strndup(text.buf + 1, (size_t)(rest - text.buf) - 1);
	home = home_of(env, user);
	return home ? mem_printf("%s%s", home, rest) : str_detach(&text);
}
