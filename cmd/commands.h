#ifndef CMD_COMMANDS_H
#define CMD_COMMANDS_H

#include "cmd/cmd.h"

/* One a file, cmd/cmd_NAME.c. Sorted by name, as in the table of cmd/commands.c. */
extern const struct cmd cmd_bump;
extern const struct cmd cmd_check;
extern const struct cmd cmd_clean;
extern const struct cmd cmd_completion;
extern const struct cmd cmd_config;
extern const struct cmd cmd_credentials;
extern const struct cmd cmd_deploy;
extern const struct cmd cmd_diagnose;
extern const struct cmd cmd_doctor;
extern const struct cmd cmd_help;
extern const struct cmd cmd_history;
extern const struct cmd cmd_iam;
extern const struct cmd cmd_init;
extern const struct cmd cmd_login;
extern const struct cmd cmd_logout;
extern const struct cmd cmd_params_diff;
extern const struct cmd cmd_plan;
extern const struct cmd cmd_promote;
extern const struct cmd cmd_publish;
extern const struct cmd cmd_recover;
extern const struct cmd cmd_release;
extern const struct cmd cmd_report;
extern const struct cmd cmd_rollback;
extern const struct cmd cmd_secrets_diff;
extern const struct cmd cmd_secrets_edit;
extern const struct cmd cmd_secrets_get;
extern const struct cmd cmd_secrets_import;
extern const struct cmd cmd_secrets_list;
extern const struct cmd cmd_secrets_put;
extern const struct cmd cmd_secrets_run;
extern const struct cmd cmd_sso_login;
extern const struct cmd cmd_status;
extern const struct cmd cmd_test;
extern const struct cmd cmd_version;
extern const struct cmd cmd_watch;
extern const struct cmd cmd_whoami;

#endif
