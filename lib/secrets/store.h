#ifndef SECRETS_STORE_H
#define SECRETS_STORE_H

#include "aws/client.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/strv.h"

#include <stdbool.h>

/* What is to be stored. Borrowed; NULL where there is none. */
struct secrets_store_request {
	const char *name;
	const struct secret *value;
	const char *description; /* these three: of a new secret only */
	const char *kms_key_id;
	const struct strv *tags;
	bool dry_run; /* only find out what would come of it */
};

/* What came of it. */
enum secrets_store_outcome {
	SECRETS_CREATED,
	SECRETS_CHANGED,   /* the value is the current version now */
	SECRETS_UNCHANGED, /* the current version has this value already: nothing was sent */
};

/*
 * Makes `value` the current version of a secret, which is created where there is none. Doing it
 * again changes nothing. ERROR_OUTCOME where nobody knows whether it was done.
 */
int secrets_store(struct aws_client *client, const struct secrets_store_request *request,
		  enum secrets_store_outcome *ret_outcome, struct error *err);

/*
 * The current value; an empty one where there is no secret or no version of it. ERROR_USAGE for
 * what cannot be a secret's name or ARN.
 */
int secrets_load(struct aws_client *client, const char *name, struct secret *ret,
		 struct error *err);

#endif
