#ifndef SECRETS_REFERENCE_H
#define SECRETS_REFERENCE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* What lies between two references. */
#define SECRETS_SEPARATORS " \t\r\n\v\f,"

/* What a reference names. */
enum secrets_kind {
	SECRETS_SECRET,	    /* of Secrets Manager */
	SECRETS_PARAMETER,  /* of SSM's Parameter Store */
	SECRETS_PARAMETERS, /* all that lie right below a path there */
};

/*
 * One reference to something secret, as SECRETS has them:
 *
 *	NAME                     a secret: a variable for each key of its JSON object
 *	NAME:KEY                 this key alone
 *	NAME:KEY:STAGE:VERSION   of that version; each part may be empty (as in ECS's valueFrom)
 *	secretsmanager:NAME      the same as NAME; secretsmanager:NAME#KEY as NAME:KEY
 *	ssm:/PATH/NAME           a parameter; ssm:/PATH/ all right below the path
 *	arn:aws:...              each of the above by its ARN
 *	VARIABLE=...             one value under that name: a key's, a parameter's, or all the text
 *
 * Owns its strings; NULL where a part is missing or empty.
 */
struct secrets_reference {
	enum secrets_kind kind;
	char *text; /* as it was written: what messages show */
	char *variable;
	char *id; /* name or ARN; a path ends in '/' */
	char *key;
	char *stage;
	char *version;
	bool is_optional; /* may be absent */
};

struct secrets_references {
	size_t count;
	struct secrets_reference *items;
};

#define SECRETS_REFERENCES_INIT                                                                    \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

void secrets_references_release(struct secrets_references *list);

/*
 * Adds one reference. One that is there already only becomes optional, where `is_optional`.
 * ERROR_CONFIG where it is malformed.
 */
int secrets_references_add(struct secrets_references *list, const char *text, bool is_optional,
			   struct error *err);

/*
 * The same with each reference of a text, separated by blanks, line ends and commas. Where one is
 * malformed, those before it are added.
 */
int secrets_references_parse(struct secrets_references *list, const char *text, bool is_optional,
			     struct error *err);

/* Whether it can be the name of a variable: [A-Za-z_][A-Za-z0-9_]* (POSIX, "Environment
 * Variables").
 */
bool secrets_is_variable(const char *name, size_t len);

/* Whether an entry of an environment is a reference by itself: VARIABLE=secretsmanager:... */
bool secrets_is_reference(const char *entry);

#endif
