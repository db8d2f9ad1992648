#ifndef SANDBOX_STACK_VIEW_H
#define SANDBOX_STACK_VIEW_H

#include "sandbox/call.h"

/* The operations of CloudFormation that look at stacks, for the table of sandbox/cloudformation.c.
 */
json_t *stack_view_events(struct call *call, struct error *err);
json_t *stack_view_operation_events(struct call *call, struct error *err);
json_t *stack_view_stacks(struct call *call, struct error *err);
json_t *stack_view_list(struct call *call, struct error *err);
json_t *stack_view_resource(struct call *call, struct error *err);
json_t *stack_view_resources(struct call *call, struct error *err);
json_t *stack_view_list_resources(struct call *call, struct error *err);
json_t *stack_view_exports(struct call *call, struct error *err);

/* The stack that the call names, or NULL and an error. */
json_t *stack_view_need(struct call *call, struct error *err);

#endif
