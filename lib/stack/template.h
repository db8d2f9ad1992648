#ifndef STACK_TEMPLATE_H
#define STACK_TEMPLATE_H

#include "aws/cloudformation.h"
#include "base/error.h"
#include "base/str.h"

#include <jansson.h>
#include <stdbool.h>

/* CreateChangeSet takes this many bytes in TemplateBody (API reference). */
#define TEMPLATE_MAX_BODY_BYTES 51200

/* And TemplateURL this many (user guide, "CloudFormation quotas": 1 MB). */
#define TEMPLATE_MAX_BYTES 1000000

/* A CloudFormation template: its bytes, which are what is sent, and what they mean. */
struct stack_template {
	char *path;
	struct str body;
	json_t *root;
};

#define STACK_TEMPLATE_INIT                                                                        \
	{                                                                                          \
		.path = NULL, .body = STR_INIT, .root = NULL                                       \
	}

/*
 * Reads a template in YAML or JSON. ERROR_CONFIG with the place where it is broken, and where it
 * has more than 1 MiB: whether it can be sent is for stack/check.h to say. The other one is for
 * those who show a failure at its place (error_at()): it leaves the file out of the message, and
 * *ret with the path and the bytes, without a root.
 */
int stack_template_read(const char *path, struct stack_template *ret, struct error *err);
int stack_template_load(const char *path, struct stack_template *ret, struct error *err);
void stack_template_release(struct stack_template *template);

bool stack_template_has_parameter(const struct stack_template *template, const char *key);
bool stack_template_is_no_echo(const struct stack_template *template, const char *key);

/*
 * Makes the list that a change set is asked with, from what the parameter file says: each key must
 * be a parameter of the template; one that the file leaves out keeps its live value (`live` NULL:
 * there is no stack yet), else its default. ERROR_CONFIG names what is unknown, or missing without
 * a default.
 */
int stack_template_match_parameters(const struct stack_template *template,
				    const struct cfn_parameters *given,
				    const struct cfn_parameters *live, struct cfn_parameters *ret,
				    struct error *err);

#endif
