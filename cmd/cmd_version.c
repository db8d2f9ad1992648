#include "base/cleanup.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "deploy/version.h"

struct version_args {
	bool json;
	bool allow_dirty;
};

static const struct opt opts[] = {
	OPT(struct version_args, json, 0, "json", NULL, "print {\"Version\": \"...\"}"),
	OPT(struct version_args, allow_dirty, 0, "allow-dirty", NULL,
	    "name the uncommitted changes too, as 'deployer release --allow-dirty' would"),
	OPT_END,
};

/* To ask is not to release: the question is answered whatever the working tree looks like. */
static int find(const struct app *app, bool allow_dirty, struct version *ret, struct error *err)
{
	const struct version_request request = {
		.dir = ".",
		.env = &app->env,
		.allow_dirty = true,
	};
	const struct revision *revision = &ret->revision;

	if (version_find(&request, ret, err) < 0)
		return -1;
	if (ret->is_given || !revision->is_dirty)
		return 0;
	report_warning(app->report, "the working tree differs from the commit: %s",
		       revision->dirty_paths.buf);
	if (!allow_dirty)
		str_cut(&ret->tag, revision->short_id.len);
	return 0;
}

static int version_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct version_args *args = args_;
	CLEANUP(version_release) struct version version = VERSION_INIT;

	(void)operands;
	if (find(app, args->allow_dirty, &version, err) < 0)
		return -1;
	/* A tag needs no escapes. */
	if (args->json || app_wants_json(app))
		(void)fprintf(app->out, "{\"Version\": \"%s\"}\n", version.tag.buf);
	else
		(void)fprintf(app->out, "%s\n", version.tag.buf);
	return 0;
}

const struct cmd cmd_version = {
	.name = "version",
	.group = "Pipeline",
	.summary = "print the version that would be released",
	.details = "APP_VERSION of the environment, or the short hash of the commit, as git "
		   "rev-parse --short HEAD prints it where core.abbrev is not set.\n"
		   "\n"
		   "With --allow-dirty, a working tree that differs from the commit is named "
		   "HASH-dirty.CHANGES.",
	.operands = "",
	.opts = opts,
	.args_size = sizeof(struct version_args),
	.run = version_run,
};
