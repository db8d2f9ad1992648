#include "secrets/settings.h"

#include "base/slice.h"

#include <strings.h>

#define SEPARATORS	" \t\r\n\v\f,"
#define DEFAULT_TIMEOUT 30
#define MAX_TIMEOUT	3600

static int read_bool(const struct env *env, const char *name, bool fallback, bool *ret,
		     struct error *err)
{
	const char *text = env_get(env, name);

	*ret = text ? strcasecmp(text, "true") == 0 : fallback;
	if (!text || *ret || strcasecmp(text, "false") == 0)
		return 0;
	error_set(err, ERROR_CONFIG, "%s: '%s' is neither true nor false", name, text);
	return error_fix(err, "write true or false, or leave it out");
}

static int read_timeout(const struct env *env, unsigned *ret_ms, struct error *err)
{
	const char *text = env_get(env, "SECRETS_TIMEOUT");
	uint64_t seconds = DEFAULT_TIMEOUT;

	if (text && (!slice_to_u64(slice_of(text), MAX_TIMEOUT, &seconds) || seconds == 0)) {
		error_set(err, ERROR_CONFIG, "SECRETS_TIMEOUT: '%s' is not a number from 1 to %d",
			  text, MAX_TIMEOUT);
		return error_fix(err, "write seconds, or leave it out for %d", DEFAULT_TIMEOUT);
	}
	*ret_ms = (unsigned)seconds * 1000;
	return 0;
}

static int read_references(const struct env *env, const char *name, bool is_optional,
			   struct secrets_references *ret, struct error *err)
{
	const char *text = env_get(env, name);

	if (text && secrets_references_parse(ret, text, is_optional, err) < 0)
		return error_wrap(err, "%s", name);
	return 0;
}

/* An entry that stands for a secret needs no other to name it. */
static int read_entries(const struct env *env, struct secrets_references *ret, struct error *err)
{
	for (char *const *entry = env->vars; *entry; entry++) {
		if (secrets_is_reference(*entry) &&
		    secrets_references_add(ret, *entry, false, err) < 0)
			return -1;
	}
	return 0;
}

int secrets_settings_read(const struct env *env, struct secrets_settings *ret, struct error *err)
{
	const char *allowed = env_get(env, "SECRETS_ALLOW"), *dir = env_get(env, "SECRETS_INIT");

	if (read_references(env, "SECRETS", false, &ret->references, err) < 0 ||
	    read_references(env, "SECRETS_OPTIONAL", true, &ret->references, err) < 0 ||
	    read_entries(env, &ret->references, err) < 0 ||
	    read_bool(env, "SECRETS_OVERRIDE", true, &ret->overrides, err) < 0 ||
	    read_bool(env, "SECRETS_SKIP_INVALID", false, &ret->skips_invalid, err) < 0 ||
	    read_timeout(env, &ret->timeout_ms, err) < 0)
		return -1;
	strv_split(&ret->allowed, allowed ? allowed : "", SEPARATORS);
	ret->init_dir = dir ? dir : "/init";
	return 0;
}

void secrets_settings_release(struct secrets_settings *settings)
{
	secrets_references_release(&settings->references);
	strv_release(&settings->allowed);
}
