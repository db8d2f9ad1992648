#ifndef CMD_APP_H
#define CMD_APP_H

#include "aws/client.h"
#include "base/clock.h"
#include "base/env.h"
#include "base/error.h"
#include "base/report.h"
#include "base/secret.h"
#include "base/strv.h"
#include "cmd/cmd.h"
#include "deploy/config.h"
#include "deploy/pipeline.h"
#include "net/http.h"

#include <stdio.h>

/* The options that every command takes, before or after its name. */
struct global_args {
	const char *dir;
	const char *config;
	const char *environment;
	const char *profile;
	const char *region;
	const char *endpoint_url;
	const char *output;
	const char *record;
	bool color;
	bool live;
	bool verbose;
	bool quiet;
	bool help;
	bool version;
};

/*
 * What a command is handed: streams, time, environment and the global options, and the parts of the
 * library that need them, made when first asked for and released by app_release(). Tests hand in
 * memory streams and fakes.
 */
struct app {
	const struct program *program;
	const struct cmd *cmd; /* that runs */
	const char *previous;  /* of several environments, the one that is done; or NULL */
	FILE *out;	       /* data */
	FILE *talk;	       /* everything else */
	struct env env;
	struct clock *clock;
	struct report *report;
	struct global_args global;
	struct strv closing; /* the last lines of text, after an error too */
	int exit_status;     /* of a program run for the user: ours too, where no error is set */
	struct http *http_;
	struct aws_client *aws_;
	struct config config_;
	bool has_config_;
	void (*free_report_)(struct report *report);
};

void app_release(struct app *app);

/* Whether --output json was given. */
bool app_wants_json(const struct app *app);

/* The HTTP transport, and the client of AWS on top of it. Borrowed from the app. */
struct http *app_http(struct app *app);
int app_aws(struct app *app, struct aws_client **ret_client, struct error *err);

/* The project's settings, read once. Borrowed from the app. */
int app_config(struct app *app, const struct config **ret_config, struct error *err);

/* An environment beside the app's own: its settings, and a client and a transport of its own. */
struct app_place {
	struct config config;
	struct http *http;
	struct aws_client *client;
};

#define APP_PLACE_INIT                                                                             \
	{                                                                                          \
		.config = CONFIG_INIT                                                              \
	}

/* `environment` NULL: the top-level settings. To be released before the app's report. */
int app_open_place(struct app *app, const char *environment, struct app_place *ret,
		   struct error *err);
void app_place_release(struct app_place *place);

/* Fills in all of a pipeline but its stages and its version. */
int app_pipeline(struct app *app, struct pipeline *pipeline, struct error *err);

/*
 * Runs the stages that `pipeline` has set, with everything else of it filled in from the app, and
 * keeps the record of it (cmd/record.c): a new one of the project's, or the file of --record, which
 * goes on where an earlier step of the same release began it. What `deployer test`, `publish`,
 * `deploy` and `release` share. Of a dry run there is no record.
 */
int app_run_pipeline(struct app *app, struct pipeline *pipeline, struct error *err);

extern const struct opt global_opts[];
extern const struct program program_deployer;

/*
 * Fills the app with the real world and makes the process fit for credentials: no core dumps, no
 * tracing by others, signals remembered. Released by app_release().
 */
void app_init(struct app *app, const struct program *program);

/* Has the log of a CI job mask a value from here on, where the service can (ui/pipeline_log.h). */
void app_mask(const struct app *app, const struct secret *value);

/* Appends '"error": {...}', a member of a JSON object. */
void app_error_json(const struct error *err, struct str *out);

/* Prints an error with its remedy to app->talk, in the form that --output asks for. */
void app_print_error(const struct app *app, const struct error *err);

/*
 * Plays docker-credential-deployer, the program's other name: what a docker CLI starts to get a
 * registry's credentials. Returns the exit status.
 */
int credential_helper_main(int argc, char **argv);

/*
 * Runs a program: parses the command line, sets up the app, runs the command, prints its error with
 * the remedy, checks that stdout could be written, and returns the exit status.
 */
int app_main(const struct program *program, int argc, char **argv);

#endif
