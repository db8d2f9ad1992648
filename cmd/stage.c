#include "cmd/stage.h"

const struct opt stage_opts[] = {
	OPT(struct stage_args, tag, 't', "tag", "TAG", "use TAG instead of the commit's hash"),
	OPT(struct stage_args, allow_dirty, 0, "allow-dirty", NULL,
	    "go on although files differ from the commit"),
	OPT_DRY_RUN(struct stage_args),
	OPT_END,
};

int stage_run(struct app *app, const struct stage_args *args, enum stage stage, struct error *err)
{
	struct pipeline pipeline = { .version = args->tag,
				     .allow_dirty = args->allow_dirty,
				     .dry_run = args->dry_run };

	pipeline.stages[stage] = true;
	return app_run_pipeline(app, &pipeline, err);
}
