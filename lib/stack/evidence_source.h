#ifndef STACK_EVIDENCE_SOURCE_H
#define STACK_EVIDENCE_SOURCE_H

#include "aws/logs.h"
#include "stack/evidence.h"

/* The sources of stack/evidence.h, for its files alone. */

/* What is looked into. All borrowed. */
struct scene {
	struct aws_client *client;
	const struct failure *failure;
	int64_t since_ms; /* the service's clock */
};

/* Adds a fact made by printf; remote text in it is made fit to be shown here. */
void evidence_add_fact(struct evidence *evidence, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Says that something could not be read, and forgets why. */
void evidence_add_gap(struct evidence *evidence, const char *what, struct error *err);

/* Replaces the summary. */
void evidence_summarize(struct evidence *evidence, const char *text);

/* Names the command that shows the whole of a log; nothing where a name cannot be quoted. */
void evidence_point_to_log(struct evidence *evidence, const char *group, const char *stream);

/* Adds the last lines of a log that are worth showing; no log where there are none. */
void evidence_add_log(struct evidence *evidence, const char *source, const char *group,
		      const char *stream, const struct logs_events *events);

/* Adds how a task ended and the logs of its containers. */
void evidence_add_task(struct evidence *evidence, struct aws_client *client, const char *cluster,
		       const struct ecs_task *task);

/* The stopped tasks and events of a service. */
void evidence_read_service(const struct scene *scene, struct evidence *ret);

/* The log of a custom resource's function, and the task that it started. */
void evidence_read_custom(const struct scene *scene, struct evidence *ret);

#endif
