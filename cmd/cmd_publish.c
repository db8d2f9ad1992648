#include "cmd/app.h"
#include "cmd/commands.h"

struct publish_args {
	const char *tag;
	bool allow_dirty;
	bool rebuild;
	bool create;
	bool direct;
	bool dry_run;
};

static const struct opt opts[] = {
	OPT(struct publish_args, tag, 't', "tag", "TAG", "use TAG instead of the commit's hash"),
	OPT(struct publish_args, allow_dirty, 0, "allow-dirty", NULL,
	    "go on although files differ from the commit"),
	OPT(struct publish_args, rebuild, 0, "rebuild", NULL,
	    "replace what is published by what was built here"),
	OPT(struct publish_args, create, 0, "create", NULL, "make a repository that is missing"),
	OPT(struct publish_args, direct, 0, "direct", NULL,
	    "compress and upload without the Engine: a large image's first push is faster"),
	OPT_DRY_RUN(struct publish_args),
	OPT_END,
};

static int publish_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct publish_args *args = args_;
	struct pipeline pipeline = {
		.version = args->tag,
		.allow_dirty = args->allow_dirty,
		.rebuild = args->rebuild,
		.create = args->create,
		.direct = args->direct,
		.dry_run = args->dry_run,
	};

	(void)operands;
	pipeline.stages[STAGE_PUBLISH] = true;
	return app_run_pipeline(app, &pipeline, err);
}

const struct cmd cmd_publish = {
	.name = "publish",
	.group = "Pipeline",
	.summary = "push the image that was built, under its tags",
	.details = "The image goes to the repository that ECR names, with the credential in memory "
		   "only; the digest in the registry is compared with what was pushed. An image "
		   "that is there already is not pushed again.\n"
		   "\n"
		   "With --direct, or publish.direct in deployer.yml, the image is exported from "
		   "the Engine, compressed on all processors and uploaded from here: only what the "
		   "registry lacks. It pulls as the same image. The first push of a large image is "
		   "about twice as fast so; where one layer or none changed, the Engine is.",
	.operands = "",
	.opts = opts,
	.args_size = sizeof(struct publish_args),
	.run = publish_run,
};
