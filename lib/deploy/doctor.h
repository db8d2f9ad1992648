#ifndef DEPLOY_DOCTOR_H
#define DEPLOY_DOCTOR_H

#include "aws/client.h"
#include "base/clock.h"
#include "base/env.h"
#include "base/error.h"
#include "deploy/config.h"
#include "net/http.h"

#include <stddef.h>

enum doctor_severity { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_ERROR };

const char *doctor_severity_name(enum doctor_severity severity);

/* What one check found. kind: of an error, ERROR_NONE otherwise. */
struct doctor_finding {
	const char *check; /* "git", "engine" ...; static text */
	enum doctor_severity severity;
	enum error_kind kind;
	struct str text;
	struct str fix; /* what to do, "" where nothing is */
};

struct doctor_findings {
	size_t count;
	struct doctor_finding *items; /* in the order of the table of checks */
};

#define DOCTOR_FINDINGS_INIT                                                                       \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

void doctor_findings_release(struct doctor_findings *findings);
size_t doctor_count(const struct doctor_findings *findings, enum doctor_severity severity);

/* The kind of the first error, ERROR_NONE where there is none. */
enum error_kind doctor_first_error(const struct doctor_findings *findings);

/*
 * What is looked at. All borrowed. client NULL: there is none, and client_error says why.
 * http_new, http_free: transports for checks that run beside each other, which share none.
 */
struct doctor_request {
	const struct config *config;
	const struct env *env;
	struct clock *clock;
	struct aws_client *client;
	const struct error *client_error;
	struct http *(*http_new)(struct clock *clock);
	void (*http_free)(struct http *http);
};

/*
 * Looks at everything that a release needs, and changes nothing: git, Docker Engine, compose and
 * its services, docker's configuration, disk, template and parameters at once; meanwhile the
 * credentials, and with them account, clock and stack; then, with the image's name, repository and
 * registry. Never fails: what cannot be looked at is a finding.
 */
void doctor_look(const struct doctor_request *request, struct doctor_findings *ret);

#endif
