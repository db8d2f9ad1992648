/*
 * deployer-entrypoint [--init] COMMAND [ARGUMENT...]: what a container starts instead of its
 * application. It reads the secrets that the environment names, puts them into the environment and
 * becomes the application. lib/secrets/settings.h has what it is told by.
 */
#include "aws/client.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sanitize.h"
#include "cmd/entrypoint/init.h"
#include "net/http_tls.h"
#include "secrets/await.h"
#include "secrets/environment.h"
#include "secrets/environment_file.h"
#include "secrets/fetch.h"
#include "secrets/settings.h"
#include "sys/file.h"
#include "sys/interrupt.h"

#include <errno.h>
#include <sys/prctl.h>
#include <unistd.h>

#define NAME	       "deployer-entrypoint"
#define OWN_FAILURE    125
#define MAX_THREADS    4 /* each has a connection of its own */
#define MAX_FILE_BYTES (1UL << 20)
#define SHELL	       "/bin/sh"

/* What a start is made of. Released by the end of the process alone: a thread may still use it. */
struct start {
	struct env env;
	struct secrets_settings settings;
	struct secrets_rules rules;
	struct secrets_variables variables;
	char *commands; /* the file for the shell, NULL: there is none */
	char *program;	/* what args[0] means */
	char **args;
	int status;
};

/* ---- telling ---- */

static void say(const char *kind, const char *text)
{
	CLEANUP(str_release) struct str line = STR_INIT;

	str_addf(&line, NAME ": %s", kind);
	sanitize_text(&line, text);
	(void)fprintf(stderr, "%s\n", line.buf);
}

static void emit(struct report *report, const struct report_event *event)
{
	(void)report;
	if (event->kind == REPORT_WARNING || event->kind == REPORT_NOTE)
		say(event->kind == REPORT_WARNING ? "warning: " : "", event->text);
}

/* Names only, and in the words of the script that this program stands in for. */
static void announce(const struct secrets_references *references)
{
	CLEANUP(str_release) struct str line = STR_INIT;

	str_adds(&line, "Processing secrets [");
	for (size_t i = 0; i < references->count; i++)
		str_addf(&line, "%s%s", i ? " " : "", references->items[i].text);
	str_adds(&line, "]...");
	(void)printf("%s\n", line.buf);
	(void)fflush(stdout);
}

/* The library's own remedies are for a person at a prompt. */
static const char *remedy_of(const struct error *err)
{
	if (error_has_code(err, AWS_CODE_NO_CREDENTIALS))
		return "give the task a role (TaskRoleArn), the pod a service account with one, or "
		       "the instance a profile";
	if (error_has_code(err, AWS_CODE_NO_REGION))
		return "set AWS_REGION in the container's environment";
	return err->fix.buf;
}

static int fail(const struct start *start, const struct error *err)
{
	const char *remedy = remedy_of(err);

	say("", err->msg.buf);
	if (*remedy) {
		CLEANUP(str_release) struct str line = STR_INIT;

		sanitize_text(&line, remedy);
		(void)fprintf(stderr, "  -> %s\n", line.buf);
	}
	if (err->kind == ERROR_SIGNAL)
		return error_exit_status(err);
	return start->status ? start->status : OWN_FAILURE;
}

/* ---- before anything is asked for ---- */

static int read_init_environment(struct start *start, struct secrets_variables *ret,
				 struct error *err)
{
	CLEANUP_FREE char *path = file_join(start->settings.init_dir, "environment");
	CLEANUP(str_wipe) struct str text = STR_INIT;

	if (!file_exists(path))
		return 0;
	if (file_read(path, MAX_FILE_BYTES, &text, err) < 0)
		return -1;
	return secrets_environment_read(path, text.buf, text.len, &start->rules, ret, err);
}

static int find_commands(struct start *start, struct error *err)
{
	CLEANUP_FREE char *path = file_join(start->settings.init_dir, "commands");

	if (!file_exists(path))
		return 0;
	if (access(SHELL, X_OK) < 0) {
		error_set(err, ERROR_CONFIG, "'%s' needs a shell, and there is no " SHELL, path);
		return error_fix(err, "remove the file, or add a shell to the image");
	}
	start->commands = move_ptr(path);
	return 0;
}

/* A wrong command is found before a secret is asked for. */
static int check_command(struct start *start, const struct secrets_variables *file,
			 struct error *err)
{
	const struct secrets_variable *path = secrets_variables_find(file, "PATH");

	if (!start->args[0]) {
		error_set(err, ERROR_USAGE, "no command to start");
		return error_fix(err, "give one: CMD in the Dockerfile, or command in the task "
				      "definition");
	}
	return secrets_find_program(start->args[0],
				    path ? secret_bytes(&path->value)
					 : env_get_raw(&start->env, "PATH"),
				    &start->program, &start->status, err);
}

/* ---- asking ---- */

static int fetch(void *ctx, struct error *err)
{
	struct start *start = ctx;
	static const struct aws_options options = { .no_cache = true };
	const char *roots = env_get(&start->env, "SSL_CERT_FILE");
	struct http *https[MAX_THREADS] = { NULL };
	size_t count = start->settings.references.count;
	struct aws_client *client = NULL;
	int result;

	if (count > MAX_THREADS)
		count = MAX_THREADS;
	for (size_t i = 0; i < count; i++)
		https[i] = http_tls_new(&system_clock, roots);
	result = aws_client_new(&options,
				&(struct aws_context){ .http = https[0],
						       .clock = &system_clock,
						       .env = &start->env,
						       .report = start->rules.report },
				&client, err);
	if (result == 0)
		result = secrets_collect(client, https, count, &start->settings.references,
					 &start->rules, &start->variables, err);
	aws_client_free(client);
	for (size_t i = 0; i < count; i++)
		http_tls_free(https[i]);
	return result;
}

static int get_secrets(struct start *start, struct error *err)
{
	if (start->settings.references.count == 0)
		return 0;
	announce(&start->settings.references);
	return secrets_await(fetch, start, start->settings.timeout_ms, err);
}

/* ---- becoming the application ---- */

/* The application is not to know that anybody was here. */
static int restore_signals(struct error *err)
{
	interrupt_restore();
	return interrupt_check("starting the application", err);
}

/* The shell takes the commands in and becomes the application itself, by the same process. */
static void wrap_in_shell(const struct start *start, struct strv *ret_args)
{
	strv_add_all(ret_args, SHELL, "-c", "set -e; . \"$0\"; exec \"$@\"", start->commands, NULL);
	strv_add(ret_args, start->program);
	for (char **arg = start->args + 1; *arg; arg++)
		strv_add(ret_args, *arg);
}

static int become(struct start *start, const struct strv *environment, struct error *err)
{
	CLEANUP(strv_release) struct strv shell = STRV_INIT;
	const char *program = start->program;
	char **args = start->args;

	if (start->commands) {
		wrap_in_shell(start, &shell);
		program = SHELL;
		args = strv_array(&shell);
	}
	if (secrets_environment_check(environment, args, err) < 0 || restore_signals(err) < 0)
		return -1;
	(void)execve(program, args, strv_array(environment));
	if (errno == E2BIG)
		return error_set_errno(err, errno, "cannot start '%s'", program);
	start->status = errno == ENOENT ? 127 : 126;
	return error_set_errno(err, errno, "cannot start '%s'", program);
}

static int run(struct start *start, struct error *err)
{
	CLEANUP(secrets_variables_release) struct secrets_variables file = SECRETS_VARIABLES_INIT;
	CLEANUP(strv_wipe) struct strv environment = STRV_INIT;

	if (secrets_settings_read(&start->env, &start->settings, err) < 0)
		return -1;
	start->rules.allowed = &start->settings.allowed;
	start->rules.skips_invalid = start->settings.skips_invalid;
	if (read_init_environment(start, &file, err) < 0 || find_commands(start, err) < 0 ||
	    check_command(start, &file, err) < 0 || get_secrets(start, err) < 0)
		return -1;
	for (size_t i = 0; i < file.count; i++) {
		if (secrets_variables_set(&start->variables, file.items[i].name,
					  &file.items[i].value, file.items[i].source, &start->rules,
					  err) < 0)
			return -1;
	}
	secrets_environment_merge(&start->env, &start->variables, start->settings.overrides,
				  &environment);
	return become(start, &environment, err);
}

/* ---- the command line ---- */

struct options {
	bool is_init;
	const char *answer; /* what is printed instead of starting anything */
};

static const char usage[] =
	"Usage: " NAME " [--init] [--] COMMAND [ARGUMENT...]\n"
	"\n"
	"Puts the secrets that SECRETS names into the environment, and becomes COMMAND.\n"
	"\n"
	"      --init      stay, hand signals on to COMMAND and reap what it leaves behind\n"
	"      --help      print this help\n"
	"      --version   print the version\n";

/* What begins with -- before the command is for this program; moves *args to the command. */
static int read_options(char ***args, struct options *ret, struct error *err)
{
	for (; **args && strncmp(**args, "--", 2) == 0; (*args)++) {
		const char *word = **args;

		if (strcmp(word, "--init") == 0) {
			ret->is_init = true;
		} else if (strcmp(word, "--version") == 0) {
			ret->answer = NAME " " DEPLOYER_VERSION "\n";
		} else if (strcmp(word, "--help") == 0) {
			ret->answer = usage;
		} else if (strcmp(word, "--") == 0) {
			(*args)++;
			return 0;
		} else {
			error_set(err, ERROR_USAGE, "'%s' is no option", word);
			return error_fix(err, "write -- before a command of that name");
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct report report = { .emit = emit };
	struct options options = { .answer = NULL };
	struct start start = {
		.env = { environ },
		.settings = SECRETS_SETTINGS_INIT,
		.rules = { .report = &report },
		.variables = SECRETS_VARIABLES_INIT,
		.args = argv + (argc > 0),
	};
	int status = 0;

	file_hold_standard();
	if (read_options(&start.args, &options, &err) < 0)
		return fail(&start, &err);
	if (options.answer)
		return fputs(options.answer, stdout) < 0 || fflush(stdout) ? OWN_FAILURE : 0;
	/* Nobody of the same user looks on while there are secrets; execve() makes it as it was. */
	(void)prctl(PR_SET_DUMPABLE, 0);
	if (options.is_init && !init_begin(&status, &err))
		_exit(err.kind == ERROR_NONE ? status : fail(&start, &err));
	interrupt_install();
	(void)run(&start, &err);
	/* Not exit(): a thread that was left behind may still be at work. */
	_exit(fail(&start, &err));
}
