#include "base/cleanup.h"
#include "deploy/run.h"
#include "docker/direct.h"

#include <string.h>

static int login_again(void *ctx, struct registry *ret, struct error *err)
{
	struct run *run = ctx;

	if (run_authorize(run, err) < 0)
		return -1;
	*ret = run_registry(run);
	return 0;
}

static bool is_wanted(const struct run *run)
{
	return run->pipeline->direct ||
	       strcmp(config_text(run->pipeline->config, CONFIG_PUBLISH_DIRECT), "true") == 0;
}

int run_push_direct(struct run *run, const struct engine_image *image, bool *ret_is_done,
		    struct str *ret_digest, struct error *err)
{
	const struct pipeline *pipeline = run->pipeline;
	struct direct_push push = {
		.engine = run->engine,
		.registry = run_registry(run),
		.name = run->repository_name.buf,
		.tag = run->version.tag.buf,
		.image = image,
		.tags = config_list(pipeline->config, CONFIG_PUBLISH_TAGS),
		.clock = pipeline->clock,
		.report = pipeline->report,
		.login = login_again,
		.ctx = run,
	};
	bool is_compressed = false;

	*ret_is_done = false;
	if (!is_wanted(run))
		return 0;
	if (engine_keeps_compressed(run->engine, &is_compressed, err) < 0)
		return -1;
	if (is_compressed) {
		report_note(pipeline->report, "this Engine keeps layers compressed: it pushes the "
					      "image itself");
		return 0;
	}
	if (direct_push(&push, ret_digest, err) < 0)
		return -1;
	*ret_is_done = true;
	return 0;
}
