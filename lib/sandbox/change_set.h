#ifndef SANDBOX_CHANGE_SET_H
#define SANDBOX_CHANGE_SET_H

#include "sandbox/call.h"

/* The operations on change sets, for the table of sandbox/cloudformation.c. */
json_t *change_set_create(struct call *call, struct error *err);
json_t *change_set_describe(struct call *call, struct error *err);
json_t *change_set_execute(struct call *call, struct error *err);
json_t *change_set_delete(struct call *call, struct error *err);
json_t *change_set_list(struct call *call, struct error *err);

/* Drops every change set of a stack but one; NULL drops all. */
void change_set_drop_others(struct sandbox *sandbox, const char *stack_id, const json_t *kept);

/* "2026-11-23T12:36:00.250Z", the query services' form. */
json_t *change_set_time(int64_t wall_ms);

#endif
