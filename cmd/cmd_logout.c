#include "base/cleanup.h"
#include "base/sanitize.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "data/json.h"
#include "docker/config.h"
#include "docker/helper.h"

/* The user of every ECR token. */
#define USERNAME "AWS"

static int forget(struct app *app, const struct strv *hosts, struct strv *ret_forgotten,
		  struct error *err)
{
	for (size_t i = 0; i < hosts->count; i++) {
		bool changed = false;

		if (docker_config_forget(&app->env, hosts->v[i], HELPER_NAME, &changed, err) < 0)
			return -1;
		if (changed)
			strv_add(ret_forgotten, hosts->v[i]);
	}
	return 0;
}

static void print(const struct app *app, const struct strv *hosts)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	if (app_wants_json(app)) {
		str_adds(&text, "{\"registries\": [");
		for (size_t i = 0; i < hosts->count; i++) {
			str_adds(&text, i ? ", " : "");
			json_quote(&text, hosts->v[i]);
		}
		str_adds(&text, "]}\n");
	} else if (hosts->count == 0) {
		str_adds(&text, "docker was not logged in\n");
	}
	for (size_t i = 0; !app_wants_json(app) && i < hosts->count; i++) {
		str_adds(&text, "docker is logged out of ");
		sanitize_text(&text, hosts->v[i]);
		str_addc(&text, '\n');
	}
	(void)fputs(text.buf, app->out);
}

struct logout_args {
	bool dry_run;
};

static int logout_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct logout_args *args = args_;
	CLEANUP(strv_release) struct strv hosts = STRV_INIT;
	CLEANUP(strv_release) struct strv forgotten = STRV_INIT;

	for (; *operands; operands++)
		strv_add(&hosts, *operands);
	if (hosts.count == 0 &&
	    docker_config_hosts(&app->env, HELPER_NAME, USERNAME, &hosts, err) < 0)
		return -1;
	for (size_t i = 0; args->dry_run && i < hosts.count; i++)
		report_result(app->report, "would log docker out of '%s'", hosts.v[i]);
	if (args->dry_run)
		return 0;
	if (forget(app, &hosts, &forgotten, err) < 0)
		return -1;
	print(app, &forgotten);
	return 0;
}

static const struct opt opts[] = {
	OPT_DRY_RUN(struct logout_args),
	OPT_END,
};

const struct cmd cmd_logout = {
	.name = "logout",
	.group = "Pipeline",
	.summary = "undo login: take the registry out of docker's configuration",
	.details =
		"Takes out what 'deployer login' put into docker's config.json, with and without "
		"--store: the helper's entry and the stored token. Without a HOST, for every "
		"registry that the helper serves and every one with a stored token of ECR's. "
		"Nothing is asked of AWS.",
	.operands = "[HOST...]",
	.max_operands = -1,
	.opts = opts,
	.args_size = sizeof(struct logout_args),
	.run = logout_run,
};
