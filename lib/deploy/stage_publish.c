#include "base/cleanup.h"
#include "base/mem.h"
#include "deploy/record.h"
#include "deploy/run.h"
#include "docker/image.h"
#include "sys/interrupt.h"

#include <string.h>

/* Before a push that broke is made again. */
#define PUSH_PAUSE_MS 1000

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

/*
 * The image that the release stage built: under its own name of this run, by its id where an
 * earlier run of this release built it, or as compose names it.
 */
static const char *local_image(const struct run *run)
{
	const struct config *config = run->pipeline->config;
	const char *image = run_image(run, config_text(config, CONFIG_SERVICE_APP));

	if (!run->is_built && run_claims_image(run))
		return record_fact(run->pipeline->record, FACT_IMAGE);
	return *image ? image : config_text(config, CONFIG_IMAGE);
}

static int find_local(const struct run *run, struct engine_image *ret, struct error *err)
{
	if (engine_inspect_image(run->engine, local_image(run), ret, err) == 0)
		return 0;
	if (!error_has_code(err, "NotFound"))
		return -1;
	error_release(err);
	error_set(err, ERROR_PUBLISH, "there is no image '%s' here", local_image(run));
	error_set_code(err, "NotFound");
	return error_fix(err, "build it first: 'deployer release --until publish' does, and "
			      "publishes what passed the tests");
}

/* What was published is what the registry says it has: not knowing that has a code of its own. */
static int read_back(struct run *run, struct error *err)
{
	struct registry registry = run_registry(run);

	if (registry_digest(&registry, run->repository_name.buf, run->version.tag.buf, &run->digest,
			    err) == 0)
		return 0;
	(void)registry_mark_unseen(err);
	return error_wrap(err, "verifying what was pushed");
}

/* What the registry has must be what was pushed, or it was not published. */
static int verify(struct run *run, const char *pushed, struct error *err)
{
	if (read_back(run, err) < 0)
		return -1;
	if (strcmp(run->digest.buf, pushed) == 0)
		return 0;
	return error_set(err, ERROR_PUBLISH, "tag %s is %s in the registry, but %s was pushed",
			 run->version.tag.buf, run->digest.buf, pushed);
}

/* Whether the registry has, under the version's tag, the very image that is here. */
static int is_same_image(const struct run *run, bool *ret, struct error *err)
{
	CLEANUP(engine_image_release) struct engine_image image = ENGINE_IMAGE_INIT;
	struct registry registry = run_registry(run);

	if (find_local(run, &image, err) < 0)
		return -1;
	return registry_has_image(&registry, run->repository_name.buf, run->version.tag.buf,
				  image.id.buf, ret, err);
}

/* An immutable tag that somebody else has put there meanwhile is a success where it is this one. */
static int settle_immutable(struct run *run, struct error *err)
{
	CLEANUP(error_release) struct error other = ERROR_INIT;
	bool is_same = false;

	if (!error_has_code(err, "TagIsImmutable") || is_same_image(run, &is_same, &other) < 0 ||
	    !is_same)
		return error_fix(err, "commit anew: the repository keeps tag %s as it is",
				 run->version.tag.buf);
	error_release(err);
	return read_back(run, err);
}

/* Nothing that was said tells whether the registry has the tag. */
static bool is_open(const struct error *err)
{
	return err->kind == ERROR_NETWORK || err->kind == ERROR_REMOTE || err->kind == ERROR_BUSY;
}

/* Nothing is known to be wrong with the image, its name or the login: the way there broke. */
static bool is_broken(const struct error *err)
{
	return is_open(err) || (err->kind == ERROR_PUBLISH && !err->code[0]);
}

/*
 * The Engine broke off, or its registry did: the tag may have arrived. What it names tells, and
 * where that cannot be asked nobody knows (reliability rule R2).
 */
static int settle_push(struct run *run, struct error *err)
{
	CLEANUP(error_release) struct error other = ERROR_INIT;
	bool is_same = false;

	if (error_has_code(err, "TagIsImmutable"))
		return settle_immutable(run, err);
	if (!is_broken(err))
		return -1;
	if (is_same_image(run, &is_same, &other) == 0) {
		if (!is_same)
			return -1;
		error_release(err);
		return read_back(run, err);
	}
	if (!is_open(&other))
		return -1;
	error_wrap(err, "whether %s is in the registry is not known", run->version.tag.buf);
	error_set_code(err, "Unseen");
	return error_become(err, ERROR_PUBLISH);
}

/*
 * Engines send a layer again, and nothing else that breaks (facts: E10): the whole push once more,
 * of which only what has not arrived is sent.
 */
static int push_by_engine(struct run *run, const struct engine_push *what, struct str *ret_digest,
			  struct error *err)
{
	struct clock *clock = run->pipeline->clock;

	if (engine_push(run->engine, what, ret_digest, err) == 0)
		return 0;
	if (!is_broken(err))
		return -1;
	report_note(run->pipeline->report, "%s: trying again", err->msg.buf);
	error_release(err);
	clock->sleep_ms(clock, PUSH_PAUSE_MS);
	return engine_push(run->engine, what, ret_digest, err);
}

static int push(struct run *run, struct error *err)
{
	CLEANUP(engine_image_release) struct engine_image image = ENGINE_IMAGE_INIT;
	CLEANUP(str_release) struct str host = STR_INIT;
	CLEANUP(str_release) struct str pushed = STR_INIT;
	const char *uri = run->repository.uri.buf;
	bool is_done = false;
	struct engine_push what = {
		.repository = uri,
		.tag = run->version.tag.buf,
		.auth = { .username = run->authorization.username.buf,
			  .password = &run->authorization.password },
		.report = run->pipeline->report,
	};

	url_host(run->authorization.proxy_endpoint.buf, &host);
	what.auth.server = host.buf;
	if (find_local(run, &image, err) < 0 ||
	    engine_tag_image(run->engine, local_image(run), uri, run->version.tag.buf, err) < 0)
		return -1;
	if (run_push_direct(run, &image, &is_done, &pushed, err) < 0 ||
	    (!is_done && push_by_engine(run, &what, &pushed, err) < 0))
		return settle_push(run, err);
	return verify(run, pushed.buf, err);
}

/* Whether the stack that runs was told this tag. */
static int is_deployed(const struct run *run, bool *ret, struct error *err)
{
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;
	const struct config *config = run->pipeline->config;
	const char *name = config_text(config, CONFIG_STACK_NAME);
	const struct cfn_parameter *parameter;

	*ret = false;
	if (cfn_describe_stack(run->pipeline->client, name, &stack, err) < 0) {
		if (!error_has_code(err, "StackNotFound"))
			return error_wrap(err, "asking whether %s is deployed",
					  run->version.tag.buf);
		error_release(err);
		return 0;
	}
	parameter = cfn_parameters_find(&stack.parameters,
					config_text(config, CONFIG_STACK_TAG_PARAMETER));
	*ret = parameter && strcmp(parameter->value, run->version.tag.buf) == 0;
	return 0;
}

static int refuse_to_replace(const struct run *run, const char *why, struct error *err)
{
	const char *tag = run->version.tag.buf;

	error_set(err, ERROR_PUBLISH,
		  "%s:%s is published as %s, %s; what was built here from the same commit is "
		  "another image",
		  run->repository.uri.buf, tag, run->digest.buf, why);
	return error_fix(err, "run without --force to use the published one, commit anew, or "
			      "replace it with --rebuild");
}

/* The tag is there, with other bits than those that were built: nobody may be running them. */
static int may_replace(struct run *run, bool was_published, struct error *err)
{
	bool is_live = false;

	if (run->pipeline->rebuild) {
		report_warning(run->pipeline->report, "%s was %s: it is replaced",
			       run->version.tag.buf, run->digest.buf);
		return 0;
	}
	if (!was_published)
		return refuse_to_replace(run, "by somebody else meanwhile", err);
	if (run->repository.is_immutable)
		return refuse_to_replace(run, "and the repository is immutable", err);
	if (is_deployed(run, &is_live, err) < 0)
		return -1;
	if (is_live)
		return refuse_to_replace(run, "and deployed", err);
	report_warning(run->pipeline->report,
		       "%s was %s, built from the same commit: it is replaced",
		       run->version.tag.buf, run->digest.buf);
	return 0;
}

/*
 * What is there already is not pushed. Only where this run built the image anew can that be another
 * one than what is published.
 */
static int needs_push(struct run *run, bool *ret, struct error *err)
{
	bool was_published = run->is_published;
	bool is_same = false;

	*ret = true;
	if (!was_published && run_look_up_digest(run, err) < 0)
		return -1;
	if (!run->is_published)
		return 0;
	*ret = false;
	if (!run->is_built && !run->pipeline->rebuild)
		return 0;
	if (is_same_image(run, &is_same, err) < 0)
		return -1;
	if (is_same)
		return 0;
	*ret = true;
	return may_replace(run, was_published, err);
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
	if (registry_tag(&registry, name, run->digest.buf, tag, err) < 0) {
		if (!error_has_code(err, "TagIsImmutable"))
			return -1;
		error_release(err);
		report_warning(run->pipeline->report,
			       "tag %s stays at %s: the repository is immutable", tag,
			       now.len ? now.buf : "another image");
		return 0;
	}
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

static void tell_image(const struct run *run, bool is_new)
{
	struct report *report = run->pipeline->report;

	fact_tell(report, FACT_REPOSITORY, "%s", run->repository.uri.buf);
	fact_tell(report, FACT_DIGEST, "%s", run->digest.buf);
	if (is_new)
		fact_tell(report, FACT_PUBLISHED, "%s:%s", run->repository.uri.buf,
			  run->version.tag.buf);
}

/*
 * The image of an earlier commit, made from the same inputs, gets this one's tag too. Its labels
 * name the commit that it was built from, which is the truth.
 */
static int publish_tested(struct run *run, struct error *err)
{
	struct registry registry = run_registry(run);
	const char *digest = run->tested_digest.buf;

	if (registry_tag(&registry, run->repository_name.buf, digest, run->version.tag.buf, err) <
	    0)
		return -1;
	str_reset(&run->digest);
	str_adds(&run->digest, digest);
	report_result(run->pipeline->report, "%s:%s published: %s, the image of %s",
		      run->repository.uri.buf, run->version.tag.buf, digest, run->tested_tag.buf);
	tell_image(run, true);
	return move_tags(run, err);
}

/*
 * What was built and tested here is of the commit that stood here when the run began only if that
 * one stands here still (facts: G11). Changes of files are not looked for: tests may write reports.
 */
static int check_unmoved(const struct run *run, struct error *err)
{
	const struct revision *revision = &run->version.revision;
	CLEANUP(str_release) struct str id = STR_INIT;

	if (!run->is_built || !revision->id.len)
		return 0;
	if (revision_read_id(run->pipeline->config->dir, &id, err) < 0)
		return -1;
	if (strcmp(id.buf, revision->id.buf) == 0)
		return 0;
	error_set(err, ERROR_REFUSED,
		  "the checkout went from commit %s to %.*s while %s was built and tested: nobody "
		  "knows what is in its image",
		  revision->short_id.buf, (int)revision->short_id.len, id.buf,
		  run->version.tag.buf);
	return error_fix(err, "run it again: nothing was published; to work on meanwhile, release "
			      "from a checkout of its own (git worktree add)");
}

static int publish(struct run *run, struct error *err)
{
	const char *tag = run->version.tag.buf;
	bool is_needed = false;

	if (check_unmoved(run, err) < 0)
		return -1;
	if (run->tested_tag.len)
		return publish_tested(run, err);
	if (run_create_repository(run, err) < 0)
		return -1;
	if (run->pipeline->source) {
		if (run_promote(run, &is_needed, err) < 0)
			return -1;
	} else if (needs_push(run, &is_needed, err) < 0 || (is_needed && push(run, err) < 0)) {
		return -1;
	}
	report_result(run->pipeline->report, "%s:%s %s: %s", run->repository.uri.buf, tag,
		      is_needed ? "published" : "is there already", run->digest.buf);
	tell_image(run, is_needed);
	return move_tags(run, err);
}

/* The login may be older than the tests took: once more with a new one. What arrived stays there.
 */
static int publish_with_login(struct run *run, struct error *err)
{
	if (publish(run, err) == 0)
		return 0;
	if (!error_has_code(err, "ExpiredToken") && !error_has_code(err, "NoCredentials"))
		return -1;
	report_note(run->pipeline->report, "the registry's login is no longer taken: a new one");
	error_release(err);
	if (run_authorize(run, err) < 0)
		return -1;
	return publish(run, err);
}

/* What was sent may have arrived before the signal: the registry says what stands. */
static void tell_interrupted(struct run *run, int signum)
{
	CLEANUP(error_release) struct error unseen = ERROR_INIT;

	interrupt_tell(run->pipeline->report, "the push");
	interrupt_clear();
	if (run_look_up_digest(run, &unseen) == 0 && run->is_published)
		tell_image(run, true);
	interrupt_renew(signum);
}

int stage_publish(struct run *run, struct error *err)
{
	bool was_published = run->is_published;

	if (publish_with_login(run, err) == 0) {
		run_remember_tested(run);
		return 0;
	}
	if (err->kind == ERROR_SIGNAL && !was_published)
		tell_interrupted(run, err->signal);
	if (err->kind == ERROR_REMOTE || err->kind == ERROR_NETWORK || err->kind == ERROR_CHILD)
		error_become(err, ERROR_PUBLISH);
	/* Neither success nor failure may be claimed. */
	if (err->kind == ERROR_PUBLISH && error_has_code(err, "Unseen"))
		error_become(err, ERROR_OUTCOME);
	return -1;
}
