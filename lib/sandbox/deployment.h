#ifndef SANDBOX_DEPLOYMENT_H
#define SANDBOX_DEPLOYMENT_H

#include "sandbox/call.h"

#include <jansson.h>

/* What CreateStack, UpdateStack and CreateChangeSet have in common: a template with its values. */
struct deployment {
	json_t *template;
	json_t *plan;
	json_t *changes;
	json_t *after; /* what the stack takes on: TemplateBody, Parameters, Tags ... */
	bool is_empty; /* nothing would change */
};

void deployment_release(struct deployment *deployment);

/*
 * Reads template, parameters, capabilities and tags from the call and plans what they mean for
 * `stack`. Refuses as the service does: ValidationError, InsufficientCapabilitiesException.
 */
int deployment_read(struct call *call, json_t *stack, struct deployment *ret, struct error *err);

/* Where the template of a call is kept once it is known, whatever way and size it came in. */
#define DEPLOYMENT_TEMPLATE "$Template"

/* The template that the call carries or refers to, as text; borrowed from call or stack. */
const char *deployment_template_text(const struct call *call, const json_t *stack,
				     struct error *err);

/* Whether the stack may be updated now; refuses with its status. */
int deployment_check_updatable(const json_t *stack, struct error *err);

/* Whether `name` is one for a stack or change set; refuses with the pattern. */
int deployment_check_name(const char *name, const char *member, struct error *err);

/*
 * The parameters of a stack, or of what a change set's stack takes on, as the API lists them: those
 * with NoEcho as "****".
 */
json_t *deployment_list_parameters(const json_t *stack);

#endif
