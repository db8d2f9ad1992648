#ifndef STACK_PARAMETERS_SAMCONFIG_H
#define STACK_PARAMETERS_SAMCONFIG_H

#include "data/assignments.h"

/* Whether the text has a table of parameters in it, [ENVIRONMENT.COMMAND.parameters]. */
bool samconfig_recognise(const char *text, size_t len);

/*
 * Reads parameter_overrides of a samconfig.toml: of [ENVIRONMENT.deploy.parameters], else of
 * [ENVIRONMENT.global.parameters]; NULL is SAM's "default". It is a string of "Key=Value
 * Key=Value", or a list of them; values may be in quotation marks, and
 * "ParameterKey=K,ParameterValue=V" is taken, too. What SAM's own patterns (samcli/cli/types.py)
 * pass over silently is ERROR_CONFIG, as is a file without parameter_overrides for that
 * environment.
 */
int samconfig_read(const char *text, size_t len, const char *environment, struct assignments *ret,
		   struct error *err);

/*
 * The last string of the overrides that samconfig_read() reads, with its quotation marks.
 * *ret_is_item: it stands in a list. False where there is none.
 */
bool samconfig_find_last(const char *text, size_t len, const char *environment, struct slice *ret,
			 bool *ret_is_item);

#endif
