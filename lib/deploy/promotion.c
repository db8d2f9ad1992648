#include "deploy/promotion.h"

#include "base/cleanup.h"
#include "deploy/record.h"
#include "deploy/run.h"
#include "docker/registry_copy.h"
#include "stack/rollout_check.h"
#include "stack/status.h"

#include <string.h>

void promotion_release(struct promotion *promotion)
{
	ecr_authorization_release(&promotion->authorization);
	str_release(&promotion->environment);
	str_release(&promotion->repository_name);
	str_release(&promotion->version);
	str_release(&promotion->digest);
}

/* ---- the source ---- */

/* A version that ECS has rolled back behind CloudFormation's success runs nowhere. */
static int check_services(const struct pipeline *source, const struct cfn_stack *stack,
			  struct error *err)
{
	CLEANUP(rolled_back_service_release)
	struct rolled_back_service service = ROLLED_BACK_SERVICE_INIT;

	if (strcmp(config_text(source->config, CONFIG_ECS_VERIFY), "false") == 0)
		return 0;
	if (rollout_check_find_rolled_back(source->client, stack->id.buf, &service, err) < 0) {
		if (err->kind != ERROR_AUTH)
			return -1;
		report_warning(source->report,
			       "stack '%s': whether ECS runs its version may not be seen (%s)",
			       stack->name.buf, err->msg.buf);
		error_release(err);
		return 0;
	}
	if (!service.name.len)
		return 0;
	error_set(err, ERROR_REFUSED, "stack '%s': %s: %s", stack->name.buf, service.name.buf,
		  service.reason.buf);
	return error_fix(err, "mend the cause and deploy there first, or name the version with "
			      "--tag");
}

/* What runs there; a version that was rolled back, or is only being tried, is none to promote. */
static int find_live(const struct pipeline *source, struct str *ret, struct error *err)
{
	const struct config *config = source->config;
	const char *name = config_text(config, CONFIG_STACK_NAME);
	const char *key = config_text(config, CONFIG_STACK_TAG_PARAMETER);
	CLEANUP(cfn_stack_release) struct cfn_stack stack = CFN_STACK_INIT;
	const struct cfn_parameter *found;

	if (cfn_describe_stack(source->client, name, &stack, err) < 0) {
		if (error_has_code(err, "StackNotFound"))
			error_become(err, ERROR_REFUSED);
		return error_fix(err, "deploy there first, or name the version with --tag");
	}
	if (stack_status_verdict(stack.status.buf) != VERDICT_DONE) {
		error_set(err, ERROR_REFUSED, "stack '%s' is in %s", name, stack.status.buf);
		return error_fix(err, "wait for it or repair it, or name the version with --tag");
	}
	found = cfn_parameters_find(&stack.parameters, key);
	if (!found || !*found->value) {
		error_set(err, ERROR_REFUSED, "stack '%s' has no parameter '%s'", name, key);
		return error_fix(err, "name its parameter as stack.tag_parameter in deployer.yml, "
				      "or the version with --tag");
	}
	str_adds(ret, found->value);
	return check_services(source, &stack, err);
}

/* As a run that only logs in finds it, account guard included. */
static int find_image(const struct pipeline *source, struct promotion *promotion, struct error *err)
{
	struct pipeline login = *source;
	CLEANUP(run_release) struct run run = run_of(&login);

	for (int i = 0; i < STAGE_COUNT; i++)
		login.stages[i] = i == STAGE_LOGIN;
	str_adds(&run.version.tag, promotion->version.buf);
	if (preflight(&run, err) < 0)
		return -1;
	if (!run.is_published) {
		error_set(err, ERROR_REFUSED, "the registry has no image of %s",
			  promotion->version.buf);
		return error_fix(err, "name a version that it has: 'deployer rollback' lists them");
	}
	promotion->authorization = run.authorization;
	run.authorization = (struct ecr_authorization)ECR_AUTHORIZATION_INIT;
	str_adds(&promotion->repository_name, run.repository_name.buf);
	str_adds(&promotion->digest, run.digest.buf);
	return 0;
}

static int find(const struct pipeline *source, const char *version, struct promotion *promotion,
		struct error *err)
{
	if (version)
		str_adds(&promotion->version, version);
	else if (find_live(source, &promotion->version, err) < 0)
		return -1;
	return find_image(source, promotion, err);
}

int promotion_find(const struct pipeline *source, const char *version, struct promotion *ret,
		   struct error *err)
{
	CLEANUP(promotion_release) struct promotion promotion = PROMOTION_INIT;
	const char *environment = source->config->environment;

	promotion.http = source->http;
	str_adds(&promotion.environment, environment ? environment : "");
	if (find(source, version, &promotion, err) < 0)
		return error_wrap(err, "environment %s", promotion.environment.buf);
	*ret = promotion;
	promotion = (struct promotion)PROMOTION_INIT;
	return 0;
}

/* ---- the target ---- */

static int copy(struct run *run, struct error *err)
{
	const struct promotion *source = run->pipeline->source;
	const struct registry from = {
		.http = source->http,
		.url = source->authorization.proxy_endpoint.buf,
		.username = source->authorization.username.buf,
		.password = &source->authorization.password,
	};
	const struct registry to = run_registry(run);
	const struct registry_copy what = {
		.from = &from,
		.from_name = source->repository_name.buf,
		.to = &to,
		.to_name = run->repository_name.buf,
		.report = run->pipeline->report,
	};

	if (registry_copy(&what, source->digest.buf, run->version.tag.buf, err) < 0)
		return -1;
	str_reset(&run->digest);
	str_adds(&run->digest, source->digest.buf);
	run->is_published = true;
	return 0;
}

int run_promote(struct run *run, bool *ret_copied, struct error *err)
{
	const struct promotion *source = run->pipeline->source;

	*ret_copied = false;
	fact_tell(run->pipeline->report, FACT_SOURCE, "from %s", source->environment.buf);
	if (!run->is_published && run_look_up_digest(run, err) < 0)
		return -1;
	*ret_copied = !run->is_published;
	if (*ret_copied && copy(run, err) < 0)
		return -1;
	if (strcmp(run->digest.buf, source->digest.buf) == 0)
		return 0;
	error_set(err, ERROR_PUBLISH, "%s:%s is %s, but %s in environment %s",
		  run->repository.uri.buf, run->version.tag.buf, run->digest.buf,
		  source->digest.buf, source->environment.buf);
	return error_fix(err, "it was built twice: release a new commit there, and promote that");
}
