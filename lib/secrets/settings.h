#ifndef SECRETS_SETTINGS_H
#define SECRETS_SETTINGS_H

#include "base/env.h"
#include "base/error.h"
#include "base/strv.h"
#include "secrets/reference.h"

#include <stdbool.h>

/*
 * What the environment of a container says about its secrets:
 *
 *	SECRETS               references, all of which must be there
 *	SECRETS_OPTIONAL      references that may be absent; one in SECRETS too need not be there
 *	VARIABLE=secretsmanager:NAME#KEY    a reference by itself, whose value the secret replaces
 *	SECRETS_ALLOW         variables that a secret may set although they give orders (PATH, LD_*)
 *	SECRETS_OVERRIDE      true: secrets win over the task's own environment (default);
 *	                      false: they lose
 *	SECRETS_SKIP_INVALID  true: leave out what cannot be a variable; false: refuse it (default)
 *	SECRETS_TIMEOUT       seconds for everything, 30 by default
 *	SECRETS_INIT          the folder of `environment` and `commands`, /init by default
 */
struct secrets_settings {
	struct secrets_references references;
	struct strv allowed;
	bool overrides;
	bool skips_invalid;
	unsigned timeout_ms;
	const char *init_dir; /* borrowed from the environment */
};

#define SECRETS_SETTINGS_INIT                                                                      \
	{                                                                                          \
		.references = SECRETS_REFERENCES_INIT, .allowed = STRV_INIT                        \
	}

/* ERROR_CONFIG where a reference or a value is malformed. */
int secrets_settings_read(const struct env *env, struct secrets_settings *ret, struct error *err);
void secrets_settings_release(struct secrets_settings *settings);

#endif
