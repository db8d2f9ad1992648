#ifndef STACK_PARAMETER_DIFF_H
#define STACK_PARAMETER_DIFF_H

#include "stack/parameters.h"
#include "stack/template.h"

/* What a deployment would do to a parameter. */
enum parameter_state {
	PARAMETER_SAME,
	PARAMETER_CHANGES,
	PARAMETER_NEW,	   /* the stack has no such parameter yet */
	PARAMETER_REMOVED, /* the stack has it, the template not */
	PARAMETER_UNKNOWN, /* the file has it, the template not: refused */
	PARAMETER_MISSING, /* no value anywhere: refused */
	PARAMETER_HIDDEN,  /* NoEcho: nobody can tell */
	PARAMETER_INDIRECT /* the file has a name of Parameter Store, the stack what it stood for */
};

/* What file, stack and template say; NULL where one says nothing, "****" where nobody may see it.
 */
struct parameter_row {
	char *name;
	char *in_file;
	char *in_stack;
	char *by_default;
	enum parameter_state state;
};

struct parameter_rows {
	size_t count;
	struct parameter_row *items;
};

#define PARAMETER_ROWS_INIT                                                                        \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

void parameter_rows_release(struct parameter_rows *rows);
const char *parameter_state_name(enum parameter_state state);

/*
 * Holds a parameter file against the live stack and the template's defaults: the template's
 * parameters in their order, then what else the file has, then what else the stack has. live NULL:
 * there is no stack. As in a deployment, what the file leaves out keeps its live value.
 */
void parameter_diff(const struct stack_template *template, const struct parameter_file *file,
		    const struct cfn_parameters *live, struct parameter_rows *ret);

#endif
