#include "aws/ecr.h"
#include "base/cleanup.h"
#include "base/sanitize.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "data/json.h"
#include "docker/config.h"
#include "docker/helper.h"
#include "docker/registry.h"
#include "sys/proc.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

struct login_args {
	const char *registry;
	bool store;
	bool dry_run;
};

/* Docker will look for the helper in its own PATH, which is most likely this one. */
static int check_helper(struct error *err)
{
	CLEANUP_FREE char *path = proc_find("docker-credential-" HELPER_NAME);
	char self[PATH_MAX] = "deployer";
	ssize_t len;

	if (path)
		return 0;
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len > 0)
		self[len] = '\0';
	error_set(err, ERROR_TOOL, "docker-credential-" HELPER_NAME " is not in PATH");
	return error_fix(err,
			 "sudo ln -s %s /usr/local/bin/docker-credential-" HELPER_NAME
			 ", or use --store",
			 self);
}

/* A token that the registry does not take is no login. */
static int check_token(struct app *app, const struct ecr_authorization *authorization,
		       struct error *err)
{
	const struct registry registry = { .http = app_http(app),
					   .url = authorization->proxy_endpoint.buf,
					   .username = authorization->username.buf,
					   .password = &authorization->password };

	return registry_check(&registry, err);
}

static int keep(struct app *app, bool store, const char *host,
		const struct ecr_authorization *authorization, struct error *err)
{
	const struct docker_login login = { .host = host,
					    .username = authorization->username.buf,
					    .password = &authorization->password,
					    .helper = HELPER_NAME };

	if (store)
		return docker_config_store(&app->env, &login, err);
	return docker_config_set_helper(&app->env, host, HELPER_NAME, err);
}

static void print_json(const struct app *app, const char *host, bool store, const char *end)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	str_adds(&text, "{\"registry\": ");
	json_quote(&text, host);
	str_addf(&text, ", \"method\": \"%s\", \"tokenEnds\": ", store ? "store" : "helper");
	if (store && *end)
		json_quote(&text, end);
	else
		str_adds(&text, "null");
	(void)fprintf(app->out, "%s}\n", text.buf);
}

static void print_text(const struct app *app, const char *host, bool store, const char *end)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	str_adds(&text, "docker is logged in to ");
	sanitize_text(&text, host);
	if (store && *end)
		str_addf(&text, " until %s", end);
	else if (!store)
		str_adds(&text,
			 ": docker-credential-" HELPER_NAME " gets a token each time it is needed");
	(void)fprintf(app->out, "%s\n", text.buf);
}

static void print(const struct app *app, const char *host, bool store,
		  const struct ecr_authorization *authorization)
{
	CLEANUP(str_release) struct str end = STR_INIT;

	/* A time that is over already is none: some stand-ins for AWS send one. */
	if (authorization->expires_ms > app->clock->wall_ms(app->clock))
		clock_format_rfc3339(authorization->expires_ms, &end);
	if (app_wants_json(app))
		print_json(app, host, store, end.buf);
	else
		print_text(app, host, store, end.buf);
}

static int login_run(struct app *app, const void *args, char **operands, struct error *err)
{
	const struct login_args *a = args;
	CLEANUP(ecr_authorization_release)
	struct ecr_authorization authorization = ECR_AUTHORIZATION_INIT;
	CLEANUP(str_release) struct str host = STR_INIT;
	struct aws_client *client;

	(void)operands;
	if (!a->store && check_helper(err) < 0)
		return -1;
	if (app_aws(app, &client, err) < 0 ||
	    ecr_get_authorization_for(client, a->registry, &authorization, err) < 0)
		return -1;
	url_host(authorization.proxy_endpoint.buf, &host);
	if (check_token(app, &authorization, err) < 0)
		return -1;
	if (a->dry_run) {
		report_result(app->report,
			      a->store ? "would keep the token of '%s' where docker does"
				       : "would name " HELPER_NAME " as docker's helper for '%s'",
			      host.buf);
		return 0;
	}
	if (keep(app, a->store, host.buf, &authorization, err) < 0)
		return -1;
	print(app, host.buf, a->store, &authorization);
	return 0;
}

static const struct opt opts[] = {
	OPT(struct login_args, registry, 0, "registry", "ACCOUNT",
	    "log in to the registry of another account"),
	OPT(struct login_args, store, 0, "store", NULL,
	    "write the token where docker keeps its passwords, for about 12 hours"),
	OPT_DRY_RUN(struct login_args),
	OPT_END,
};

const struct cmd cmd_login = {
	.name = "login",
	.group = "Pipeline",
	.summary = "let plain docker use the account's registry",
	.details =
		"deployer itself needs no login: it gets a token when it publishes, and keeps it "
		"in "
		"memory. This is for docker pull, docker push and docker compose by hand.\n\n"
		"Names docker-credential-deployer, this program's other name, as the credential "
		"helper of the registry in docker's config.json: docker then asks for a token "
		"whenever it needs one, and none is written anywhere; one that lies there in clear "
		"goes. With --store the token is written instead, as docker login does. In both "
		"cases the registry has accepted the token before anything is written, and "
		"everything else in config.json stays as it is, byte for byte.",
	.operands = "",
	.opts = opts,
	.args_size = sizeof(struct login_args),
	.run = login_run,
};
