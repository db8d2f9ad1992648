#ifndef STACK_CHECK_H
#define STACK_CHECK_H

#include "base/error.h"
#include "base/strv.h"
#include "stack/parameters.h"
#include "stack/template.h"

#include <stddef.h>

/*
 * What can be known of a deployment before anything is built: the template and the parameter file
 * against each other, and against what has made deployments hang or fail.
 */
enum check_severity { CHECK_NOTE, CHECK_WARNING, CHECK_ERROR };

/* A rule, as `checks.off` and --skip name it. An error is what is sure to fail. */
struct check_rule;
const char *check_rule_name(const struct check_rule *rule);
const char *check_rule_summary(const struct check_rule *rule);
enum check_severity check_rule_severity(const struct check_rule *rule);
const char *check_severity_name(enum check_severity severity);

/* The `i`th of all rules, NULL after the last. */
const struct check_rule *check_rule_at(size_t i);

/* ERROR_CONFIG with the nearest rule where a name in the list is none. */
int check_rules_known(const struct strv *names, struct error *err);

/*
 * What is to be checked. All borrowed. parameters NULL: the template alone. template_error and
 * parameters_error: why one of them could not be read, which is a finding like others; NULL: it
 * was. live: what the stack has, which stands in for what the file leaves out; NULL where there is
 * none, or nobody asked. tag: what the tag parameter is going to be, NULL: what the file says.
 */
struct check_request {
	const struct stack_template *template;
	const struct error *template_error;
	const struct parameter_file *parameters;
	const struct error *parameters_error;
	const struct cfn_parameters *live;
	const char *tag_parameter;
	const char *tag;
	const struct strv *off;
	const char *bucket; /* for a template too large to be sent; "" or NULL: none */
};

/*
 * One thing found. Line and column are from 1, 0 where unknown. Values of NoEcho parameters are
 * never in the message; strings of the files are raw.
 */
struct finding {
	const struct check_rule *rule;
	char *file;
	unsigned line;
	unsigned column;
	char *message;
	char *fix;
};

struct findings {
	size_t count;
	struct finding *items;
	size_t dropped; /* beyond the 500 that are kept */
};

#define FINDINGS_INIT                                                                              \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

void findings_release(struct findings *findings);
size_t findings_count(const struct findings *findings, enum check_severity severity);

/* The first error, NULL where there is none. Borrowed. */
const struct finding *findings_first_error(const struct findings *findings);

/* Runs every rule that is not off; adds to *ret in the order of file, line and column. */
void check_run(const struct check_request *request, struct findings *ret);

#endif
