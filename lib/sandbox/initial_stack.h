#ifndef SANDBOX_INITIAL_STACK_H
#define SANDBOX_INITIAL_STACK_H

#include "sandbox/sandbox.h"

/*
 * Makes the stacks that the scenario wants to be there at the start and that are not yet.
 * ERROR_CONFIG naming the entry whose template or parameters are wrong.
 */
int initial_stack_make_all(struct sandbox *sandbox, struct error *err);

#endif
