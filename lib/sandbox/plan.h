#ifndef SANDBOX_PLAN_H
#define SANDBOX_PLAN_H

#include "sandbox/sandbox.h"

#include <jansson.h>

/* From what is there to what is wanted. Borrowed; the old ones are NULL for a new stack. */
struct plan_request {
	const char *stack_name;
	const char *stack_id;
	const json_t *resources; /* of the stack: logical id: resource */
	const json_t *template;
	const json_t *parameters;
	const json_t *old_template;
	const json_t *old_parameters;
	const json_t *notification_arns;
};

/*
 * Works out what an operation would do. Owned by the caller; NULL with the service's text:
 *
 *	{"Order": [LOGICAL, ...],
 *	 "Resources": {LOGICAL: {"LogicalResourceId", "Type", "PhysicalResourceId", "Properties",
 *		"DependsOn", "DeletionPolicy", "Action": "CREATE", "UPDATE" or "NONE",
 *		"Replaces": the old physical id, "Changed": [property, ...]}},
 *	 "Removed": [LOGICAL, ...], "Outputs": [{"OutputKey", "OutputValue", ...}],
 *	 "Counters": the account's, once the plan is carried out}
 *
 * Physical ids of new resources are made up here, so that what depends on them is known too.
 */
json_t *plan_make(struct sandbox *sandbox, const struct plan_request *request, struct error *err);

/* The list of changes as DescribeChangeSet shows it. Owned by the caller. */
json_t *plan_changes(const json_t *plan, const struct plan_request *request);

#endif
