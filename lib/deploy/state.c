#include "deploy/state.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "data/digest.h"

#include <string.h>

/* Hex digits that tell the folders of one name apart. */
#define HASH_DIGITS 12

char *state_path(const struct env *env, const char *name)
{
	const char *state = env_get(env, "XDG_STATE_HOME");
	const char *home = env_home(env);

	if (state)
		return mem_printf("%s/deployer/%s", state, name);
	return mem_printf("%s/.local/state/deployer/%s", home ? home : "/tmp", name);
}

char *state_project_path(const struct env *env, const char *dir, const char *name)
{
	CLEANUP(str_release) struct str hash = STR_INIT;
	const char *slash = strrchr(dir, '/');
	CLEANUP_FREE char *path = NULL;

	digest_sha256_hex(&hash, dir, strlen(dir));
	str_cut(&hash, HASH_DIGITS);
	path = mem_printf("projects/%s-%s/%s", slash ? slash + 1 : dir, hash.buf, name);
	return state_path(env, path);
}
