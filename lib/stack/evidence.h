#ifndef STACK_EVIDENCE_H
#define STACK_EVIDENCE_H

#include "aws/ecs.h"
#include "base/report.h"
#include "base/strv.h"
#include "stack/cause.h"

/* The last lines of a log. */
struct evidence_log {
	char *source; /* the container or function */
	char *group;
	char *stream;
	struct strv lines; /* fit to be shown (stack/log_line.h) */
};

/*
 * What was read to find out why a resource failed: for an ECS service its stopped tasks and their
 * containers' logs, for a custom resource the log of the Lambda function behind it and the ECS task
 * that this started. All text is fit to be shown.
 */
struct evidence {
	struct str resource; /* "" where nothing was looked into */
	struct str summary;  /* one line; "" where nothing was found */
	struct strv facts;
	size_t log_count;
	struct evidence_log *logs;
	struct str next; /* a command that shows more; "" for none */
};

#define EVIDENCE_INIT                                                                              \
	{                                                                                          \
		.resource = STR_INIT, .summary = STR_INIT, .facts = STRV_INIT, .logs = NULL,       \
		.next = STR_INIT                                                                   \
	}

void evidence_release(struct evidence *evidence);

/* Whether there is more to read about a failure than its reason. */
bool evidence_exists(const struct failure *failure);

/* Whether resources of a type are custom ones, which a function or a topic answers for. */
bool evidence_is_custom(const char *type);

/*
 * How long the function behind a custom resource may run, as the deployed template has it; the
 * longest that Lambda allows where that cannot be told.
 */
unsigned evidence_function_timeout_s(struct aws_client *client, const struct failure *failure);

/*
 * Looks into a failure of an operation that began at `since_ms` of the service's clock. Never
 * fails: what cannot be read is a fact among the others. Tasks and logs are gone an hour later and
 * with the stack: read them while it fails.
 */
void evidence_read(struct aws_client *client, const struct failure *failure, int64_t since_ms,
		   struct evidence *ret);

/* Writes "***" over each of the values, wherever it stands (stack/hidden.h). NULL for none. */
void evidence_hide(struct evidence *evidence, const struct strv *values);

/* The cause block: facts, log lines and the next command. Nothing where nothing was found. */
void evidence_tell(const struct evidence *evidence, struct report *report);

#endif
