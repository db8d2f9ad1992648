#include "base/cleanup.h"
#include "base/mem.h"
#include "deploy/run.h"
#include "docker/image.h"

#include <string.h>

struct registry run_registry(const struct run *run)
{
	return (struct registry){
		.http = run->pipeline->http,
		.url = run->authorization.proxy_endpoint.buf,
		.username = run->authorization.username.buf,
		.password = &run->authorization.password,
	};
}

/* The checks have been in: what is left is to say as whom, and where to. */
int stage_login(struct run *run, struct error *err)
{
	(void)err;
	report_result(run->pipeline->report, "%s in account %s, registry %s", run->identity.arn.buf,
		      run->identity.account.buf, run->authorization.proxy_endpoint.buf);
	return 0;
}

/* The image that the release stage built, as compose names it. */
static const char *local_image(const struct run *run)
{
	const struct config *config = run->pipeline->config;
	const struct compose_service *app =
		compose_config_find(&run->services, config_text(config, CONFIG_SERVICE_APP));

	return app && *app->image ? app->image : config_text(config, CONFIG_IMAGE);
}

static int find_local(const struct run *run, struct error *err)
{
	CLEANUP(engine_image_release) struct engine_image image = ENGINE_IMAGE_INIT;

	if (engine_inspect_image(run->engine, local_image(run), &image, err) == 0)
		return 0;
	if (!error_has_code(err, "NotFound"))
		return -1;
	error_become(err, ERROR_PUBLISH);
	return error_fix(err, "build it first: deployer test && deployer release --only release");
}

/* What the registry has must be what was pushed, or it was not published. */
static int verify(struct run *run, const char *pushed, struct error *err)
{
	struct registry registry = run_registry(run);

	if (registry_digest(&registry, run->repository_name.buf, run->version.tag.buf, &run->digest,
			    err) < 0)
		return error_wrap(err, "verifying what was pushed");
	if (strcmp(run->digest.buf, pushed) == 0)
		return 0;
	return error_set(err, ERROR_PUBLISH, "tag %s is %s in the registry, but %s was pushed",
			 run->version.tag.buf, run->digest.buf, pushed);
}

static int push(struct run *run, struct error *err)
{
	CLEANUP(str_release) struct str host = STR_INIT;
	CLEANUP(str_release) struct str pushed = STR_INIT;
	const char *uri = run->repository.uri.buf;
	struct engine_push what = {
		.repository = uri,
		.tag = run->version.tag.buf,
		.auth = { .username = run->authorization.username.buf,
			  .password = &run->authorization.password },
		.report = run->pipeline->report,
	};

	url_host(run->authorization.proxy_endpoint.buf, &host);
	what.auth.server = host.buf;
	if (find_local(run, err) < 0 ||
	    engine_tag_image(run->engine, local_image(run), uri, run->version.tag.buf, err) < 0 ||
	    engine_push(run->engine, &what, &pushed, err) < 0)
		return -1;
	return verify(run, pushed.buf, err);
}

/* Moves a further tag to the digest, unless it is there already. */
static int move_tag(struct run *run, const char *tag, struct error *err)
{
	CLEANUP(str_release) struct str now = STR_INIT;
	struct registry registry = run_registry(run);
	const char *name = run->repository_name.buf;

	if (registry_digest(&registry, name, tag, &now, err) == 0) {
		if (strcmp(now.buf, run->digest.buf) == 0)
			return 0;
	} else if (error_has_code(err, "NotFound")) {
		error_release(err);
	} else {
		return -1;
	}
	if (run->repository.is_immutable && now.len) {
		report_warning(run->pipeline->report,
			       "tag %s stays at %s: the repository is immutable", tag, now.buf);
		return 0;
	}
	if (registry_tag(&registry, name, run->digest.buf, tag, err) < 0)
		return -1;
	report_result(run->pipeline->report, "%s:%s moved to it", run->repository.uri.buf, tag);
	return 0;
}

static int move_tags(struct run *run, struct error *err)
{
	const struct strv *tags = config_list(run->pipeline->config, CONFIG_PUBLISH_TAGS);

	for (size_t i = 0; i < tags->count; i++) {
		if (strcmp(tags->v[i], run->version.tag.buf) != 0 &&
		    move_tag(run, tags->v[i], err) < 0)
			return error_wrap(err, "%s is published; moving tag '%s'",
					  run->version.tag.buf, tags->v[i]);
	}
	return 0;
}

static int publish(struct run *run, struct error *err)
{
	const char *uri = run->repository.uri.buf;
	const char *tag = run->version.tag.buf;

	if (run->is_published) {
		report_result(run->pipeline->report, "%s:%s is there already: %s", uri, tag,
			      run->digest.buf);
	} else {
		if (push(run, err) < 0)
			return -1;
		report_result(run->pipeline->report, "%s:%s published: %s", uri, tag,
			      run->digest.buf);
	}
	return move_tags(run, err);
}

int stage_publish(struct run *run, struct error *err)
{
	if (publish(run, err) == 0)
		return 0;
	if (err->kind == ERROR_REMOTE || err->kind == ERROR_NETWORK || err->kind == ERROR_CHILD)
		error_become(err, ERROR_PUBLISH);
	return -1;
}
