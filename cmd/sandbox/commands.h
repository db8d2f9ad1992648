#ifndef CMD_SANDBOX_COMMANDS_H
#define CMD_SANDBOX_COMMANDS_H

#include "cmd/cmd.h"

/* One a file, cmd/sandbox/cmd_NAME.c. Sorted by name, as in the table of cmd/sandbox/commands.c. */
extern const struct cmd cmd_run;
extern const struct cmd cmd_serve;

extern const struct program program_sandbox;

#endif
