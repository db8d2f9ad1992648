#include "base/cleanup.h"
#include "cmd/sandbox/commands.h"
#include "cmd/sandbox/session.h"
#include "sys/interrupt.h"

#include <stdint.h>
#include <string.h>

#define SAVE_EVERY_MS 1000

/* 'value' for a shell; no value here holds a quote but by way of NO_PROXY. */
static void print_quoted(FILE *out, const char *value)
{
	(void)fputc('\'', out);
	for (; *value; value++) {
		if (*value == '\'')
			(void)fputs("'\\'", out);
		(void)fputc(*value, out);
	}
	(void)fputs("'\n", out);
}

static void print_environment(const struct app *app, const struct session *session)
{
	CLEANUP(strv_release) struct strv env = STRV_INIT;

	session_environment(app, session, &env);
	for (size_t i = 0; i < env.count; i++) {
		const char *eq = strchr(env.v[i], '=');

		if (!eq) {
			(void)fprintf(app->out, "unset %s\n", env.v[i]);
			continue;
		}
		(void)fprintf(app->out, "export %.*s=", (int)(eq - env.v[i]), env.v[i]);
		print_quoted(app->out, eq + 1);
	}
	(void)fflush(app->out);
}

static int serve_run(struct app *app, const void *args, char **operands, struct error *err)
{
	CLEANUP(session_release) struct session session = SESSION_INIT;
	int result = 0;

	(void)operands;
	if (session_start(app, args, &session, err) < 0)
		return -1;
	print_environment(app, &session);
	while (result == 0 && !interrupt_pending()) {
		app->clock->sleep_ms(app->clock, SAVE_EVERY_MS);
		(void)pthread_mutex_lock(&session.sandbox->lock);
		result = sandbox_save(session.sandbox, err);
		(void)pthread_mutex_unlock(&session.sandbox->lock);
	}
	return result < 0 ? -1 : session_stop(app, &session, err);
}

const struct cmd cmd_serve = {
	.name = "serve",
	.group = "Sandbox",
	.summary = "keep the sandbox running and print the environment to use it",
	.details = "  deployer-sandbox serve --state DIR >sandbox.env &\n"
		   "  . ./sandbox.env\n\n"
		   "Ends on SIGINT or SIGTERM, and says what was called.",
	.operands = "",
	.opts = session_opts,
	.args_size = sizeof(struct session_args),
	.run = serve_run,
};
