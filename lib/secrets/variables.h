#ifndef SECRETS_VARIABLES_H
#define SECRETS_VARIABLES_H

#include "base/error.h"
#include "base/report.h"
#include "base/secret.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>

/* A variable for a program's environment and which reference or file it is from. */
struct secrets_variable {
	char *name;
	struct secret value;
	char *source;
};

/* What may become a variable, and who hears about what did not. Borrowed. */
struct secrets_rules {
	const struct strv *allowed; /* names that would be refused otherwise */
	bool skips_invalid;	    /* leave out what cannot be a variable instead of failing */
	struct report *report;
};

struct secrets_variables {
	size_t count;
	struct secrets_variable *items;
};

#define SECRETS_VARIABLES_INIT                                                                     \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

void secrets_variables_release(struct secrets_variables *list);
const struct secrets_variable *secrets_variables_find(const struct secrets_variables *list,
						      const char *name);

/*
 * Sets a variable; a later one of the same name takes the place of an earlier one, which the
 * reporter hears. ERROR_CONFIG, naming source and variable, never the value: where the name can be
 * none, or the value has a NUL in it.
 */
int secrets_variables_set(struct secrets_variables *list, const char *name,
			  const struct secret *value, const char *source,
			  const struct secrets_rules *rules, struct error *err);

/* Whether a loader, a shell or an interpreter takes orders from a variable of this name. */
bool secrets_is_dangerous(const char *name);

/* The same for variables from a secret: refuses also those that give orders, unless allowed. */
int secrets_variables_inject(struct secrets_variables *list, const char *name,
			     const struct secret *value, const char *source,
			     const struct secrets_rules *rules, struct error *err);

#endif
