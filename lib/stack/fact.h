#ifndef STACK_FACT_H
#define STACK_FACT_H

#include "base/report.h"

/*
 * What is known about a release, for machines and for its record (deploy/record.h): REPORT_FACT
 * with the fact's name as `source`. Those that end in "ed" are what it has changed. Never a secret.
 */
enum fact {
	FACT_VERSION, /* the tag of image and parameter */
	FACT_COMMIT,
	FACT_SUBJECT,
	FACT_AUTHOR,
	FACT_ACCOUNT,
	FACT_REGION,
	FACT_CALLER,	 /* ARN */
	FACT_IMAGE,	 /* the id of what was built and tested here */
	FACT_REPOSITORY, /* HOST/NAME */
	FACT_DIGEST,	 /* in the registry */
	FACT_SOURCE,	 /* the environment that it was promoted from */
	FACT_STACK,	 /* name */
	FACT_STACK_ARN,
	FACT_CHANGE_SET, /* ARN */
	FACT_TOKEN,	 /* of its execution */
	FACT_STATUS,	 /* of the stack in the end */
	FACT_REPLACED,	 /* the version that was live before */
	FACT_PUBLISHED,
	FACT_BUMPED,
	FACT_DEPLOYED,
	FACT_ADDRESS, /* where the application runs on this machine */
	FACT_COUNT,
};

/* What the record and --output json call it. */
const char *fact_name(enum fact fact);

/* Tells a fact to whoever keeps records; one without a value is not told. */
void fact_tell(struct report *report, enum fact fact, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
