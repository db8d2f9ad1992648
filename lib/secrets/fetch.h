#ifndef SECRETS_FETCH_H
#define SECRETS_FETCH_H

#include "aws/client.h"
#include "aws/secrets_manager.h"
#include "aws/ssm.h"
#include "base/error.h"
#include "secrets/reference.h"
#include "secrets/variables.h"

#include <stdbool.h>
#include <stddef.h>

/* What came for one reference: a secret or parameters, nothing where it may be absent and is. */
struct secrets_answer {
	bool is_absent;
	struct secrets_value secret;
	struct ssm_parameters parameters;
	struct error err; /* set where it could not be read */
};

struct secrets_answers {
	size_t count;
	struct secrets_answer *items; /* in the order of the references */
};

#define SECRETS_ANSWERS_INIT                                                                       \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

void secrets_answers_release(struct secrets_answers *answers);

/*
 * Reads all that is referred to, on as many transports at once as `https` has, each in a thread of
 * its own; with one, in the caller's. Everything is borrowed.
 *
 * Fails where anything could not be read that may not be absent: each such reference is reported as
 * a warning, the first one's error is returned. Absent means that the service says so; a refused
 * permission is a failure.
 */
int secrets_fetch(struct aws_client *client, struct http *const *https, size_t http_count,
		  const struct secrets_references *references, struct report *report,
		  struct secrets_answers *ret, struct error *err);

/*
 * Turns the answers into variables, in the order of the references, a later one over an earlier
 * one. A parameter's variable is what its name has after the last '/'. ERROR_CONFIG as
 * secrets_document_read(), and where a secret is binary.
 */
int secrets_answers_read(const struct secrets_references *references,
			 const struct secrets_answers *answers, const struct secrets_rules *rules,
			 struct secrets_variables *ret, struct error *err);

/* Both in one: fetches what is referred to and reads it into variables. */
int secrets_collect(struct aws_client *client, struct http *const *https, size_t http_count,
		    const struct secrets_references *references, const struct secrets_rules *rules,
		    struct secrets_variables *ret, struct error *err);

#endif
